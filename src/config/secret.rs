//! Passwords of the stores: given as they are, or by the name of a file.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::key_file::{self, Found, LONGEST, Others};
use super::keys::Key;
use super::reader::Reader;

/// A secret text. Its `Debug` shows nothing, and its memory is wiped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps a text.
    pub(super) const fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// The two ways to give a password, and what it is called in warnings.
pub(super) struct Keys {
    pub(super) inline: &'static Key,
    pub(super) file: &'static Key,
    pub(super) noun: &'static str,
}

impl Keys {
    pub(super) fn both(&self) -> [&'static Key; 2] {
        [self.inline, self.file]
    }

    /// Whether a password was given, rightly or wrongly.
    pub(super) fn are_given(&self, reader: &Reader<'_>) -> bool {
        self.both().iter().any(|key| reader.is_given(key))
    }
}

/// Reads a password; `None` if there is none, or if it is refused.
pub(super) fn read(reader: &mut Reader<'_>, keys: &Keys) -> Option<Secret> {
    match (reader.is_given(keys.inline), reader.is_given(keys.file)) {
        (true, true) => {
            let (name, place) = (keys.inline.name, reader.place(keys.inline));
            let text = format!("{name} is given too ({place}). Remove one of the two.");
            reader.refuse(keys.file, text);
            None
        }
        (true, false) => {
            let text = reader.text(keys.inline)?;
            checked(reader, keys.inline, text, "It")
        }
        (false, true) => from_file(reader, keys),
        (false, false) => None,
    }
}

fn from_file(reader: &mut Reader<'_>, keys: &Keys) -> Option<Secret> {
    let path = PathBuf::from(reader.text(keys.file)?.as_str());
    match text_of(&path) {
        Ok(text) => {
            let warning = key_file::permissions(&path, Others::Read, keys.noun);
            reader.warnings.extend(warning);
            checked(reader, keys.file, text, &path.display().to_string())
        }
        Err(problem) => {
            reader.refuse(keys.file, problem);
            None
        }
    }
}

/// The text of a file, without the newline that editors and `echo` put at its end.
pub(super) fn text_of(path: &Path) -> Result<Zeroizing<String>, String> {
    let shown = path.display();
    let text = match key_file::read(path) {
        Found::Text(text) => text,
        Found::Absent => {
            return Err(format!(
                "There is no file {shown}. Write the password into it, or the path of the file \
                 that holds it."
            ));
        }
        Found::Unreadable(why) => {
            return Err(format!(
                "{shown} cannot be read: {why}. Let this user read a file of text."
            ));
        }
    };
    if u64::try_from(text.len()).is_ok_and(|length| length >= LONGEST) {
        let text = format!("{shown} is too long for a password. Write the path of another file.");
        return Err(text);
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    Ok(Zeroizing::new(line.to_owned()))
}

fn checked(
    reader: &mut Reader<'_>,
    key: &Key,
    text: Zeroizing<String>,
    subject: &str,
) -> Option<Secret> {
    let problem = if text.is_empty() {
        format!("{subject} is empty. Write the password, or remove the key.")
    } else if text.chars().any(char::is_control) {
        format!("{subject} has more than one line, or a control character. Write one line.")
    } else {
        return Some(Secret::new(text));
    };
    reader.refuse(key, problem);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_does_not_show() {
        let secret = Secret::new(Zeroizing::new("squeamish".to_owned()));
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "… Some(…)");
        assert_eq!(secret.expose(), "squeamish");
    }

    #[test]
    fn one_closing_newline_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (written, read) in [
            ("squeamish", Some("squeamish")),
            ("squeamish\n", Some("squeamish")),
            ("squeamish\r\n", Some("squeamish")),
            (" squeamish \n", Some(" squeamish ")),
            ("squeamish\n\n", Some("squeamish\n")),
            ("\n", Some("")),
            (&"x".repeat(5_000), None),
        ] {
            std::fs::write(&path, written).unwrap();
            let found = text_of(&path).ok();
            assert_eq!(found.as_deref().map(String::as_str), read, "{written:?}");
        }
    }
}
