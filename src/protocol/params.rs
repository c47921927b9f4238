//! The parameters of a request (RFC 6749, 3.1 and 3.2): decoded, in order, bounded.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// Most bytes of one request, encoded and decoded alike.
pub const MAX_BYTES: usize = 16 * 1024;
/// Most pairs of one request.
pub const MAX_PAIRS: usize = 64;
/// Most pairs of a form or page of ours that lists many things.
pub const MAX_LISTED: usize = 512;
/// Most bytes of one decoded value: room for an `id_token_hint`.
pub const MAX_VALUE: usize = 8 * 1024;

/// Every parameter that has a meaning here and may be given once (RFC 6749, 3.1). `resource` may
/// repeat (RFC 8707, 2). Others are ignored, however often they come.
const ONCE: &[&str] = &[
    "acr_values",
    "claims",
    "claims_locales",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "display",
    "dpop_jkt",
    "grant_type",
    "id_token_hint",
    "login_hint",
    "logout_hint",
    "max_age",
    "nonce",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "refresh_token",
    "registration",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "token",
    "token_type_hint",
    "ui_locales",
    "user_code",
];

/// Decoded pairs in the order in which they came.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(Vec<(String, String)>);

/// Why a request is not read: nothing of it may be trusted then, not even whither to redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// More than [`MAX_BYTES`].
    #[error("the request is longer than 16 KiB")]
    TooLong,
    /// More than [`MAX_PAIRS`], or [`MAX_LISTED`].
    #[error("the request has too many parameters")]
    TooMany,
    /// More than [`MAX_VALUE`].
    #[error("a parameter is longer than 8 KiB")]
    ValueTooLong,
    /// U+0000, which no parameter can mean (RFC 6749, appendix A) and no database can hold.
    #[error("a parameter holds a NUL character")]
    Nul,
}

impl Params {
    /// Reads a query or a form body (`application/x-www-form-urlencoded`).
    pub fn parse(text: &str) -> Result<Self, ParamsError> {
        if text.len() > MAX_BYTES {
            return Err(ParamsError::TooLong);
        }
        Self::from_pairs(form_urlencoded::parse(text.as_bytes()))
    }

    /// The same for pages of ours that list many things: up to [`MAX_LISTED`] pairs. They say
    /// themselves what they do not understand.
    pub fn parse_list(text: &str) -> Result<Self, ParamsError> {
        if text.len() > MAX_BYTES {
            return Err(ParamsError::TooLong);
        }
        Self::within(form_urlencoded::parse(text.as_bytes()), MAX_LISTED)
    }

    /// From pairs that are decoded already, under the same bounds.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Result<Self, ParamsError>
    where
        K: Into<String>,
        V: Into<String>,
    {
        let params = Self::within(pairs, MAX_PAIRS)?;
        let nul = |text: &str| text.contains('\0');
        if params.iter().any(|(name, value)| nul(name) || nul(value)) {
            return Err(ParamsError::Nul);
        }
        Ok(params)
    }

    fn within<K, V>(
        pairs: impl IntoIterator<Item = (K, V)>,
        most: usize,
    ) -> Result<Self, ParamsError>
    where
        K: Into<String>,
        V: Into<String>,
    {
        let mut kept = Vec::new();
        let mut bytes = 0_usize;
        for (name, value) in pairs {
            let (name, value) = (name.into(), value.into());
            bytes = bytes.saturating_add(name.len()).saturating_add(value.len());
            if bytes > MAX_BYTES {
                return Err(ParamsError::TooLong);
            }
            if value.len() > MAX_VALUE {
                return Err(ParamsError::ValueTooLong);
            }
            if kept.len() == most {
                return Err(ParamsError::TooMany);
            }
            kept.push((name, value));
        }
        Ok(Self(kept))
    }

    /// Whether `name` has a meaning at any endpoint.
    pub fn knows(name: &str) -> bool {
        name == "resource" || ONCE.contains(&name)
    }

    /// Without these.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first value of `name`. An empty one counts as absent (RFC 6749, 3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Every value of `name` that is not empty.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.values(name).collect()
    }

    /// Whether `name` has more than one value.
    pub fn is_repeated(&self, name: &str) -> bool {
        self.values(name).nth(1).is_some()
    }

    /// A parameter of the protocol that was given twice. Two readers of such a request may each
    /// pick another value, so it is refused (RFC 6749, 3.1).
    pub fn duplicate(&self) -> Option<&'static str> {
        ONCE.iter().copied().find(|name| self.is_repeated(name))
    }

    /// All pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Encoded again. Escapes may make it longer than [`MAX_BYTES`].
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.iter())
            .finish()
    }

    fn values<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.iter()
            .filter(move |&(given, value)| given == name && !value.is_empty())
            .map(|(_, value)| value)
    }
}

