//! What one house allows its clients: for which algorithms it has keys, and how long tokens may
//! live at most.

use std::time::Duration;

use super::access_token;
use super::client::Client;
use super::client_rules::MetadataError;
use super::signing_alg::SigningAlg;

/// The bounds, of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// There are keys for these.
    pub algs: Vec<SigningAlg>,
    /// The longest life of an access or ID token.
    pub token_lifetime: Duration,
    /// The longest that a grant may go unused.
    pub refresh_idle: Duration,
    /// The longest life of a grant.
    pub refresh_lifetime: Duration,
}

impl Default for Bounds {
    /// The widest, with the keys that every house has.
    fn default() -> Self {
        Self {
            algs: SigningAlg::ALWAYS.to_vec(),
            token_lifetime: access_token::LONGEST,
            refresh_idle: Duration::MAX,
            refresh_lifetime: Duration::MAX,
        }
    }
}

impl Bounds {
    /// Judges a client that is made or changed. One that was made under wider bounds goes on, cut
    /// down to these.
    pub fn check(&self, client: &Client) -> Result<(), MetadataError> {
        let tokens = &client.tokens;
        self.check_alg(
            "id_token_signed_response_alg",
            client.id_token_signed_response_alg,
        )?;
        for (member, alg) in [
            (
                "userinfo_signed_response_alg",
                tokens.userinfo_signed_response_alg,
            ),
            (
                "introspection_signed_response_alg",
                tokens.introspection_signed_response_alg,
            ),
        ] {
            if let Some(alg) = alg {
                self.check_alg(member, alg)?;
            }
        }
        let token = (self.token_lifetime, "tokens.max_lifetime");
        let idle = (self.refresh_idle, "grants.offline_idle_timeout");
        let lifetime = (self.refresh_lifetime, "grants.offline_lifetime");
        for (member, given, (most, setting)) in [
            ("access_token_lifetime", tokens.access_token_lifetime, token),
            ("id_token_lifetime", tokens.id_token_lifetime, token),
            (
                "refresh_token_idle_timeout",
                tokens.refresh_token_idle_timeout,
                idle,
            ),
            (
                "refresh_token_lifetime",
                tokens.refresh_token_lifetime,
                lifetime,
            ),
        ] {
            if given.is_some_and(|seconds| Duration::from_secs(seconds) > most) {
                let most = most.as_secs();
                return Err(MetadataError::new(
                    member,
                    format!("is longer than {setting} allows"),
                    format!("write {most} or less, or raise {setting}"),
                ));
            }
        }
        Ok(())
    }

    fn check_alg(&self, member: &str, alg: SigningAlg) -> Result<(), MetadataError> {
        if self.algs.contains(&alg) {
            return Ok(());
        }
        let known: Vec<&str> = self.algs.iter().map(|alg| alg.as_str()).collect();
        let alg = alg.as_str();
        Err(MetadataError::new(
            member,
            format!("is {alg}, for which this installation has no key"),
            format!(
                "write one of {}, or add {alg} to keys.extra_algorithms",
                known.join(", ")
            ),
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::client_metadata;
    use super::*;
    use crate::entropy::ClientId;

    fn judged(member: &str, value: &Value) -> Result<(), MetadataError> {
        let bounds = Bounds {
            refresh_idle: Duration::from_secs(100),
            refresh_lifetime: Duration::from_secs(200),
            ..Bounds::default()
        };
        let metadata = json!({ "redirect_uris": ["https://a.example/cb"], member: value });
        bounds.check(&client_metadata::parse(&metadata, ClientId::new("a")).unwrap())
    }

    #[test]
    fn what_goes_beyond_is_refused_with_the_setting_that_bounds_it() {
        for (member, at_most, setting) in [
            ("access_token_lifetime", 3_600, "tokens.max_lifetime"),
            ("id_token_lifetime", 3_600, "tokens.max_lifetime"),
            (
                "refresh_token_idle_timeout",
                100,
                "grants.offline_idle_timeout",
            ),
            ("refresh_token_lifetime", 200, "grants.offline_lifetime"),
        ] {
            assert_eq!(judged(member, &json!(at_most)), Ok(()));
            let error = judged(member, &json!(at_most + 1)).unwrap_err();
            assert_eq!(error.member, member);
            assert!(error.remedy.contains(setting), "{error}");
        }
        for member in [
            "id_token_signed_response_alg",
            "userinfo_signed_response_alg",
            "introspection_signed_response_alg",
        ] {
            assert_eq!(judged(member, &json!("ES256")), Ok(()));
            let error = judged(member, &json!("PS256")).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "{member}: is PS256, for which this installation has no key; write one of \
                     RS256, ES256, or add PS256 to keys.extra_algorithms"
                )
            );
        }
    }
}
