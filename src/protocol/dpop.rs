//! Proofs of possession (DPoP, RFC 9449): who asks shows that they hold the private key to which
//! their tokens are bound, so that a stolen token alone opens nothing.
//!
//! The rules of a proof (4.3) are here. That its nonce is ours, and that it comes for the first
//! time, is for [`crate::provider`] to find out.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use url::Url;

use super::jose::{self, JoseError, JwsAlg, Thumbprint};
use super::numeric_date;
use crate::clock::Timestamp;
use crate::entropy::sha256;

/// `typ` of the head (4.2): nothing else that was signed by the key passes for a proof.
pub const TYP: &str = "dpop+jwt";
/// How old a proof may be: so long each is remembered, that none is taken twice. Clocks of phones
/// and browsers are often some minutes slow; the nonce says more about the age.
pub const OLDEST: Duration = Duration::from_mins(5);
/// How far the client's clock may be ahead of ours.
pub const SKEW: Duration = Duration::from_secs(30);
/// Longest `jti`, in bytes.
const MAX_JTI: usize = 256;
/// Longest `htu`, in bytes.
const MAX_TARGET: usize = 2048;

/// The algorithms of proofs, for discovery and for challenges (5.1; 7.1).
pub const ALGS: [JwsAlg; 9] = JwsAlg::ALL;

/// The `DPoP` headers of a request. One proof alone may come (4.3): of two, nobody could say which
/// was meant.
#[derive(Clone, PartialEq, Eq)]
pub enum ProofHeader {
    /// None.
    Absent,
    /// One.
    One(String),
    /// Several, or one that is no text.
    Unusable,
}

impl ProofHeader {
    /// Of the lines that came; none for one that is no text.
    pub fn of<'a>(lines: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut lines = lines.into_iter();
        match (lines.next(), lines.next()) {
            (None, _) => Self::Absent,
            (Some(Some(only)), None) => Self::One(only.to_owned()),
            (Some(_), _) => Self::Unusable,
        }
    }
}

impl fmt::Debug for ProofHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "ProofHeader::Absent",
            Self::One(_) => "ProofHeader::One(…)",
            Self::Unusable => "ProofHeader::Unusable",
        })
    }
}

/// What a proof is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Expect<'a> {
    /// `htm`.
    pub method: &'a str,
    /// `htu`: the public address of the endpoint.
    pub target: &'a str,
    /// The access token beside it, if there is one: `ath`.
    pub access_token: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
}

/// A good proof. It must be taken once, and its nonce looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The key that its maker holds.
    pub key: Thumbprint,
    /// Its name among those of its key.
    pub jti: String,
    /// What it repeats of what the server gave.
    pub nonce: Option<String>,
    /// From when on it is refused for its age.
    pub expires: Timestamp,
}

/// Why a proof is refused: `invalid_dpop_proof` (5; 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofFlaw {
    /// There is none where one is demanded.
    #[error("a DPoP proof is missing: send one in the DPoP header")]
    Missing,
    /// Two headers, or one that is no text.
    #[error("send the DPoP header once, with one proof")]
    NotOne,
    /// `typ`.
    #[error("typ of the DPoP proof must be dpop+jwt")]
    Type,
    /// `alg`, or a key that is not for it.
    #[error("alg of the DPoP proof is none of dpop_signing_alg_values_supported, or not its key's")]
    Algorithm,
    /// `jwk` is absent, private, symmetric or of no kind that we know.
    #[error("jwk in the head of the DPoP proof must be one public key for signatures")]
    Key,
    /// `jku`, `x5u`, `x5c`, `crit`, ...
    #[error("the head of the DPoP proof has a member that is not taken: leave jku, x5c, crit out")]
    Head,
    /// The signature.
    #[error("the DPoP proof is not signed by the key in its head")]
    Signature,
    /// No JWT of JSON objects, or one that is too long or too deep.
    #[error("the DPoP proof is no JWT, or longer than 8 KiB")]
    Malformed,
    /// `jti`.
    #[error("jti of the DPoP proof must be a text of 1 to 256 bytes")]
    NoId,
    /// `htm`.
    #[error("htm of the DPoP proof is not the method of the request")]
    Method,
    /// `htu`.
    #[error("htu of the DPoP proof is not the address of this endpoint, as discovery names it")]
    Target,
    /// `iat` is no date.
    #[error("iat of the DPoP proof must be a number of seconds")]
    NoTime,
    /// Made too long ago.
    #[error("iat of the DPoP proof is more than 5 minutes ago: make one for each request")]
    TooOld,
    /// Made in the future.
    #[error("iat of the DPoP proof lies ahead: set the clock")]
    TooEarly,
    /// `ath`.
    #[error("ath of the DPoP proof is not the hash of the access token")]
    TokenHash,
    /// It was used before.
    #[error("the DPoP proof was used before: make one for each request")]
    Replayed,
}

