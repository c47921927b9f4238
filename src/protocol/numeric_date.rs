//! `NumericDate` (RFC 7519, 2): seconds since 1970, perhaps with a fraction.

use serde_json::Value;

use crate::clock::Timestamp;

/// Seconds beyond which no date is meant.
const LAST_SECOND: f64 = 1e11;

/// The moment that a claim names, cut to whole seconds.
pub(super) fn read(value: &Value) -> Option<Timestamp> {
    let seconds = value
        .as_f64()
        .filter(|seconds| seconds.abs() < LAST_SECOND)?;
    #[expect(clippy::cast_possible_truncation, reason = "its bounds were looked at")]
    let seconds = seconds.floor() as i64;
    Some(Timestamp::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_dates_and_nothing_else_is() {
        assert_eq!(
            read(&json!(1_700_000_000)),
            Some(Timestamp::from_secs(1_700_000_000))
        );
        assert_eq!(read(&json!(1.9)), Some(Timestamp::from_secs(1)));
        for value in [
            json!("1700000000"),
            json!(null),
            json!([1]),
            json!(1e300),
            json!(-1e300),
        ] {
            assert_eq!(read(&value), None, "{value}");
        }
    }
}
