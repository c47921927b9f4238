//! Moments and spans in the words of the pages. Always in UTC, and said so: the server does not
//! know where its reader is.

use std::time::Duration;

use crate::clock::Timestamp;

/// A moment, for `<time>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// For machines: RFC 3339, UTC.
    pub datetime: String,
    /// For people.
    pub text: String,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A moment to the second: "14:05:02 UTC". For what has just happened.
pub fn moment(at: Timestamp) -> Moment {
    written(at, "%H:%M:%S UTC")
}

/// A moment to the second with its date: "2026-03-12 14:05:02 UTC". For lines to be passed on.
pub fn stamp(at: Timestamp) -> Moment {
    written(at, "%Y-%m-%d %H:%M:%S UTC")
}

/// A moment to the second, with its date if that is another one: "14:05:02 UTC", "4 February,
/// 17:40:11 UTC". For lists in which seconds tell.
pub fn to_the_second(at: Timestamp, now: Timestamp) -> Moment {
    let (then, today) = (calendar(at).date(), calendar(now).date());
    let format = if then == today {
        "%H:%M:%S UTC"
    } else if then.year() == today.year() {
        "%-d %B, %H:%M:%S UTC"
    } else {
        "%-d %B %Y, %H:%M:%S UTC"
    };
    written(at, format)
}

/// A moment as one would say it now: "today at 09:02 UTC", "on 4 February at 17:40 UTC".
pub fn on_day(at: Timestamp, now: Timestamp) -> Moment {
    let (then, today) = (calendar(at), calendar(now));
    let date = then.date();
    let format = if date == today.date() {
        "today at %H:%M UTC"
    } else if today.date().yesterday().is_ok_and(|day| day == date) {
        "yesterday at %H:%M UTC"
    } else if today.date().tomorrow().is_ok_and(|day| day == date) {
        "tomorrow at %H:%M UTC"
    } else if date.year() == today.year() {
        "on %-d %B at %H:%M UTC"
    } else {
        "on %-d %B %Y at %H:%M UTC"
    };
    written(at, format)
}

/// The time of day to the minute, of a list that says elsewhere that it is in UTC: "14:05".
pub fn of_day(at: Timestamp) -> String {
    calendar(at).strftime("%H:%M").to_string()
}

/// The first moment (UTC) of a day as a date field sends it: "2026-03-12".
pub fn day(text: &str) -> Option<Timestamp> {
    // The parser would take times and other forms too.
    let date: jiff::civil::Date = (text.len() == 10).then(|| text.parse().ok())??;
    let first = date.to_datetime(jiff::civil::Time::midnight());
    let first = jiff::tz::Offset::UTC.to_timestamp(first).ok()?;
    Some(Timestamp::from_millis(first.as_millisecond()))
}

/// How long ago: "just now", "12 minutes ago", "2 days ago". What lies ahead is "just now", as
/// clocks differ.
pub fn ago(now: Timestamp, then: Timestamp) -> String {
    let since = now.since(then);
    if since.as_secs() < MINUTE {
        "just now".to_owned()
    } else {
        format!("{} ago", span(since))
    }
}

/// A span in its largest whole unit, rounded down: "40 seconds", "2 hours", "30 days".
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..MINUTE => (seconds, "second"),
        MINUTE..HOUR => (seconds / MINUTE, "minute"),
        HOUR..DAY => (seconds / HOUR, "hour"),
        DAY.. => (seconds / DAY, "day"),
    };
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{ending}")
}

fn written(at: Timestamp, format: &str) -> Moment {
    let at = calendar(at);
    Moment {
        datetime: at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        text: at.strftime(format).to_string(),
    }
}

/// The date and time in UTC; moments beyond the calendar become the epoch.
fn calendar(at: Timestamp) -> jiff::civil::DateTime {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    jiff::tz::Offset::UTC.to_datetime(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-12 14:05:02 UTC.
    const NOW: Timestamp = Timestamp::from_secs(1_773_324_302);

    #[test]
    fn moments_beyond_the_calendar_do_no_harm() {
        for millis in [i64::MIN, i64::MAX] {
            assert_eq!(moment(Timestamp::from_millis(millis)).text, "00:00:00 UTC");
        }
    }

    #[test]
    fn moments_are_written_in_utc() {
        assert_eq!(
            moment(NOW),
            Moment {
                datetime: "2026-03-12T14:05:02Z".to_owned(),
                text: "14:05:02 UTC".to_owned()
            }
        );
        assert_eq!(stamp(NOW).text, "2026-03-12 14:05:02 UTC");
    }

    #[test]
    fn days_have_their_names() {
        for (before, expected) in [
            (0, "today at 14:05 UTC"),
            (14 * HOUR, "today at 00:05 UTC"),
            (15 * HOUR, "yesterday at 23:05 UTC"),
            (10 * DAY, "on 2 March at 14:05 UTC"),
            (72 * DAY, "on 30 December 2025 at 14:05 UTC"),
        ] {
            let at = NOW - Duration::from_secs(before);
            assert_eq!(on_day(at, NOW).text, expected);
        }
        let ahead = NOW + Duration::from_secs(DAY);
        assert_eq!(on_day(ahead, NOW).text, "tomorrow at 14:05 UTC");
    }

    #[test]
    fn days_are_read_as_date_fields_send_them() {
        assert_eq!(day("2026-03-12"), Some(Timestamp::from_secs(1_773_273_600)));
        assert_eq!(day("1970-01-01"), Some(Timestamp::from_secs(0)));
        for text in [
            "",
            "2026-02-30",
            "12 March",
            "2026-03-12T14:05",
            "20260312T1",
            "yesterday",
        ] {
            assert_eq!(day(text), None, "{text}");
        }
        assert_eq!(of_day(NOW), "14:05");
    }

    #[test]
    fn seconds_come_with_their_day() {
        for (before, expected) in [
            (0, "14:05:02 UTC"),
            (DAY, "11 March, 14:05:02 UTC"),
            (72 * DAY, "30 December 2025, 14:05:02 UTC"),
        ] {
            let at = NOW - Duration::from_secs(before);
            assert_eq!(to_the_second(at, NOW).text, expected);
        }
    }

    #[test]
    fn spans_take_their_largest_unit() {
        for (seconds, expected) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (3_599, "59 minutes"),
            (7_200, "2 hours"),
            (86_400, "1 day"),
            (30 * DAY, "30 days"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn ago_forgives_clocks() {
        let ago = |seconds| ago(NOW, Timestamp::from_secs(NOW.as_secs() - seconds));
        assert_eq!(ago(-5), "just now");
        assert_eq!(ago(59), "just now");
        assert_eq!(ago(12 * 60), "12 minutes ago");
        assert_eq!(ago(2 * 86_400), "2 days ago");
    }
}
