//! Secrets of clients: how one is made, what is kept of it, and what was signed with one.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::Provider;
use crate::entropy::{ClientId, Entropy, SecretHash};
use crate::protocol::client::{Client, KeptSecret, SealedSecret};
use crate::protocol::jose::{JoseError, MacAlg, verify_mac};
use crate::store::seal::{Purpose, Sealer};

/// 256 random bits in letters and digits.
pub(super) const SECRET: usize = 43;
/// One that signs is as long as the longest hash (RFC 7518, 3.2).
const SIGNING_SECRET: usize = 64;

/// A secret that is not of one client's kind: tokens that stand for a client.
pub fn new_client_secret(entropy: &Entropy) -> String {
    entropy.alphanumeric(SECRET)
}

/// Gives a client that has one a new secret, and answers with it: to be shown once. `sealer` is only
/// needed for one that signs with its secret; without it such a client has none.
pub fn give_secret(
    client: &mut Client,
    sealer: Option<&Sealer>,
    entropy: &Entropy,
) -> Option<String> {
    if !client.has_secret() {
        return None;
    }
    let (secret, kept) = new_secret(client, sealer, entropy);
    client.keep_secret(kept);
    Some(secret)
}

/// A new secret for a client, and what is to be kept of it.
pub fn new_secret(
    client: &Client,
    sealer: Option<&Sealer>,
    entropy: &Entropy,
) -> (String, KeptSecret) {
    let signs = client.signs_with_secret();
    let secret = entropy.alphanumeric(if signs { SIGNING_SECRET } else { SECRET });
    let kept = kept_secret(client, &secret, sealer);
    (secret, kept)
}

/// What is kept of a secret. The seal is the same for the same secret, so that a start finds a
/// declared client as it was.
fn kept_secret(client: &Client, secret: &str, sealer: Option<&Sealer>) -> KeptSecret {
    let sealer = sealer.filter(|_| client.signs_with_secret());
    KeptSecret {
        hash: SecretHash::of_text(secret),
        sealed: sealer.map(|sealer| {
            let name = client.client_id.as_str().as_bytes();
            SealedSecret::new(sealer.seal_same(Purpose::ClientSecret, name, secret.as_bytes()))
        }),
    }
}

/// Why a MAC is not a client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SecretError {
    /// It was sealed by another master key, or for another client.
    #[error("the client's secret does not open with this master key; give it a new one")]
    Sealed,
    /// The token.
    #[error("{0}")]
    Token(#[from] JoseError),
}

impl Provider {
    /// Has a client keep a secret that somebody else chose: the configuration file.
    pub fn keep_secret(&self, client: &mut Client, secret: &str) {
        let kept = kept_secret(client, secret, Some(&self.sealer));
        client.keep_secret(kept);
    }

    /// The claims of what this client signed with its secret, or with the one before it while that
    /// is taken, by `alg` if one is demanded. Issuer, audience, time and repetition are the
    /// caller's to judge.
    pub(super) fn verify_by_secret(
        &self,
        client: &Client,
        token: &str,
        alg: Option<MacAlg>,
    ) -> Result<Map<String, Value>, SecretError> {
        let now = self.clock.now();
        let previous = client.previous_secret.as_ref();
        let previous = previous.filter(|previous| now < previous.expires);
        let sealed = client
            .sealed_secret
            .iter()
            .chain(previous.and_then(|previous| previous.sealed.as_ref()));
        let opened = sealed.filter_map(|sealed| self.opened(&client.client_id, sealed));
        let secrets: Vec<_> = opened.collect();
        if secrets.is_empty() {
            return Err(SecretError::Sealed);
        }
        Ok(verify_mac(token, &secrets, alg)?)
    }

    fn opened(&self, client: &ClientId, sealed: &SealedSecret) -> Option<Zeroizing<Vec<u8>>> {
        let (purpose, name) = (Purpose::ClientSecret, client.as_str().as_bytes());
        let opened = self.sealer.open(purpose, name, sealed.as_bytes());
        opened.map(Zeroizing::new)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::client_metadata;

    fn client(id: &str, method: &str) -> Client {
        let metadata = json!({
            "redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": method,
            "jwks_uri": (method == "private_key_jwt").then_some("https://a.example/jwks"),
        });
        client_metadata::parse(&metadata, ClientId::new(id)).unwrap()
    }

    #[test]
    fn only_who_signs_with_it_has_its_secret_sealed_and_for_itself_alone() {
        let (sealer, entropy) = (Sealer::new(&[1; 32], &[]), Entropy::seeded(1));
        for (method, length, sealed) in [
            ("none", 0, false),
            ("private_key_jwt", 0, false),
            ("client_secret_basic", SECRET, false),
            ("client_secret_post", SECRET, false),
            ("client_secret_jwt", SIGNING_SECRET, true),
        ] {
            let mut client = client("a", method);
            let secret = give_secret(&mut client, Some(&sealer), &entropy);
            let secret = secret.unwrap_or_default();
            assert_eq!(secret.len(), length, "{method}");
            assert_eq!(client.secret_hash.is_some(), length > 0, "{method}");
            assert_eq!(client.sealed_secret.is_some(), sealed, "{method}");
            assert!(!format!("{client:?}").contains(&secret) || secret.is_empty());
            if let Some(sealed) = &client.sealed_secret {
                let open = |id: &[u8]| sealer.open(Purpose::ClientSecret, id, sealed.as_bytes());
                assert_eq!(open(b"a").as_deref(), Some(secret.as_bytes()));
                assert_eq!(open(b"b"), None);
            }
        }
    }

    #[test]
    fn the_same_secret_is_kept_the_same_way() {
        let sealer = Sealer::new(&[1; 32], &[]);
        let kept = |id| kept_secret(&client(id, "client_secret_jwt"), "chosen", Some(&sealer));
        assert_eq!(kept("a"), kept("a"));
        assert_ne!(kept("a").sealed, kept("b").sealed);
    }
}
