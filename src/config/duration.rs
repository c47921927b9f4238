//! Durations as people write them: a whole number and a unit.

use std::time::Duration;

/// The units and their milliseconds, the largest first.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// How to write one that is at least so long.
pub(super) const fn remedy(least: Duration) -> &'static str {
    if takes_fractions(least) {
        "Write a number and a unit: 250ms, 2s."
    } else {
        "Write a number and a unit: 45s, 30m, 2h, 14d."
    }
}

/// Reads `45s`, `30m`, `2h`, `14d`; and `250ms`, where the least that a key takes is less than a
/// second. Elsewhere what is kept are whole seconds, and a fraction would be lost unseen.
pub(super) fn parse(text: &str, least: Duration) -> Option<Duration> {
    let duration = UNITS
        .iter()
        .find_map(|(unit, size)| number(text.strip_suffix(unit)?)?.checked_mul(*size))
        .map(Duration::from_millis)?;
    (takes_fractions(least) || duration.subsec_millis() == 0).then_some(duration)
}

/// Reads a duration of whole seconds, such as `45s`, `30m`, `2h`, `14d`.
pub fn parse_whole(text: &str) -> Option<Duration> {
    parse(text, Duration::from_secs(1))
}

const fn takes_fractions(least: Duration) -> bool {
    least.as_secs() == 0
}

/// `parse` alone would take a plus sign.
fn number(text: &str) -> Option<u64> {
    let text = text.trim_end();
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// Writes whole milliseconds in the largest unit that fits.
pub(super) fn show(duration: Duration) -> String {
    let whole = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, size) = UNITS
        .into_iter()
        .find(|(_, size)| whole != 0 && whole.is_multiple_of(*size))
        .unwrap_or(("s", 1_000));
    format!("{}{unit}", whole / size)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_not_a_duration() {
        for text in [
            "",
            "m",
            "30",
            "30 minits",
            "minutes",
            "-5m",
            "+5m",
            "1.5h",
            "1h30m",
            "5 M",
            "５m",
            "500ms",
            "60500ms",
            "99999999999999999999s",
            "999999999999999999d",
        ] {
            assert_eq!(parse(text, SECOND), None, "{text:?}");
        }
        for text in ["ms", "0.5s", "250", "250 MS", "250msec", "-250ms"] {
            assert_eq!(parse(text, Duration::from_millis(20)), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_one() {
        for (text, seconds, shown) in [
            ("0s", 0, "0s"),
            ("45s", 45, "45s"),
            ("30m", 1_800, "30m"),
            ("30 m", 1_800, "30m"),
            ("120m", 7_200, "2h"),
            ("24h", 86_400, "1d"),
            ("14d", 1_209_600, "14d"),
        ] {
            let expected = Duration::from_secs(seconds);
            assert_eq!(parse(text, SECOND), Some(expected), "{text:?}");
            assert_eq!(show(expected), shown);
        }
    }

    #[test]
    fn fractions_of_a_second_where_they_make_sense() {
        for (text, millis, shown) in [
            ("20ms", 20, "20ms"),
            ("250 ms", 250, "250ms"),
            ("1500ms", 1_500, "1500ms"),
            ("2000ms", 2_000, "2s"),
            ("2s", 2_000, "2s"),
        ] {
            let expected = Duration::from_millis(millis);
            let found = parse(text, Duration::from_millis(20));
            assert_eq!(found, Some(expected), "{text:?}");
            assert_eq!(show(expected), shown);
        }
    }
}
