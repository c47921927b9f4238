//! Assertions by which clients authenticate (RFC 7523): signature, claims, and that each is taken
//! once.

use serde_json::{Map, Value};

use super::Provider;
use super::documents;
use super::trouble::Trouble;
use super::used_once::Use;
use crate::entropy::{ClientId, Root, sha256};
use crate::protocol::assertion_alg::AssertionAlg;
use crate::protocol::client::{AuthMethod, Client};
use crate::protocol::client_assertion::{self, Accepted, Expect};
use crate::protocol::discovery::paths;

/// Why an assertion proves nothing; for the log.
pub(super) type Refused = String;

impl Provider {
    /// Whether the assertion proves that it comes from this client, at this moment and for the
    /// first time.
    pub(super) async fn check_assertion(
        &self,
        client: &Client,
        assertion: &str,
    ) -> Result<Result<(), Refused>, Trouble> {
        let claims = match self.verified(client, assertion).await {
            Ok(claims) => claims,
            Err(why) => return Ok(Err(why)),
        };
        let issuer = &self.settings.issuer;
        let endpoint = format!("{issuer}{}", paths::TOKEN);
        let expect = Expect {
            client_id: &client.client_id,
            issuer,
            token_endpoint: (!client.require_issuer_audience).then_some(&endpoint),
            now: self.clock.now(),
        };
        let accepted = match client_assertion::judge(&claims, expect) {
            Ok(accepted) => accepted,
            Err(failure) => return Ok(Err(failure.to_string())),
        };
        self.first_use(&client.client_id, &accepted).await
    }

    /// The claims of an assertion that this client signed in the way that it is registered for: the
    /// method alone says whether by a key or by the secret, never the assertion (RFC 8725, 2.1).
    async fn verified(
        &self,
        client: &Client,
        assertion: &str,
    ) -> Result<Map<String, Value>, Refused> {
        let alg = client.token_endpoint_auth_signing_alg;
        match (client.token_endpoint_auth_method, alg) {
            (AuthMethod::PrivateKeyJwt, None | Some(AssertionAlg::Key(_))) => {
                let alg = alg.and_then(AssertionAlg::of_key);
                let claims = self.verify_by_client(client, assertion, alg).await;
                claims.map_err(|error| error.to_string())
            }
            (AuthMethod::ClientSecretJwt, None | Some(AssertionAlg::Secret(_))) => {
                let alg = alg.and_then(AssertionAlg::of_secret);
                let claims = self.verify_by_secret(client, assertion, alg);
                claims.map_err(|error| error.to_string())
            }
            _ => Err("the client is registered for another method".to_owned()),
        }
    }

    async fn first_use(
        &self,
        client: &ClientId,
        accepted: &Accepted,
    ) -> Result<Result<(), Refused>, Trouble> {
        let root = assertion_root(client, &accepted.jti);
        let mark = (&root, documents::used_assertion());
        let used = self.use_once(&self.shares.used_assertions, mark, accepted.expires);
        Ok(match used.await? {
            Use::First => Ok(()),
            Use::Another => Err("the assertion was used before".to_owned()),
            Use::Unknown => Err("the assertion may have been used before".to_owned()),
        })
    }
}

/// Of one `jti` of one client: ids of different clients never meet.
fn assertion_root(client: &ClientId, jti: &str) -> Root {
    let named = format!("assertion {} {client} {jti}", client.as_str().len());
    let [head @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = sha256(named.as_bytes());
    Root::from_bytes(head)
}
