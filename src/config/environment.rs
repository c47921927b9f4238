//! Environment variables: `LANYARD__SECTION__KEY`.

use zeroize::Zeroizing;

use super::error::{ConfigError, Place};
use super::keys::{KEYS, Key};
use super::nearest::{nearest, unknown};
use super::raw::{Raw, Setting, Value};

/// What our variables start with. Two underscores, as container platforms inject names of their
/// own for a service called `lanyard`: `LANYARD_PORT`, `LANYARD_SERVICE_HOST`.
const PREFIX: &str = "LANYARD__";

/// Lays the variables over `raw`. An empty one is as good as absent. Returns errors for unknown
/// names and warnings for those that lack an underscore.
pub(super) fn overlay(
    variables: Vec<(String, String)>,
    raw: &mut Raw,
) -> (Vec<ConfigError>, Vec<String>) {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    for (name, text) in variables {
        if let Some(rest) = name.strip_prefix(PREFIX) {
            if let Some(key) = KEYS.iter().find(|key| key.variable() == name) {
                put(raw, key, name, text);
            } else {
                errors.push(stranger(name.clone(), rest));
            }
        } else if let Some(key) = KEYS.iter().find(|key| name == single(key)) {
            let variable = key.variable();
            warnings.push(format!(
                "environment: {name}: This is not read. Did you mean {variable}?"
            ));
        }
    }
    (errors, warnings)
}

/// The name that a key would have with single underscores.
fn single(key: &Key) -> String {
    key.variable().replace("__", "_")
}

fn put(raw: &mut Raw, key: &Key, name: String, text: String) {
    if text.is_empty() {
        return;
    }
    let setting = Setting {
        value: Value::Variable(Zeroizing::new(text)),
        place: Place::Environment(name),
    };
    raw.insert(key.name, setting);
}

fn stranger(name: String, rest: &str) -> ConfigError {
    let key = rest.replace("__", ".").to_lowercase();
    let text = match nearest(&key) {
        Some(known) => {
            let variable = KEYS.iter().find(|key| key.name == known).map(Key::variable);
            let variable = variable.unwrap_or_default();
            format!("There is no such variable. Did you mean {variable}?")
        }
        None => unknown("variable", &key),
    };
    ConfigError::of_key(Place::Environment(name), &key, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_and_misspelt_names() {
        let variables = [
            "LANYARD__SESION__IDLE_TIMEOUT",
            "LANYARD__SESSION_IDLE_TIMEOUT",
            "LANYARD__CLIENTS",
            "LANYARD__issuer",
            "LANYARD_SESSION_IDLE_TIMEOUT",
            "LANYARD_PORT",
            "LANYARD",
            "PATH",
        ];
        let variables = variables.map(|name| (name.to_owned(), "x".to_owned()));
        let mut raw = Raw::new();
        let (errors, warnings) = overlay(variables.to_vec(), &mut raw);
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            errors,
            [
                "environment: LANYARD__SESION__IDLE_TIMEOUT: There is no such variable. \
                 Did you mean LANYARD__SESSION__IDLE_TIMEOUT?",
                "environment: LANYARD__SESSION_IDLE_TIMEOUT: There is no such variable. \
                 Did you mean LANYARD__SESSION__IDLE_TIMEOUT?",
                "environment: LANYARD__CLIENTS: There is no such variable. \
                 Remove it; docs/configuration.md lists all keys.",
                "environment: LANYARD__issuer: There is no such variable. \
                 Did you mean LANYARD__ISSUER?",
            ]
        );
        assert_eq!(
            warnings,
            [
                "environment: LANYARD_SESSION_IDLE_TIMEOUT: This is not read. \
              Did you mean LANYARD__SESSION__IDLE_TIMEOUT?"
            ]
        );
        assert!(raw.is_empty());
    }
}
