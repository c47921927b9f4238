//! Reads typed values out of the raw ones, and gathers what is wrong with them.

use std::path::Path;
use std::time::Duration;

use zeroize::Zeroizing;

use super::duration;
use super::error::{ConfigError, Place};
use super::keys::{Fallback, Key, Kind};
use super::raw::{Raw, Value};

/// The raw values, the errors and the warnings so far. A reading that fails is `None` and leaves
/// an error behind, so that one run shows all of them.
pub(super) struct Reader<'a> {
    raw: &'a Raw,
    /// What keeps us from starting.
    pub(super) errors: Vec<ConfigError>,
    /// What an operator should know.
    pub(super) warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    /// Over these values.
    pub(super) const fn new(raw: &'a Raw) -> Self {
        Self {
            raw,
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Whether a key was given, rightly or wrongly.
    pub(super) fn is_given(&self, key: &Key) -> bool {
        self.raw.contains_key(key.name)
    }

    /// Where a key was given.
    pub(super) fn place(&self, key: &Key) -> Place {
        self.raw
            .get(key.name)
            .map_or(Place::Absent, |setting| setting.place.clone())
    }

    fn value(&self, key: &Key) -> Option<&'a Value> {
        self.raw.get(key.name).map(|setting| &setting.value)
    }

    /// Notes an error at a key.
    pub(super) fn refuse(&mut self, key: &Key, text: impl Into<String>) {
        let place = self.place(key);
        self.errors.push(ConfigError::of_key(place, key.name, text));
    }

    /// Notes an error at each of these keys that was given.
    pub(super) fn refuse_given(&mut self, keys: &[&Key], text: &str) {
        for key in keys {
            if self.is_given(key) {
                self.refuse(key, text);
            }
        }
    }

    /// Notes an error of a file that a key led to.
    pub(super) fn refuse_file(&mut self, path: &Path, text: impl Into<String>) {
        self.errors
            .push(ConfigError::of_place(Place::file(path), text));
    }

    /// The text of a key, or of its default; `None` too if it is absent and has no default text.
    pub(super) fn text(&mut self, key: &Key) -> Option<Zeroizing<String>> {
        let refusal = match self.value(key) {
            Some(Value::Text(text) | Value::Variable(text)) if !text.trim().is_empty() => {
                return Some(text.clone());
            }
            None => {
                return match key.default {
                    Fallback::Text(text) => Some(Zeroizing::new(text.to_owned())),
                    Fallback::Derived(_) => None,
                };
            }
            Some(Value::Text(_) | Value::Variable(_)) => format!(
                "It is empty. Write a value, or remove the key for the default: {}.",
                key.default_words()
            ),
            // Not shown: a key of digits only may have lost its quotes.
            Some(Value::Number(..)) => "It is a number. Write it in \"quotes\".".to_owned(),
            Some(Value::List(_)) => format!("It is a list. The key takes: {}.", key.takes()),
            Some(Value::Other(kind)) => format!("It is {kind}. The key takes: {}.", key.takes()),
        };
        self.refuse(key, refusal);
        None
    }

    /// A duration within the bounds of the key.
    pub(super) fn duration(&mut self, key: &Key) -> Option<Duration> {
        let Kind::Duration(least, most) = key.kind else {
            return None;
        };
        if let Some(Value::Number(_, number)) = self.value(key) {
            let text = format!("{number} has no unit. {}", duration::remedy(least));
            self.refuse(key, text);
            return None;
        }
        let text = self.text(key)?;
        let problem = match duration::parse(&text, least) {
            Some(value) if (least..=most).contains(&value) => return Some(value),
            Some(_) => format!(
                "{:?} is out of bounds. Write from {} to {}.",
                *text,
                duration::show(least),
                duration::show(most)
            ),
            None => format!("{:?} is not a duration. {}", *text, duration::remedy(least)),
        };
        self.refuse(key, problem);
        None
    }

    /// A whole number within the bounds of the key.
    pub(super) fn number(&mut self, key: &Key) -> Option<u64> {
        let Kind::Number(least, most, _) = key.kind else {
            return None;
        };
        let (number, shown) = match self.value(key) {
            Some(Value::Number(number, shown)) => (*number, shown.clone()),
            Some(Value::Variable(text)) => (text.trim().parse().ok(), format!("{:?}", **text)),
            Some(Value::Text(text)) => (None, format!("{:?}", **text)),
            Some(other @ (Value::List(_) | Value::Other(_))) => {
                let kind = match other {
                    Value::Other(kind) => kind,
                    _ => "a list",
                };
                let text = format!("It is {kind}. The key takes: {}.", key.takes());
                self.refuse(key, text);
                return None;
            }
            None => match key.default {
                Fallback::Text(text) => (text.parse().ok(), text.to_owned()),
                Fallback::Derived(_) => return None,
            },
        };
        let text = match number {
            Some(number) if (least..=most).contains(&number) => return Some(number),
            Some(_) => format!("{shown} is out of bounds. Write from {least} to {most}."),
            None => format!(
                "{shown} is not a whole number. Write one from {least} to {most}, without quotes."
            ),
        };
        self.refuse(key, text);
        None
    }

    /// The parts of a list; of a text, those between its commas, as a variable holds one text. Empty
    /// without the key, and after an error.
    pub(super) fn list(&mut self, key: &Key) -> Vec<String> {
        match self.value(key) {
            None => Vec::new(),
            Some(Value::List(parts)) => parts.clone(),
            Some(Value::Text(text) | Value::Variable(text)) => {
                let parts = text.split(',').map(str::trim);
                parts.map(str::to_owned).collect()
            }
            Some(Value::Number(..) | Value::Other(_)) => {
                let text = format!("It is no list of texts. The key takes: {}.", key.takes());
                self.refuse(key, text);
                Vec::new()
            }
        }
    }

    /// One of the words of the key, in the value that stands for it.
    pub(super) fn choice<T: Copy>(&mut self, key: &Key, values: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = values.iter().find(|(word, _)| *word == *text);
        if found.is_none() {
            let problem = format!("{:?} is not known. Write one of {}.", *text, key.takes());
            self.refuse(key, problem);
        }
        found.map(|(_, value)| *value)
    }
}
