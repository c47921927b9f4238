//! A problem of the configuration: where it stands, what it is, what to do.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where a value was written. The order is the one in which problems are reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a file, at a line when it is known (counted from 1).
    File {
        /// The file, as the operator named it.
        path: PathBuf,
        /// The line.
        line: Option<usize>,
    },
    /// In an environment variable of this name.
    Environment(String),
    /// Nowhere: the value is absent.
    Absent,
}

impl Place {
    /// A whole file.
    pub fn file(path: &Path) -> Self {
        Self::File {
            path: path.to_owned(),
            line: None,
        }
    }

    /// A line of a file.
    pub fn line(path: &Path, line: usize) -> Self {
        Self::File {
            path: path.to_owned(),
            line: Some(line),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment: {name}"),
            Self::Absent => f.write_str("configuration"),
        }
    }
}

/// One problem. Its text names file, line, key and remedy, and never shows a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{text}", Prefix { place, key })]
pub struct ConfigError {
    /// Where it stands.
    pub place: Place,
    /// The key, unless the problem is one of the whole file.
    pub key: Option<String>,
    /// What is wrong and what to do: a sentence each.
    pub text: String,
}

impl ConfigError {
    /// A problem of a key.
    pub(super) fn of_key(place: Place, key: &str, text: impl Into<String>) -> Self {
        Self {
            place,
            key: Some(key.to_owned()),
            text: text.into(),
        }
    }

    /// A problem of a place, whatever the key.
    pub(super) fn of_place(place: Place, text: impl Into<String>) -> Self {
        Self {
            place,
            key: None,
            text: text.into(),
        }
    }
}

struct Prefix<'a> {
    place: &'a Place,
    key: &'a Option<String>,
}

impl fmt::Display for Prefix<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        match (self.place, self.key) {
            // The variable's name says which key it is.
            (Place::Environment(_), _) | (_, None) => Ok(()),
            (_, Some(key)) => write!(f, "{key}: "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let file = Path::new("lanyard.toml");
        let cases = [
            (
                Place::line(file, 7),
                "lanyard.toml:7: data: It is so. Do that.",
            ),
            (Place::file(file), "lanyard.toml: data: It is so. Do that."),
            (
                Place::Environment("LANYARD__DATA".to_owned()),
                "environment: LANYARD__DATA: It is so. Do that.",
            ),
            (Place::Absent, "configuration: data: It is so. Do that."),
        ];
        for (place, text) in cases {
            let error = ConfigError::of_key(place, "data", "It is so. Do that.");
            assert_eq!(error.to_string(), text);
        }
        let error = ConfigError::of_place(Place::file(file), "It is so. Do that.");
        assert_eq!(error.to_string(), "lanyard.toml: It is so. Do that.");
    }

    #[test]
    fn the_file_comes_first_in_the_order_of_its_lines() {
        let file = Path::new("a.toml");
        assert!(Place::file(file) < Place::line(file, 1));
        assert!(Place::line(file, 2) < Place::line(file, 10));
        assert!(Place::line(file, 2) < Place::Environment("A".to_owned()));
        assert!(Place::Environment("A".to_owned()) < Place::Absent);
    }
}
