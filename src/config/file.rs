//! The TOML file: syntax, unknown keys, and the line of each value.

use std::borrow::Cow;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::clients::Declared;
use super::error::{ConfigError, Place};
use super::keys::KEYS;
use super::nearest::unknown;
use super::raw::{Raw, Setting, Value};

/// The lists of a file, each an array of tables.
#[derive(Default)]
pub(super) struct Lists {
    /// `[[clients]]`.
    pub(super) clients: Vec<Declared>,
    /// `[[claims]]`.
    pub(super) claims: Vec<Declared>,
    /// `[[scopes]]`.
    pub(super) scopes: Vec<Declared>,
}

impl Lists {
    fn named(&mut self, name: &str) -> Option<&mut Vec<Declared>> {
        match name {
            "clients" => Some(&mut self.clients),
            "claims" => Some(&mut self.claims),
            "scopes" => Some(&mut self.scopes),
            _ => None,
        }
    }
}

/// What is wrong with a file: each thing where it stands.
pub(super) type Problems = Vec<ConfigError>;

/// Reads a file into `raw` and `lists`, and returns what is wrong with its keys; or, if nothing at all could be
/// read, why not.
pub(super) fn read(path: &Path, raw: &mut Raw, lists: &mut Lists) -> Result<Problems, Problems> {
    match std::fs::read_to_string(path).map(Zeroizing::new) {
        Ok(text) => Document { path, text: &text }.read(raw, lists),
        Err(error) => {
            let text = match error.kind() {
                ErrorKind::NotFound => {
                    "There is no such file. Give its path with --config.".to_owned()
                }
                ErrorKind::InvalidData => {
                    "The file is not UTF-8 text. Save it as UTF-8.".to_owned()
                }
                _ => format!("The file cannot be read: {error}. Let this user read it."),
            };
            Err(vec![ConfigError::of_place(Place::file(path), text)])
        }
    }
}

struct Document<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Document<'_> {
    fn read(&self, raw: &mut Raw, lists: &mut Lists) -> Result<Problems, Problems> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        if !errors.is_empty() {
            // What was recovered is a guess, and judging it would only add noise.
            return Err(errors.iter().map(|error| self.syntax(error)).collect());
        }
        let mut problems = Vec::new();
        for (name, value) in table.get_ref() {
            if let Some(list) = lists.named(name.get_ref()) {
                match self.tables(value.get_ref()) {
                    Some(declared) => list.extend(declared),
                    None => problems.push(self.no_list(name)),
                }
                continue;
            }
            match value.get_ref() {
                DeValue::Table(section) if is_section(name.get_ref()) => {
                    for (key, value) in section {
                        let full = format!("{}.{}", name.get_ref(), key.get_ref());
                        let place = self.place(&key.span());
                        problems.extend(put(raw, &full, place, value.get_ref()));
                    }
                }
                other => {
                    let place = self.place(&name.span());
                    problems.extend(put(raw, name.get_ref(), place, other));
                }
            }
        }
        Ok(problems)
    }

    fn no_list(&self, name: &Spanned<Cow<'_, str>>) -> ConfigError {
        let list = name.get_ref();
        let what = match list.as_ref() {
            "clients" => "Clients are a list",
            _ => "This is a list",
        };
        let text = format!("{what}. Write [[{list}]], and the members of one below.");
        ConfigError::of_key(self.place(&name.span()), list, text)
    }

    /// What a list declares; none if it is no list of tables.
    fn tables(&self, list: &DeValue<'_>) -> Option<Vec<Declared>> {
        let DeValue::Array(list) = list else {
            return None;
        };
        let one = |value: &Spanned<DeValue<'_>>| {
            let DeValue::Table(members) = value.get_ref() else {
                return None;
            };
            let members = members.iter().map(|(name, value)| {
                let place = self.place(&name.span());
                (name.get_ref().to_string(), place, json_of(value.get_ref()))
            });
            Some(Declared {
                place: self.place(&value.span()),
                members: members.collect(),
            })
        };
        list.iter().map(one).collect()
    }

    fn syntax(&self, error: &toml::de::Error) -> ConfigError {
        let place = error
            .span()
            .map_or_else(|| Place::file(self.path), |span| self.place(&span));
        let message = error.message().trim_end_matches('.');
        let remedy = if message.contains("duplicate key") {
            "Keep one of the two."
        } else {
            "Write key = value; texts stand in \"quotes\"."
        };
        ConfigError::of_place(place, format!("This is not TOML: {message}. {remedy}"))
    }

    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.as_bytes().iter().take(span.start);
        Place::line(self.path, before.filter(|byte| **byte == b'\n').count() + 1)
    }
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| {
        key.name
            .split_once('.')
            .is_some_and(|(section, _)| section == name)
    })
}

