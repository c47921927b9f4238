//! The `claims` parameter (`OpenID` Connect Core 1.0, 5.5): single claims that a client asks for,
//! in userinfo or in the ID token, perhaps with values.
//!
//! Nothing is told that the person would not be asked about: each claim counts as the scope that
//! opens it. What is not known, or not for this client, is left out and no error (5.5.1).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::depth::deeper;
use super::error::{ErrorCode, ProtocolError};

/// Deepest JSON: the members of a claim's request, and arrays in them.
const DEEPEST: usize = 5;
/// Most claims of one kind, and most values of one claim.
const MOST: usize = 64;

/// One claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Its name.
    #[serde(rename = "c")]
    pub claim: String,
    /// The values with which it is wanted, or not at all; empty: any.
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

/// The claims by where they are told. What the protocol itself says (`acr`, `sub`) stands apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimsWanted {
    /// By the userinfo endpoint.
    #[serde(rename = "u", skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<Wanted>,
    /// In the ID token.
    #[serde(rename = "i", skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<Wanted>,
}

/// What the parameter says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimsRequest {
    /// The claims.
    pub wanted: ClaimsWanted,
    /// The only person for whom an answer is wanted, as the client knows them (5.5.1).
    pub subject: Option<String>,
    /// One of these `acr` values is essential (5.5.1.1).
    pub essential_acr: Vec<String>,
}

impl ClaimsWanted {
    /// Whether none is wanted.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// Every claim.
    pub fn all(&self) -> impl Iterator<Item = &Wanted> {
        self.userinfo.iter().chain(&self.id_token)
    }

    /// Those that may be told.
    #[must_use]
    pub fn only(mut self, may_be_told: impl Fn(&str) -> bool) -> Self {
        self.userinfo.retain(|wanted| may_be_told(&wanted.claim));
        self.id_token.retain(|wanted| may_be_told(&wanted.claim));
        self
    }
}

impl Wanted {
    /// Whether the claim is wanted with this value.
    pub fn takes(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }
}

/// Reads the parameter.
pub fn parse(text: &str) -> Result<ClaimsRequest, ProtocolError> {
    let value: Value = serde_json::from_str(text).map_err(|_| refuse("is no JSON"))?;
    if deeper(&value, DEEPEST) {
        return Err(refuse("is nested too deep"));
    }
    let Value::Object(members) = value else {
        return Err(refuse("is no JSON object"));
    };
    let userinfo = section(&members, "userinfo")?;
    let id_token = section(&members, "id_token")?;
    let subject = subject(&userinfo)?.or(subject(&id_token)?);
    Ok(ClaimsRequest {
        subject,
        essential_acr: essential_acr(&id_token)?,
        wanted: ClaimsWanted {
            userinfo: wanted(&userinfo)?,
            id_token: wanted(&id_token)?,
        },
    })
}

fn section(members: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, ProtocolError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(claims)) if claims.len() <= MOST => Ok(claims.clone()),
        Some(Value::Object(_)) => Err(refuse("asks for too many claims")),
        Some(_) => Err(refuse("has a member that is no JSON object")),
    }
}

/// Each claim is null or an object (5.5.1).
fn wanted(claims: &Map<String, Value>) -> Result<Vec<Wanted>, ProtocolError> {
    let read = |(claim, request): (&String, &Value)| {
        Ok(Wanted {
            claim: claim.clone(),
            values: values(request)?,
        })
    };
    claims.iter().map(read).collect()
}

fn values(request: &Value) -> Result<Vec<Value>, ProtocolError> {
    let request = match request {
        Value::Null => return Ok(Vec::new()),
        Value::Object(request) => request,
        _ => {
            return Err(refuse(
                "asks for a claim by something else than null or an object",
            ));
        }
    };
    let essential = request.get("essential");
    if essential.is_some_and(|essential| !essential.is_boolean()) {
        return Err(refuse("has an essential that is neither true nor false"));
    }
    match (request.get("value"), request.get("values")) {
        (Some(value), None) => Ok(vec![value.clone()]),
        (None, Some(Value::Array(values))) if values.len() <= MOST => Ok(values.clone()),
        (None, None) => Ok(Vec::new()),
        (Some(_), Some(_)) => Err(refuse("has both value and values for one claim")),
        (None, Some(_)) => Err(refuse("has values that are no array, or too many")),
    }
}

