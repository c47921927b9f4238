//! A stored password hash, read from its PHC string: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::buffers::Buffers;
use super::parameters::Parameters;

/// Length of new salts: 128 bits (RFC 9106, 3.1).
pub(super) const SALT_BYTES: usize = 16;
/// Length of new hashes: 256 bits.
pub(super) const HASH_BYTES: usize = 32;

/// A hash that asks for more memory than this is not one of ours, and would exhaust the machine.
const MAX_MEMORY_KIB: u32 = 1024 * 1024;
/// Likewise for time.
const MAX_ITERATIONS: u32 = 64;

/// Everything needed to check a password against a stored hash.
#[derive(Clone, Debug)]
pub(super) struct StoredPassword {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Salt,
    hash: Output,
}

impl StoredPassword {
    /// From the record. `None` for what cannot be read or would cost too much.
    pub(super) fn parse(phc: &str) -> Option<Self> {
        let parsed = PasswordHash::new(phc).ok()?;
        let params = Params::try_from(&parsed).ok()?;
        if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_ITERATIONS {
            return None;
        }
        Some(Self {
            algorithm: Algorithm::try_from(parsed.algorithm.as_str()).ok()?,
            version: Version::try_from(parsed.version?).ok()?,
            params,
            salt: parsed.salt?,
            hash: parsed.hash?,
        })
    }

    /// The hash of a password under today's parameters.
    pub(super) fn make(
        password: &[u8],
        salt: &[u8],
        params: Params,
        buffers: &Buffers,
    ) -> argon2::password_hash::Result<Self> {
        let salt = Salt::new(salt)?;
        let algorithm = Algorithm::Argon2id;
        let version = Version::V0x13;
        let argon2 = Argon2::new(algorithm, version, params.clone());
        let hash = compute(&argon2, password, &salt, buffers)?;
        Ok(Self {
            algorithm,
            version,
            params,
            hash: Output::new(&hash)?,
            salt,
        })
    }

    /// A hash that no password is known to have, at the price of a true one.
    pub(super) fn nobody(
        salt: &[u8],
        hash: &[u8],
        params: Params,
    ) -> argon2::password_hash::Result<Self> {
        Ok(Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params,
            salt: Salt::new(salt)?,
            hash: Output::new(hash)?,
        })
    }

    /// Whether it is the hash of this password; compared in constant time.
    pub(super) fn matches(&self, password: &[u8], buffers: &Buffers) -> bool {
        let argon2 = Argon2::new(self.algorithm, self.version, self.params.clone());
        compute(&argon2, password, &self.salt, buffers)
            .is_ok_and(|hash| hash.ct_eq(self.hash.as_bytes()).into())
    }

    /// Whether it is cheaper to guess than what is made today.
    pub(super) fn is_below(&self, today: Parameters) -> bool {
        self.algorithm != Algorithm::Argon2id
            || self.version != Version::V0x13
            || self.params.m_cost() < today.memory_kib
            || self.params.t_cost() < today.iterations
            || self.params.p_cost() < today.parallelism
            || self.salt.len() < SALT_BYTES
            || self.hash.len() < HASH_BYTES
    }

    /// Its PHC string.
    pub(super) fn to_phc(&self) -> argon2::password_hash::Result<String> {
        let phc = PasswordHash {
            algorithm: self.algorithm.ident(),
            version: Some(self.version.into()),
            params: ParamsString::try_from(&self.params)?,
            salt: Some(self.salt),
            hash: Some(self.hash),
        };
        Ok(phc.to_string())
    }
}

fn compute(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    buffers: &Buffers,
) -> argon2::Result<Zeroizing<Vec<u8>>> {
    let length = argon2.params().output_len().unwrap_or(HASH_BYTES);
    let mut hash = Zeroizing::new(vec![0; length]);
    let mut lent = buffers.lend(argon2.params().block_count());
    argon2.hash_password_into_with_memory(password, salt, &mut hash, lent.memory())?;
    Ok(hash)
}
