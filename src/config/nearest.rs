//! What an operator may have meant by a key that nobody knows.

use super::keys::KEYS;

/// The known key that is nearest to an unknown one, if any is near.
pub(super) fn nearest(unknown: &str) -> Option<&'static str> {
    of(unknown, KEYS.iter().map(|key| key.name))
}

/// The nearest of these.
pub(super) fn of<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let unknown = unknown.to_lowercase();
    let limit = (last(&unknown).chars().count() / 3).max(1);
    known
        .map(|name| (cost(&unknown, name), name))
        .min()
        .filter(|(cost, _)| *cost <= limit)
        .map(|(_, name)| name)
}

/// Says that a name is unknown, and what may have been meant.
pub(super) fn unknown(noun: &str, name: &str) -> String {
    let remedy = nearest(name).map_or_else(
        || "Remove it; docs/configuration.md lists all keys.".to_owned(),
        |known| format!("Did you mean {known}?"),
    );
    format!("There is no such {noun}. {remedy}")
}

/// The lesser of: a slip of the pen, a beginning, and the right name in the wrong section.
fn cost(unknown: &str, known: &str) -> usize {
    let slip = distance(unknown, known);
    let begun = if known.starts_with(unknown) { 1 } else { slip };
    let misplaced = distance(last(unknown), last(known)) + 1;
    slip.min(begun).min(misplaced)
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// Levenshtein distance.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut left = above + 1;
        let mut next = vec![left];
        for (other, pair) in to.iter().zip(row.windows(2)) {
            if let [diagonal, up] = *pair {
                left = (diagonal + usize::from(letter != *other))
                    .min(up + 1)
                    .min(left + 1);
                next.push(left);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("issuer", "isuer", 1),
        ] {
            assert_eq!(distance(from, to), expected, "{from} {to}");
        }
    }

    #[test]
    fn suggestions() {
        for (unknown, known) in [
            ("clients", None),
            ("tls.certificate", None),
            ("x", None),
            ("sesion.idle_timeout", Some("session.idle_timeout")),
            ("session.idle_timout", Some("session.idle_timeout")),
            ("session.Idle_Timeout", Some("session.idle_timeout")),
            ("session.idle", Some("session.idle_timeout")),
            ("server.issuer", Some("issuer")),
            ("master_key", Some("secrets.master_key")),
            ("isuer", Some("issuer")),
        ] {
            assert_eq!(nearest(unknown), known, "{unknown}");
        }
    }
}
