//! Assertions by which clients authenticate (RFC 7523): signature, claims, and that each is taken
//! once.

use serde_json::{Map, Value};

use super::Provider;
use super::documents;
use super::trouble::Trouble;
use crate::entropy::{ClientId, Root, sha256};
use crate::protocol::assertion_alg::AssertionAlg;
use crate::protocol::client::{AuthMethod, Client};
use crate::protocol::client_assertion::{self, Accepted, Expect};
use crate::protocol::discovery::paths;
use crate::store::hot::{Check, Outcome};

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
        Ok(if self.first_use(&client.client_id, &accepted).await? {
            Ok(())
        } else {
            Err("the assertion was used before".to_owned())
        })
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

    /// Marks an assertion as used. Of several at once, on whatever nodes, one is the first.
    async fn first_use(&self, client: &ClientId, accepted: &Accepted) -> Result<bool, Trouble> {
        let root = assertion_root(client, &accepted.jti);
        let name = documents::used_assertion();
        let mark = self.put(&root, name.clone(), &true, accepted.expires);
        let checks = vec![Check::Absent(name)];
        let outcome = self.commit(&root, checks, vec![mark]).await?;
        Ok(outcome == Outcome::Committed)
    }
}

/// Of one `jti` of one client: ids of different clients never meet.
fn assertion_root(client: &ClientId, jti: &str) -> Root {
    let named = format!("assertion {} {client} {jti}", client.as_str().len());
    let [head @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = sha256(named.as_bytes());
    Root::from_bytes(head)
}
