//! Passwords: argon2id (RFC 9106), verified as typed.
//!
//! Blocking: a hash takes tens of milliseconds. Callers run it off the server's threads, behind a
//! bounded queue with [`Hasher::permits`] places, and count the attempt (`throttle`) before it.

use std::fmt;

use argon2::Params;

use super::buffers::Buffers;
pub use super::parameters::Parameters;
use super::stored_password::{HASH_BYTES, SALT_BYTES, StoredPassword};
use crate::entropy::Entropy;

/// Longer input is refused before it costs anything.
pub const MAX_PASSWORD_BYTES: usize = 4096;

/// What a password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The right one.
    Match {
        /// The stored hash is below today's parameters: replace it while the password is at hand.
        rehash: bool,
    },
    /// Not the right one, or nothing that could be.
    Mismatch,
}

/// Why no hash could be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Over [`MAX_PASSWORD_BYTES`].
    #[error("the password is longer than {MAX_PASSWORD_BYTES} bytes")]
    TooLong,
    /// The parameters are outside of what argon2 takes.
    #[error("argon2 does not take these parameters: {0}")]
    Parameters(String),
}

/// Makes and checks password hashes in a fixed amount of memory.
pub struct Hasher {
    parameters: Parameters,
    params: Params,
    buffers: Buffers,
    nobody: StoredPassword,
}

impl Hasher {
    /// A hasher that runs at most `permits` hashes at once; further callers block.
    pub fn new(
        parameters: Parameters,
        permits: usize,
        entropy: &Entropy,
    ) -> Result<Self, HashError> {
        let Parameters {
            memory_kib,
            iterations,
            parallelism,
        } = parameters;
        let params = Params::new(memory_kib, iterations, parallelism, Some(HASH_BYTES))
            .map_err(|error| HashError::Parameters(error.to_string()))?;
        let nobody = StoredPassword::nobody(
            &entropy.bytes::<SALT_BYTES>(),
            &entropy.bytes::<HASH_BYTES>(),
            params.clone(),
        )
        .map_err(|error| HashError::Parameters(error.to_string()))?;
        let buffers = Buffers::new(params.block_count(), permits);
        Ok(Self {
            parameters,
            params,
            buffers,
            nobody,
        })
    }

    /// How many hashes may run at once.
    pub const fn permits(&self) -> usize {
        self.buffers.limit()
    }

    /// The PHC string to store for a new password.
    pub fn hash(&self, password: &[u8], entropy: &Entropy) -> Result<String, HashError> {
        if password.len() > MAX_PASSWORD_BYTES {
            return Err(HashError::TooLong);
        }
        let salt = entropy.bytes::<SALT_BYTES>();
        StoredPassword::make(password, &salt, self.params.clone(), &self.buffers)
            .and_then(|stored| stored.to_phc())
            .map_err(|error| HashError::Parameters(error.to_string()))
    }

    /// Checks a password as typed: nothing trimmed, folded or cut (ASVS 5.0, 6.2.8).
    ///
    /// A hash that cannot be read costs as much as one that does not match.
    pub fn verify(&self, password: &[u8], phc: &str) -> Verdict {
        let Some(stored) = StoredPassword::parse(phc) else {
            return self.verify_nobody(password);
        };
        if password.len() > MAX_PASSWORD_BYTES || !stored.matches(password, &self.buffers) {
            return Verdict::Mismatch;
        }
        Verdict::Match {
            rehash: stored.is_below(self.parameters),
        }
    }

