//! The `aud` claim: one audience is a string, several are an array (RFC 7519, 4.1.3).

use serde::Serialize;
use serde_json::Value;

/// As it is written.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Audience<'a> {
    One(&'a str),
    Several(&'a [String]),
}

impl<'a> From<&'a [String]> for Audience<'a> {
    fn from(audience: &'a [String]) -> Self {
        match audience {
            [one] => Self::One(one),
            several => Self::Several(several),
        }
    }
}

/// As it is read: at least one, all of them strings.
pub(super) fn read(aud: &Value) -> Option<Vec<String>> {
    match aud {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(several) if !several.is_empty() => several
            .iter()
            .map(|one| one.as_str().map(ToOwned::to_owned))
            .collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_audience_is_refused() {
        for aud in [
            json!(null),
            json!(7),
            json!({}),
            json!([]),
            json!(["a", 1]),
            json!([["a"]]),
        ] {
            assert_eq!(read(&aud), None, "{aud}");
        }
    }

    #[test]
    fn one_is_a_string_and_several_are_an_array() {
        let cases: [(&[&str], Value); 2] = [(&["a"], json!("a")), (&["a", "b"], json!(["a", "b"]))];
        for (audience, aud) in cases {
            let audience: Vec<String> = audience.iter().map(|&one| one.to_owned()).collect();
            let written = serde_json::to_value(Audience::from(audience.as_slice())).unwrap();
            assert_eq!(written, aud);
            assert_eq!(read(&aud), Some(audience));
        }
        assert_eq!(read(&json!(["a"])), Some(vec!["a".to_owned()]));
    }
}
