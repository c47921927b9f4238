//! The userinfo endpoint (Core 1.0, 5.3).

use serde_json::{Map, Value};

use super::Provider;
use super::bearer::BearerProblem;
use super::dpop::{At, Shown};
use super::trouble::Trouble;
use crate::entropy::ClientId;
use crate::identity::user::{Address, User};
use crate::protocol::claims::{self, StandardClaims};
use crate::protocol::claims_request::Wanted;
use crate::protocol::custom_claims::CustomClaims;
use crate::protocol::discovery::paths;
use crate::protocol::dpop::{ProofFlaw, ProofHeader};
use crate::protocol::error::{ErrorCode, ProtocolError};
use crate::protocol::jose::Thumbprint;
use crate::protocol::signed_answer;
use crate::protocol::token_response::TokenType;

/// What the endpoint answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserInfo {
    /// JSON.
    Plain(Map<String, Value>),
    /// A JWT.
    Signed(String),
}

/// An access token, and how it was sent.
#[derive(Clone, Copy)]
pub struct Presentation<'a> {
    /// The token.
    pub token: &'a str,
    /// The scheme that it was sent under. A form can say none: it means `Bearer`.
    pub scheme: TokenType,
    /// What came beside it.
    pub proof: &'a ProofHeader,
    /// The method of the request.
    pub method: &'a str,
}

/// A refusal in the words of the scheme that was used.
fn refusal(scheme: TokenType, code: ErrorCode, words: &'static str) -> BearerProblem {
    match (scheme, code) {
        (TokenType::Dpop, _) => BearerProblem::Dpop(ProtocolError::new(code, words)),
        (TokenType::Bearer, ErrorCode::InsufficientScope) => BearerProblem::Insufficient,
        (TokenType::Bearer, _) => BearerProblem::Invalid,
    }
}

impl Provider {
    /// The claims that a token's scope opens, as they are now; and a nonce for the next proof, if
    /// one is due.
    pub async fn userinfo(
        &self,
        sent: Option<Presentation<'_>>,
    ) -> Result<Result<(UserInfo, Option<String>), BearerProblem>, Trouble> {
        let Some(sent) = sent else {
            return Ok(Err(BearerProblem::Missing));
        };
        let refuse = |code, words| Ok(Err(refusal(sent.scheme, code, words)));
        let words = "the access token is unknown, over, or not for this house";
        let Some(bearer) = self.bearer(sent.token).await? else {
            return refuse(ErrorCode::InvalidToken, words);
        };
        // A token made for another audience opens nothing here (RFC 9068, 4).
        if !bearer.token.audience.contains(&self.settings.issuer) {
            return refuse(ErrorCode::InvalidToken, words);
        }
        let shown = match self.shown_with(sent, bearer.token.key) {
            Ok(shown) => shown,
            Err(error) => return Ok(Err(BearerProblem::Dpop(error))),
        };
        if !bearer.token.scope.iter().any(|scope| scope == "openid") {
            return refuse(ErrorCode::InsufficientScope, "the scope openid is missing");
        }
        if let Some(shown) = &shown
            && let Err(error) = self.take_proof(shown).await?
        {
            return Ok(Err(BearerProblem::Dpop(error)));
        }
        if let Some(live) = &bearer.live {
            self.seen(live).await;
        }
        let mut told = self.told_of(&bearer.person, &bearer.token.scope);
        told.extend(self.told_besides(&bearer.person, &bearer.grant.claims.userinfo));
        told.insert("sub".to_owned(), bearer.token.sub.as_str().into());
        let info = self.as_registered(told, &bearer.token.client_id).await?;
        Ok(Ok((info, self.next_nonce(shown.as_ref()))))
    }

    /// The proof beside a token that is bound to a key (RFC 9449, 7.1). Sent without, the token may
    /// be stolen (7.2); and one that is bound to nothing is not made better by a proof.
    fn shown_with(
        &self,
        sent: Presentation<'_>,
        bound: Option<Thumbprint>,
    ) -> Result<Option<Shown>, ProtocolError> {
        let invalid = |words| self.another_key(ErrorCode::InvalidToken, words);
        let bound = match (sent.scheme, bound) {
            (TokenType::Bearer, None) => return Ok(None),
            (TokenType::Bearer, Some(_)) => {
                return Err(invalid(
                    "the access token is bound to a key: send it as DPoP, with a proof",
                ));
            }
            (TokenType::Dpop, None) => {
                return Err(invalid(
                    "the access token is bound to no key: send it as Bearer",
                ));
            }
            (TokenType::Dpop, Some(bound)) => bound,
        };
        let at = At {
            method: sent.method,
            path: paths::USERINFO,
            access_token: Some(sent.token),
        };
        let shown = self.read_proof(sent.proof, at)?;
        let shown = shown.ok_or_else(|| self.unproved(ProofFlaw::Missing))?;
        if shown.key() != bound {
            return Err(invalid("the access token is bound to another key"));
        }
        Ok(Some(shown))
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