    /// What to do for a name that nobody has, or a person without a password: the same work, so
    /// that the time of the answer does not tell which names exist.
    pub fn verify_nobody(&self, password: &[u8]) -> Verdict {
        if password.len() <= MAX_PASSWORD_BYTES {
            let _ = self.nobody.matches(password, &self.buffers);
        }
        Verdict::Mismatch
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("parameters", &self.parameters)
            .field("buffers", &self.buffers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Parameters = Parameters {
        memory_kib: 32,
        iterations: 2,
        parallelism: 1,
    };

    fn hasher(parameters: Parameters) -> Hasher {
        Hasher::new(parameters, 2, &Entropy::seeded(1)).unwrap()
    }

    fn stored(parameters: Parameters, password: &[u8]) -> String {
        hasher(parameters).hash(password, &Entropy::System).unwrap()
    }

    #[test]
    fn parameters_that_argon2_refuses_are_an_error() {
        for (memory_kib, iterations, parallelism) in [(7, 2, 1), (32, 0, 1), (32, 2, 0), (32, 2, 5)]
        {
            let parameters = Parameters {
                memory_kib,
                iterations,
                parallelism,
            };
            let made = Hasher::new(parameters, 1, &Entropy::System);
            assert!(
                matches!(made, Err(HashError::Parameters(_))),
                "{parameters:?}"
            );
        }
    }

    #[test]
    fn only_the_very_bytes_match() {
        let hasher = hasher(CHEAP);
        let phc = stored(CHEAP, " Pass wörd ".as_bytes());
        for typed in [
            "",
            "Pass wörd",
            " Pass wörd",
            " pass wörd ",
            " Pass wörd \0",
            " Pass word ",
        ] {
            assert_eq!(
                hasher.verify(typed.as_bytes(), &phc),
                Verdict::Mismatch,
                "{typed:?}"
            );
        }
        let right = hasher.verify(" Pass wörd ".as_bytes(), &phc);
        assert_eq!(right, Verdict::Match { rehash: false });
    }

    #[test]
    fn what_is_too_long_is_refused_without_a_hash() {
        let hasher = hasher(CHEAP);
        let longest = vec![b'x'; MAX_PASSWORD_BYTES];
        let longer = vec![b'x'; MAX_PASSWORD_BYTES + 1];
        assert_eq!(
            hasher.hash(&longer, &Entropy::System),
            Err(HashError::TooLong)
        );
        let phc = stored(CHEAP, &longest);
        assert_eq!(hasher.verify(&longer, &phc), Verdict::Mismatch);
        assert_eq!(
            hasher.verify(&longest, &phc),
            Verdict::Match { rehash: false }
        );
        assert_eq!(hasher.verify_nobody(&longer), Verdict::Mismatch);
    }

    #[test]
    fn what_cannot_be_read_is_a_mismatch() {
        let hasher = hasher(CHEAP);
        let good = stored(CHEAP, b"right");
        let cut = good.rsplit_once('$').unwrap().0;
        for phc in [
            "",
            "right",
            cut,
            &good.replace("argon2id", "scrypt"),
            &good.replace("$v=19", "$v=20"),
            &good.replace("$v=19", ""),
            &good.replace("m=32", "m=4294967295"),
            &good.replace("m=32", "m=1048577"),
            &good.replace("t=2", "t=4000000"),
        ] {
            assert_eq!(hasher.verify(b"right", phc), Verdict::Mismatch, "{phc}");
        }
    }

    #[test]
    fn nobody_has_any_password() {
        let hasher = hasher(CHEAP);
        for typed in ["", "password", "x"] {
            assert_eq!(hasher.verify_nobody(typed.as_bytes()), Verdict::Mismatch);
        }
    }

    #[test]
    fn a_hash_is_replaced_when_the_parameters_have_risen() {
        let raised = [
            Parameters {
                memory_kib: 64,
                ..CHEAP
            },
            Parameters {
                iterations: 3,
                ..CHEAP
            },
            Parameters {
                parallelism: 2,
                ..CHEAP
            },
        ];
        let old = stored(CHEAP, b"right");
        for today in raised {
            let verdict = hasher(today).verify(b"right", &old);
            assert_eq!(verdict, Verdict::Match { rehash: true }, "{today:?}");
            // And after they were lowered again it stays, and can still be checked.
            let verdict = hasher(CHEAP).verify(b"right", &stored(today, b"right"));
            assert_eq!(verdict, Verdict::Match { rehash: false }, "{today:?}");
        }
    }

    #[test]
    fn hashes_of_others_are_taken_over() {
        // A vector of the reference implementation: "password", salt "somesalt".
        let phc = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$\
                   nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        let hasher = hasher(CHEAP);
        assert_eq!(
            hasher.verify(b"password", phc),
            Verdict::Match { rehash: true }
        );
        assert_eq!(hasher.verify(b"Password", phc), Verdict::Mismatch);
    }

    #[test]
    fn the_default_is_written_into_the_hash_and_salts_differ() {
        let (one, two) = (stored(Parameters::default(), b"x"), stored(CHEAP, b"x"));
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(two, stored(CHEAP, b"x"));
    }

    #[test]
    fn threads_share_the_buffers() {
        let hasher = hasher(CHEAP);
        let phc = stored(CHEAP, b"right");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let verdict = hasher.verify(b"right", &phc);
                    assert_eq!(verdict, Verdict::Match { rehash: false });
                });
            }
        });
    }
}
