//! The hot documents: their names under a root, and how they are sealed.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Provider;
use crate::clock::Timestamp;
use crate::entropy::{ClientId, CodeId, GrantId, Root, Sid, TokenId};
use crate::protocol::claims_request::ClaimsWanted;
use crate::protocol::jose::Thumbprint;
use crate::protocol::pkce::Challenge;
use crate::store::codec;
use crate::store::hot::{Effect, Name, Slot};
use crate::store::seal::Purpose;

/// The session itself.
pub(super) fn session() -> Name {
    Name("s".to_owned())
}

/// A client's part in the session.
pub(super) fn participant(client: &ClientId) -> Name {
    Name(format!("p:{client}"))
}

/// The tombstone of a client's ended part.
pub(super) fn ended_participant(sid: &Sid) -> Name {
    Name(format!("x:{sid}"))
}

/// A grant.
pub(super) fn grant(id: &GrantId) -> Name {
    Name(format!("g:{}", id.encode()))
}

/// An authorization code.
pub(super) fn code(id: &CodeId) -> Name {
    Name(format!("c:{}", id.encode()))
}

/// The mark of a revoked access token.
pub(super) fn revoked_token(id: &TokenId) -> Name {
    Name(format!("j:{}", id.encode()))
}

/// The mark of an assertion that was used, under a root of its own.
pub(super) fn used_assertion() -> Name {
    Name("a".to_owned())
}

/// The mark of a proof that was used, under a root of its own.
pub(super) fn used_proof() -> Name {
    Name("k".to_owned())
}

/// An interaction, under a root of its own.
pub(super) fn interaction() -> Name {
    Name("i".to_owned())
}

/// A request that arrived by POST without the session cookie, under a root of its own.
pub(super) fn stored_request() -> Name {
    Name("q".to_owned())
}

/// A pushed request, under a root of its own.
pub(super) fn pushed_request() -> Name {
    Name("u".to_owned())
}

/// A device that waits for its person, under a root of its own.
pub(super) fn device() -> Name {
    Name("d".to_owned())
}

/// An `offline_access` grant under its own root, with its position likewise.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub(super) struct OfflineDocument {
    pub(super) grant: crate::session::grant::Grant,
    pub(super) position: i64,
}

/// What a code stands for, until it is redeemed: then the grant that it yielded says so, as soon
/// as that is there.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub(super) struct CodeDocument {
    pub(super) client: ClientId,
    pub(super) redirect_uri: String,
    pub(super) redirect_uri_given: bool,
    pub(super) challenge: Option<Challenge>,
    /// The only key that redeems it (RFC 9449, 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dpop_jkt: Option<Thumbprint>,
    pub(super) nonce: Option<String>,
    pub(super) scope: Vec<String>,
    pub(super) resources: Vec<String>,
    #[serde(default, skip_serializing_if = "ClaimsWanted::is_empty")]
    pub(super) claims: ClaimsWanted,
    pub(super) sid: Sid,
    pub(super) auth_time: Timestamp,
    pub(super) acr: String,
    pub(super) amr: Vec<String>,
    pub(super) expires: Timestamp,
    /// It was used, and its `offline_access` grant may be on its way to SQL.
    #[serde(default)]
    pub(super) redeemed: bool,
}

impl Provider {
    /// A put of a sealed document. Its place is authenticated with it, so that a document moved
    /// elsewhere in the store does not open.
    pub(super) fn put<T: Serialize>(
        &self,
        root: &Root,
        name: Name,
        document: &T,
        expires: Timestamp,
    ) -> Effect {
        let bytes = self.sealer.seal(
            Purpose::Document,
            &place(root, &name),
            &codec::encode(document),
            &self.entropy,
        );
        Effect::Put {
            name,
            bytes,
            expires,
        }
    }

    /// Opens what a slot holds, with its version. An unreadable document counts as none.
    pub(super) fn document<T: DeserializeOwned>(
        &self,
        root: &Root,
        name: &Name,
        slot: Option<&Slot>,
    ) -> Option<(T, u64)> {
        let Some(Slot::Found { version, bytes }) = slot else {
            return None;
        };
        let plain = self
            .sealer
            .open(Purpose::Document, &place(root, name), bytes)?;
        Some((codec::decode(&plain)?, *version))
    }
}

fn place(root: &Root, name: &Name) -> Vec<u8> {
    [root.as_bytes().as_slice(), name.0.as_bytes()].concat()
}
