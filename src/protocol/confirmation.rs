//! The `cnf` claim (RFC 7800, 3; RFC 9449, 6.1): the key that a token is bound to.

use serde::Serialize;
use serde_json::{Map, Value};

use super::jose::Thumbprint;

/// As it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Confirmation {
    jkt: Thumbprint,
}

impl Confirmation {
    pub(super) const fn of(jkt: Thumbprint) -> Self {
        Self { jkt }
    }
}

/// A binding that is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unknown;

/// As it is read. Of another kind of binding, none may be made: the token would be taken without
/// its proof.
pub(super) fn read(claims: &Map<String, Value>) -> Result<Option<Thumbprint>, Unknown> {
    let Some(cnf) = claims.get("cnf") else {
        return Ok(None);
    };
    let jkt = cnf.get("jkt").and_then(Value::as_str).ok_or(Unknown)?;
    Thumbprint::parse(jkt).map(Some).map_err(|_| Unknown)
}