fn subject(claims: &Map<String, Value>) -> Result<Option<String>, ProtocolError> {
    let Some(request) = claims.get("sub") else {
        return Ok(None);
    };
    match values(request)?.as_slice() {
        [] => Ok(None),
        [Value::String(subject)] => Ok(Some(subject.clone())),
        _ => Err(refuse("asks for a sub that is not one text")),
    }
}

fn essential_acr(claims: &Map<String, Value>) -> Result<Vec<String>, ProtocolError> {
    let Some(request) = claims.get("acr") else {
        return Ok(Vec::new());
    };
    let values = values(request)?;
    if request.get("essential") != Some(&Value::Bool(true)) {
        return Ok(Vec::new());
    }
    let texts = values.iter().filter_map(Value::as_str);
    Ok(texts.map(str::to_owned).collect())
}

fn refuse(problem: &str) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidRequest, format!("claims {problem}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_claims_request_is_refused() {
        let many: Map<String, Value> = (0..65).map(|n| (format!("c{n}"), json!(null))).collect();
        for text in [
            "",
            "{",
            "[]",
            "null",
            "\"a\"",
            r#"{"id_token":[]}"#,
            r#"{"userinfo":"email"}"#,
            r#"{"userinfo":{"email":true}}"#,
            r#"{"userinfo":{"email":{"essential":"yes"}}}"#,
            r#"{"userinfo":{"email":{"value":1,"values":[1]}}}"#,
            r#"{"userinfo":{"email":{"values":"a"}}}"#,
            r#"{"id_token":{"sub":{"values":["a","b"]}}}"#,
            r#"{"id_token":{"sub":{"value":7}}}"#,
            r#"{"a":[[[[[[1]]]]]]}"#,
            &json!({ "userinfo": many }).to_string(),
            &"[".repeat(8_000),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest, "{text}");
        }
    }

    #[test]
    fn what_is_asked_for_is_read() {
        let request = parse(
            r#"{"userinfo":{"given_name":{"essential":true},"nickname":null,"vendor":{"x":1}},
            "id_token":{"auth_time":{"essential":true},"sub":{"value":"u_a"},
            "email":{"values":["a@x","b@x"]},"acr":{"essential":true,"values":["one","two"]}},
            "unknown":7}"#,
        )
        .unwrap();
        let names = |wanted: &[Wanted]| {
            let mut names: Vec<_> = wanted.iter().map(|one| one.claim.clone()).collect();
            names.sort_unstable();
            names
        };
        assert_eq!(
            names(&request.wanted.userinfo),
            ["given_name", "nickname", "vendor"]
        );
        assert_eq!(
            names(&request.wanted.id_token),
            ["acr", "auth_time", "email", "sub"]
        );
        assert_eq!(request.subject.as_deref(), Some("u_a"));
        assert_eq!(request.essential_acr, ["one", "two"]);
        let all: Vec<_> = request.wanted.all().collect();
        let email = all.iter().find(|one| one.claim == "email").unwrap();
        assert!(email.takes(&json!("b@x")) && !email.takes(&json!("c@x")));
        let only = request.wanted.only(|claim| claim == "email");
        assert_eq!((only.userinfo.len(), only.id_token.len()), (0, 1));
    }

    #[test]
    fn a_voluntary_acr_is_no_demand() {
        for text in [
            "{}",
            r#"{"userinfo":null}"#,
            r#"{"id_token":{"acr":null}}"#,
            r#"{"id_token":{"acr":{"values":["one"]}}}"#,
            r#"{"userinfo":{"acr":{"essential":true,"value":"one"}}}"#,
        ] {
            let request = parse(text).unwrap();
            assert_eq!(request.essential_acr, [""; 0], "{text}");
            assert_eq!(request.subject, None);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_is_wanted_is_stored_whole(
            names in prop::collection::btree_set("[a-z_]{1,12}", 0..10),
            value in "[ -~]{0,10}",
        ) {
            let claims: Map<String, Value> = names
                .iter()
                .filter(|name| *name != "sub")
                .map(|name| (name.clone(), json!({ "value": value })))
                .collect();
            let request = parse(&json!({ "userinfo": claims }).to_string()).unwrap();
            prop_assert_eq!(request.wanted.userinfo.len(), claims.len());
            let stored = serde_json::to_string(&request.wanted).unwrap();
            let back: ClaimsWanted = serde_json::from_str(&stored).unwrap();
            prop_assert_eq!(back, request.wanted);
        }
    }
}
