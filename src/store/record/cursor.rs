//! Where a list goes on: the sort key and id of the last line shown, as text for a link.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A place in a list that is sorted by a text and, among equals, by id. It is no secret and no
/// proof: a forged one only shows another page of the same list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub(super) key: String,
    pub(super) id: String,
}

/// Longer ones were never made here.
const LONGEST: usize = 4_096;

impl Cursor {
    /// After the line with this key and id.
    pub(super) fn after(key: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            id: id.into(),
        }
    }

    /// As text for a link.
    pub fn encode(&self) -> String {
        let both = serde_json::json!([self.key, self.id]).to_string();
        URL_SAFE_NO_PAD.encode(both)
    }

    /// From its text; none if it is not one.
    pub fn decode(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (key, id): (String, String) = serde_json::from_slice(&bytes).ok()?;
        // PostgreSQL has no such text.
        let possible = ![&key, &id].iter().any(|text| text.contains('\0'));
        possible.then_some(Self { key, id })
    }
}

/// What is typed into a search field, as a pattern for `LIKE … ESCAPE '!'` that finds it anywhere;
/// none if nothing is. The text must have been folded as the column is.
pub(super) fn pattern(folded: &str) -> Option<String> {
    let typed = folded.trim();
    if typed.is_empty() {
        return None;
    }
    let mut pattern = String::from("%");
    for letter in typed.chars().take(200) {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    Some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_goes_round() {
        let place = Cursor::after("zoë\u{1f}\"", "u_1");
        assert_eq!(Cursor::decode(&place.encode()), Some(place));
        let nul = Cursor::after("a\0", "u_1").encode();
        for bad in ["", "x", "W10", "!!", &nul] {
            assert_eq!(Cursor::decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_typed_is_not_a_pattern() {
        assert_eq!(pattern(" 10%_a! ").as_deref(), Some("%10!%!_a!!%"));
        assert_eq!(pattern("  "), None);
    }
}
