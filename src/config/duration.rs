//! Durations as people write them: a whole number and a unit.

use std::time::Duration;

/// How to write one.
pub(super) const REMEDY: &str = "Write a number and a unit: 45s, 30m, 2h, 14d.";

const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Reads `45s`, `30m`, `2h`, `14d`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
    let number = text.strip_suffix(unit)?.trim_end();
    // `parse` alone would take a plus sign.
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    Some(Duration::from_secs(number.checked_mul(*seconds)?))
}

/// Writes whole seconds in the largest unit that fits.
pub(super) fn show(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, size) = UNITS
        .into_iter()
        .find(|(_, size)| seconds != 0 && seconds.is_multiple_of(*size))
        .unwrap_or(("s", 1));
    format!("{}{unit}", seconds / size)
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "99999999999999999999s",
            "999999999999999999d",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
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
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text:?}");
            assert_eq!(show(Duration::from_secs(seconds)), shown);
        }
    }
}