impl ProofFlaw {
    /// All of them, for whoever counts.
    pub const ALL: [Self; 16] = [
        Self::Missing,
        Self::NotOne,
        Self::Type,
        Self::Algorithm,
        Self::Key,
        Self::Head,
        Self::Signature,
        Self::Malformed,
        Self::NoId,
        Self::Method,
        Self::Target,
        Self::NoTime,
        Self::TooOld,
        Self::TooEarly,
        Self::TokenHash,
        Self::Replayed,
    ];

    /// In one word, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotOne => "not_one",
            Self::Type => "typ",
            Self::Algorithm => "alg",
            Self::Key => "jwk",
            Self::Head => "head",
            Self::Signature => "signature",
            Self::Malformed => "malformed",
            Self::NoId => "jti",
            Self::Method => "htm",
            Self::Target => "htu",
            Self::NoTime | Self::TooOld | Self::TooEarly => "iat",
            Self::TokenHash => "ath",
            Self::Replayed => "replayed",
        }
    }
}

impl From<JoseError> for ProofFlaw {
    fn from(error: JoseError) -> Self {
        match error {
            JoseError::Type => Self::Type,
            JoseError::Algorithm => Self::Algorithm,
            JoseError::Key | JoseError::UnknownKey => Self::Key,
            JoseError::Critical | JoseError::OwnKey => Self::Head,
            JoseError::Signature => Self::Signature,
            JoseError::TooLong
            | JoseError::Malformed
            | JoseError::TooDeep
            | JoseError::ShortSecret
            | JoseError::Signing => Self::Malformed,
        }
    }
}

/// Reads and judges a proof (4.3).
pub fn read(proof: &str, expect: Expect<'_>) -> Result<Proof, ProofFlaw> {
    let (key, claims) = jose::verify_own(proof, TYP)?;
    let text = |name| claims.get(name).and_then(Value::as_str);
    if text("htm") != Some(expect.method) {
        return Err(ProofFlaw::Method);
    }
    if !text("htu").is_some_and(|target| is_target(target, expect.target)) {
        return Err(ProofFlaw::Target);
    }
    let expires = check_time(&claims, expect.now)?;
    if let Some(token) = expect.access_token
        && text("ath") != Some(token_hash(token).as_str())
    {
        return Err(ProofFlaw::TokenHash);
    }
    let jti = text("jti").filter(|jti| !jti.is_empty() && jti.len() <= MAX_JTI);
    Ok(Proof {
        key,
        jti: jti.ok_or(ProofFlaw::NoId)?.to_owned(),
        nonce: text("nonce").map(ToOwned::to_owned),
        expires,
    })
}

/// `ath` of an access token (4.2).
pub fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()))
}

/// Compared without query and fragment, after normalisation (4.3; RFC 3986, 6.2.2 and 6.2.3).
fn is_target(named: &str, own: &str) -> bool {
    // What parsers mend in silence is no address.
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    if named.len() > MAX_TARGET || !named.bytes().all(plain) || !named.contains("://") {
        return false;
    }
    let normal = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    let (named, own) = (normal(named), normal(own));
    named.is_some() && named == own
}

/// From when on it is too old.
fn check_time(claims: &Map<String, Value>, now: Timestamp) -> Result<Timestamp, ProofFlaw> {
    let made = claims.get("iat").and_then(numeric_date::read);
    let made = made.ok_or(ProofFlaw::NoTime)?;
    if made > now + SKEW {
        return Err(ProofFlaw::TooEarly);
    }
    let expires = made + OLDEST;
    if now >= expires {
        return Err(ProofFlaw::TooOld);
    }
    Ok(expires)
}

#[cfg(test)]
mod tests;
