//! The userinfo endpoint (Core 1.0, 5.3).

use serde_json::{Map, Value};

use super::Provider;
use super::bearer::BearerProblem;
use super::trouble::Trouble;
use crate::entropy::ClientId;
use crate::identity::user::{Address, User};
use crate::protocol::claims::{self, StandardClaims};
use crate::protocol::claims_request::Wanted;
use crate::protocol::custom_claims::CustomClaims;
use crate::protocol::signed_answer;

/// What the endpoint answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserInfo {
    /// JSON.
    Plain(Map<String, Value>),
    /// A JWT.
    Signed(String),
}

impl Provider {
    /// The claims that a token's scope opens, as they are now.
    pub async fn userinfo(
        &self,
        token: Option<&str>,
    ) -> Result<Result<UserInfo, BearerProblem>, Trouble> {
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
        let mut told = self.told_of(&bearer.person, &bearer.token.scope);
        told.extend(self.told_besides(&bearer.person, &bearer.grant.claims.userinfo));
        told.insert("sub".to_owned(), bearer.token.sub.as_str().into());
        self.as_registered(told, &bearer.token.client_id)
            .await
            .map(Ok)
    }

    /// What may be told of a person under these scopes, beside who they are.
    pub(super) fn told_of(&self, person: &User, scope: &[String]) -> Map<String, Value> {
        let claims = standard_claims(person, &self.settings.claims);
        let mut told = claims::userinfo(&person.id, &claims, scope);
        told.remove("sub");
        told
    }

    /// What may be told of a person of what was asked for claim by claim (Core 1.0, 5.5).
    pub(super) fn told_besides(&self, person: &User, wanted: &[Wanted]) -> Map<String, Value> {
        let own = &self.settings.claims;
        let scopes = wanted
            .iter()
            .filter_map(|one| claims::scope_of(&one.claim, own));
        let scopes: Vec<String> = scopes.map(str::to_owned).collect();
        let mut told = self.told_of(person, &scopes);
        told.retain(|claim, value| {
            let mut asked = wanted.iter().filter(|one| one.claim == *claim);
            asked.any(|one| one.takes(value))
        });
        told
    }

    /// Signed, if its client is registered so.
    async fn as_registered(
        &self,
        claims: Map<String, Value>,
        client: &ClientId,
    ) -> Result<UserInfo, Trouble> {
        let registered = self.client(client).await?;
        let alg = registered.and_then(|client| client.tokens.userinfo_signed_response_alg);
        let Some(alg) = alg else {
            return Ok(UserInfo::Plain(claims));
        };
        let key = self.signing_key(alg)?;
        signed_answer::userinfo(claims, &self.settings.issuer, client, &key)
            .map(UserInfo::Signed)
            .map_err(|error| Trouble::Internal(error.to_string()))
    }
}

fn standard_claims(person: &User, custom: &CustomClaims) -> StandardClaims {
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
        phone_number: profile.phone_number,
        phone_number_verified: profile.phone_number_verified,
        address: address(profile.address),
        groups: profile.groups,
        roles: profile.roles,
        custom: custom.told(&profile.attributes),
        updated_at: Some(person.updated),
    }
}

fn address(address: Address) -> Vec<(&'static str, String)> {
    let parts = [
        ("formatted", address.formatted),
        ("street_address", address.street_address),
        ("locality", address.locality),
        ("region", address.region),
        ("postal_code", address.postal_code),
        ("country", address.country),
    ];
    let parts = parts.into_iter();
    parts
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
}
