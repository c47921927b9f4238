//! The userinfo endpoint (Core 1.0, 5.3).

use serde_json::{Map, Value};

use super::Provider;
use super::bearer::BearerProblem;
use super::trouble::Trouble;
use crate::identity::user::User;
use crate::protocol::claims::{self, StandardClaims};

impl Provider {
    /// The claims that a token's scope opens, as they are now.
    pub async fn userinfo(
        &self,
        token: Option<&str>,
    ) -> Result<Result<Map<String, Value>, BearerProblem>, Trouble> {
        let Some(token) = token else {
            return Ok(Err(BearerProblem::Missing));
        };
        let Some(bearer) = self.bearer(token).await? else {
            return Ok(Err(BearerProblem::Invalid));
        };
        // A token made for another audience opens nothing here (RFC 9068, 4).
        if !bearer.token.audience.contains(&self.settings.issuer) {
            return Ok(Err(BearerProblem::Invalid));
        }
        if !bearer.token.scope.iter().any(|scope| scope == "openid") {
            return Ok(Err(BearerProblem::Insufficient));
        }
        if let Some(live) = &bearer.live {
            self.seen(live).await;
        }
        let mut told = told(&bearer.person, &bearer.token.scope);
        told.insert("sub".to_owned(), bearer.person.id.as_str().into());
        Ok(Ok(told))
    }
}

/// What may be told of a person under these scopes, beside who they are.
pub(super) fn told(person: &User, scope: &[String]) -> Map<String, Value> {
    let mut told = claims::userinfo(&person.id, &standard_claims(person), scope);
    told.remove("sub");
    told
}

fn standard_claims(person: &User) -> StandardClaims {
    let profile = person.profile.clone();
    StandardClaims {
        name: profile.name,
        given_name: profile.given_name,
        family_name: profile.family_name,
        middle_name: profile.middle_name,
        nickname: profile.nickname,
        profile: profile.profile,
        picture: profile.picture,
        website: profile.website,
        gender: profile.gender,
        birthdate: profile.birthdate,
        zoneinfo: profile.zoneinfo,
        locale: profile.locale,
        preferred_username: Some(person.username.clone()),
        email_verified: profile.email_verified,
        email: profile.email,
        updated_at: Some(person.updated),
    }
}