fn put(raw: &mut Raw, name: &str, place: Place, value: &DeValue<'_>) -> Option<ConfigError> {
    if is_section(name) {
        let text = format!("This is a section, not a key. Write [{name}], and its keys below.");
        return Some(ConfigError::of_key(place, name, text));
    }
    // A section that nobody knows is judged by the first of its keys.
    if let DeValue::Table(section) = value
        && let Some((key, value)) = section.iter().next()
    {
        return put(
            raw,
            &format!("{name}.{}", key.get_ref()),
            place,
            value.get_ref(),
        );
    }
    let Some(key) = KEYS.iter().find(|key| key.name == name) else {
        return Some(ConfigError::of_key(place, name, unknown("key", name)));
    };
    let value = value_of(value);
    raw.insert(key.name, Setting { value, place });
    None
}

fn value_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(Zeroizing::new(text.to_string())),
        DeValue::Integer(number) => Value::Number(
            u64::from_str_radix(number.as_str(), number.radix()).ok(),
            number.to_string(),
        ),
        DeValue::Float(_) => Value::Other("a number with a fraction"),
        DeValue::Boolean(_) => Value::Other("true or false"),
        DeValue::Datetime(_) => Value::Other("a date or time"),
        DeValue::Array(items) => items
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map_or(Value::Other("a list"), Value::List),
        DeValue::Table(_) => Value::Other("a section"),
    }
}

/// A value as JSON has it, for members that are named as in RFC 7591.
fn json_of(value: &DeValue<'_>) -> serde_json::Value {
    match value {
        DeValue::String(text) => text.to_string().into(),
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => number.into(),
            Err(_) => number.to_string().into(),
        },
        DeValue::Float(number) => number.to_string().into(),
        DeValue::Boolean(yes) => (*yes).into(),
        DeValue::Datetime(moment) => moment.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| json_of(item.get_ref())).collect(),
        DeValue::Table(members) => members
            .iter()
            .map(|(name, value)| (name.get_ref().to_string(), json_of(value.get_ref())))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let path = Path::new("lanyard.toml");
        let errors = Document { path, text }.read(&mut Raw::new(), &mut Lists::default());
        let errors = errors.unwrap_or_else(|errors| errors);
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn syntax() {
        for (text, start) in [
            (
                "data = \"a\"\nissuer = ",
                "lanyard.toml:2: This is not TOML: ",
            ),
            (
                "issuer = https://a.example",
                "lanyard.toml:1: This is not TOML: ",
            ),
            (
                "[session\nidle_timeout = \"2h\"",
                "lanyard.toml:1: This is not TOML: ",
            ),
        ] {
            let problems = problems(text);
            assert!(problems[0].starts_with(start), "{problems:?}");
            assert!(problems[0].ends_with("\"quotes\"."), "{problems:?}");
        }
        assert_eq!(
            problems("data = \"a\"\n\ndata = \"b\""),
            ["lanyard.toml:3: This is not TOML: duplicate key. Keep one of the two."]
        );
    }

    #[test]
    fn several_slips_are_told_at_once() {
        let problems = problems("data = \nissuer = ]\n");
        assert!(problems.len() >= 2, "{problems:?}");
    }

    #[test]
    fn unknown_keys() {
        let text = "\
            isuer = \"https://a.example\"\n\
            session = 3\n\
            [server]\n\
            issuer = \"x\"\n\
            [sesion]\n\
            idle_timeout = \"2h\"\n\
            [empty]\n\
            [[apps]]\n\
            client_id = \"wiki\"\n";
        let mut problems = problems(text);
        problems.sort();
        let remove = "Remove it; docs/configuration.md lists all keys.";
        assert_eq!(
            problems,
            [
                "lanyard.toml:1: isuer: There is no such key. Did you mean issuer?".to_owned(),
                "lanyard.toml:2: session: This is a section, not a key. Write [session], and its \
                 keys below."
                    .to_owned(),
                "lanyard.toml:4: server.issuer: There is no such key. Did you mean issuer?"
                    .to_owned(),
                "lanyard.toml:5: sesion.idle_timeout: There is no such key. Did you mean \
                 session.idle_timeout?"
                    .to_owned(),
                format!("lanyard.toml:7: empty: There is no such key. {remove}"),
                format!("lanyard.toml:8: apps: There is no such key. {remove}"),
            ]
        );
    }

    #[test]
    fn a_missing_file() {
        let errors = read(
            Path::new("/nowhere/lanyard.toml"),
            &mut Raw::new(),
            &mut Lists::default(),
        )
        .unwrap_err();
        assert_eq!(
            errors[0].to_string(),
            "/nowhere/lanyard.toml: There is no such file. Give its path with --config."
        );
    }
}
