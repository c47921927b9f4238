//! What a client may say of its own authorization requests: how they come, and who signs them.

use serde::{Deserialize, Serialize};

use super::jose::JwsAlg;

/// The names of the members.
pub const MEMBERS: [&str; 4] = [
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "request_object_signing_alg",
    "request_uris",
];

/// `alg` of what nobody signed (RFC 7518, 3.6).
const UNSIGNED: &str = "none";

/// Stored with the client, as members of its metadata. All may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientRequests {
    /// Its requests come by the pushed request endpoint, or not at all (RFC 9126, 6).
    #[serde(skip_serializing_if = "is_off")]
    pub require_pushed_authorization_requests: bool,
    /// Its requests are signed, or refused (RFC 9101, 10.5).
    #[serde(skip_serializing_if = "is_off")]
    pub require_signed_request_object: bool,
    /// The only algorithm of its request objects (Registration 1.0, 2); absent: any that signs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<ObjectAlg>,
    /// Where its request objects may lie (Registration 1.0, 2), compared character by character.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
}

/// How request objects are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum ObjectAlg {
    /// By nobody: taken only where the house allows it.
    Unsigned,
    /// By one of the client's keys.
    Signed(JwsAlg),
}

impl From<ObjectAlg> for &'static str {
    fn from(alg: ObjectAlg) -> Self {
        match alg {
            ObjectAlg::Unsigned => UNSIGNED,
            ObjectAlg::Signed(alg) => alg.as_str(),
        }
    }
}

impl TryFrom<String> for ObjectAlg {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == UNSIGNED {
            return Ok(Self::Unsigned);
        }
        JwsAlg::parse(&text).map(Self::Signed).ok_or_else(|| {
            let words = JwsAlg::ALL.map(JwsAlg::as_str).join(", ");
            format!("is none of {words} and {UNSIGNED}")
        })
    }
}

// By reference, as serde demands.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_off(switch: &bool) -> bool {
    !switch
}