/// Names only: values may be secrets, codes or tokens.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Params")?;
        f.debug_list()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bounds_hold() {
        let many = "a=b&".repeat(MAX_PAIRS + 1);
        let cases = [
            ("a".repeat(MAX_BYTES + 1), Err(ParamsError::TooLong)),
            (many, Err(ParamsError::TooMany)),
            (
                format!("a={}", "b".repeat(MAX_VALUE + 1)),
                Err(ParamsError::ValueTooLong),
            ),
            (format!("a={}", "b".repeat(MAX_VALUE)), Ok(())),
            ("a=b&".repeat(MAX_PAIRS), Ok(())),
            ("&".repeat(MAX_BYTES), Ok(())),
        ];
        for (text, expected) in cases {
            assert_eq!(Params::parse(&text).map(drop), expected);
        }
        let listed = "a=b&".repeat(MAX_LISTED);
        assert_eq!(Params::parse_list(&listed).map(drop), Ok(()));
        let more = format!("{listed}a=b");
        assert_eq!(Params::parse_list(&more), Err(ParamsError::TooMany));
        for nul in ["client_id=a%00b", "a%00b=c", "state=%00"] {
            assert_eq!(Params::parse(nul), Err(ParamsError::Nul), "{nul}");
        }
        let decoded = [("a", "b".repeat(MAX_VALUE)), ("c", "d".repeat(MAX_VALUE))];
        assert_eq!(Params::from_pairs(decoded), Err(ParamsError::TooLong));
    }

    #[test]
    fn duplicates_of_the_protocol_are_seen_and_others_are_not() {
        let cases = [
            ("state=a&state=b", Some("state")),
            ("client_id=a&x=1&client_id=a", Some("client_id")),
            ("st%61te=a&state=b", Some("state")),
            ("state=&state=b", None),
            ("resource=urn:a&resource=urn:b", None),
            ("utm=1&utm=2", None),
            ("State=a&state=b", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(Params::parse(text).unwrap().duplicate(), expected, "{text}");
        }
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        let params = Params::parse("a=&a=1&a=2&b=&c&d=%20+x").unwrap();
        assert_eq!(params.get("a"), Some("1"));
        assert_eq!(params.all("a"), ["1", "2"]);
        assert_eq!(params.get("b"), None);
        assert_eq!(params.get("c"), None);
        assert_eq!(params.get("d"), Some("  x"));
    }

    #[test]
    fn values_do_not_show() {
        let params = Params::parse("client_secret=hush").unwrap();
        assert_eq!(format!("{params:?}"), r#"Params["client_secret"]"#);
    }

    proptest! {
        #[test]
        fn encoding_goes_round(pairs in prop::collection::vec(("[^\x00]{0,12}", "[^\x00]{0,24}"), 0..20)) {
            let params = Params::from_pairs(pairs).unwrap();
            prop_assert_eq!(Params::parse(&params.to_query()).unwrap(), params);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[%&=+a-f0-9]{0,200}") {
            if let Ok(params) = Params::parse(&text) {
                prop_assert!(params.iter().count() <= MAX_PAIRS);
            }
        }

        #[test]
        fn a_name_of_the_protocol_is_seen_when_it_repeats_wherever_it_stands(
            name in prop::sample::select(ONCE.to_vec()),
            others in prop::collection::vec(("x[a-z]{0,6}", "[a-z]{0,6}"), 0..10),
            places in any::<(prop::sample::Index, prop::sample::Index)>(),
            values in ("[a-z]{1,6}", "[a-z]{0,6}"),
        ) {
            let mut pairs = others;
            pairs.insert(places.0.index(pairs.len() + 1), (name.to_owned(), values.0.clone()));
            prop_assert_eq!(Params::from_pairs(pairs.clone()).unwrap().duplicate(), None);
            pairs.insert(places.1.index(pairs.len() + 1), (name.to_owned(), values.1.clone()));
            let params = Params::from_pairs(pairs).unwrap();
            let twice = !values.1.is_empty();
            prop_assert_eq!(params.duplicate(), twice.then_some(name));
            prop_assert_eq!(params.is_repeated(name), twice);
        }
    }
}
