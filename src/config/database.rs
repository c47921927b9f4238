//! What we keep and where: the data folder, the record, the master key.

use std::path::{Path, PathBuf};

use super::key_file::{self, Found, Others};
use super::key_source::KeySource;
use super::keys;
use super::master_key::{MAKE, MasterKey};
use super::reader::Reader;
use super::resolved::Database;
use super::{postgres, postgres_url};

/// Reads `data`.
pub(super) fn data(reader: &mut Reader<'_>) -> Option<PathBuf> {
    let path = PathBuf::from(reader.text(&keys::DATA)?.as_str());
    if path.exists() && !path.is_dir() {
        let text = format!("{:?} is not a folder. Write another path.", path.display());
        reader.refuse(&keys::DATA, text);
        return None;
    }
    Some(path)
}

/// Reads `database.url`.
pub(super) fn database(reader: &mut Reader<'_>, data: Option<&Path>) -> Option<Database> {
    if !reader.is_given(&keys::DATABASE_URL) {
        postgres::refuse_without(reader);
        return data.map(|data| Database::Sqlite(data.join("lanyard.db")));
    }
    let url = reader.text(&keys::DATABASE_URL)?;
    if postgres_url::is_one(&url) {
        return postgres::resolve(reader, &url).map(Database::Postgres);
    }
    match sqlite_path(&url) {
        Ok(path) => {
            postgres::refuse_without(reader);
            Some(Database::Sqlite(path))
        }
        Err(text) => {
            reader.refuse(&keys::DATABASE_URL, text);
            None
        }
    }
}

/// The path of an SQLite URL. Errors show no more of the URL than its scheme: it may hold a
/// password.
fn sqlite_path(url: &str) -> Result<PathBuf, String> {
    const REMEDY: &str = "Write sqlite:PATH, such as sqlite:/var/lib/lanyard/lanyard.db.";
    let Some(path) = url.strip_prefix("sqlite:") else {
        return Err(format!(
            "It is an address of neither SQLite nor PostgreSQL. {REMEDY} Or {}",
            postgres_url::REMEDY.replacen("Write", "write", 1)
        ));
    };
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.ends_with('/') {
        Err(format!("It names no file. {REMEDY}"))
    } else if path.starts_with(':') {
        Err(format!("A record in memory forgets what ended. {REMEDY}"))
    } else if path.contains(['?', '#', '%']) {
        Err(format!(
            "It has one of ? # %; options are not taken. {REMEDY}"
        ))
    } else {
        Ok(PathBuf::from(path))
    }
}

/// Finds the master key.
pub(super) fn master_key(reader: &mut Reader<'_>, data: Option<&Path>) -> Option<KeySource> {
    let inline = reader.is_given(&keys::MASTER_KEY);
    let file = reader.is_given(&keys::MASTER_KEY_FILE);
    if inline && file {
        let other = reader.place(&keys::MASTER_KEY);
        let text = format!("secrets.master_key is given too ({other}). Remove one of the two.");
        reader.refuse(&keys::MASTER_KEY_FILE, text);
        None
    } else if inline {
        let text = reader.text(&keys::MASTER_KEY)?;
        known(reader, &keys::MASTER_KEY, &text, "")
    } else if file {
        from_file(reader)
    } else if reader.is_given(&keys::DATABASE_URL) || reader.is_given(&keys::REDIS_URL) {
        // Servers that share a store must share the key; one made here would fit no other.
        let text = format!(
            "There is no master key, and one is made by itself only while everything lies in the \
             data folder. {MAKE} > master.key, keep it safe, and give its path here."
        );
        reader.refuse(&keys::MASTER_KEY_FILE, text);
        None
    } else {
        in_data_folder(reader, data?)
    }
}

fn from_file(reader: &mut Reader<'_>) -> Option<KeySource> {
    let key = &keys::MASTER_KEY_FILE;
    let path = PathBuf::from(reader.text(key)?.as_str());
    let shown = path.display();
    match key_file::read(&path) {
        Found::Text(text) => {
            let warning = key_file::permissions(&path, Others::Read, "the master key");
            reader.warnings.extend(warning);
            known(reader, key, &text, &format!("{shown}: "))
        }
        Found::Absent => {
            reader.refuse(key, format!("There is no file {shown}. {MAKE} > {shown}"));
            None
        }
        Found::Unreadable(why) => {
            let text = format!("{shown} cannot be read: {why}. Let this user read a file of text.");
            reader.refuse(key, text);
            None
        }
    }
}

fn in_data_folder(reader: &mut Reader<'_>, data: &Path) -> Option<KeySource> {
    let path = data.join("master.key");
    match key_file::read(&path) {
        Found::Text(text) => {
            let warning = key_file::permissions(&path, Others::Nothing, "the master key");
            reader.warnings.extend(warning);
            match MasterKey::parse(&text) {
                Ok(key) => Some(KeySource::Known(key)),
                Err(error) => {
                    let text = format!("{error} Put the right one back, from a backup.");
                    reader.refuse_file(&path, text);
                    None
                }
            }
        }
        Found::Absent => Some(KeySource::ToBeMade(path)),
        Found::Unreadable(why) => {
            let text = format!("The master key cannot be read: {why}. Let this user read it.");
            reader.refuse_file(&path, text);
            None
        }
    }
}

fn known(reader: &mut Reader<'_>, key: &keys::Key, text: &str, origin: &str) -> Option<KeySource> {
    match MasterKey::parse(text) {
        Ok(found) => Some(KeySource::Known(found)),
        Err(error) => {
            let text = format!("{origin}{error} Write 32 bytes as base64 or hex. {MAKE}");
            reader.refuse(key, text);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_addresses() {
        for (url, path) in [
            ("sqlite:lanyard.db", Some("lanyard.db")),
            ("sqlite:./data/lanyard.db", Some("./data/lanyard.db")),
            ("sqlite:/var/lib/lanyard.db", Some("/var/lib/lanyard.db")),
            ("sqlite:///var/lib/lanyard.db", Some("/var/lib/lanyard.db")),
            ("sqlite://data/lanyard.db", Some("data/lanyard.db")),
            ("sqlite:", None),
            ("sqlite://", None),
            ("sqlite:data/", None),
            ("sqlite::memory:", None),
            ("sqlite://:memory:", None),
            ("sqlite:a.db?mode=ro", None),
            ("mysql://me:secret@db/lanyard", None),
            ("postgres://me:secret@db/lanyard", None),
            ("/var/lib/lanyard.db", None),
        ] {
            let found = sqlite_path(url);
            assert_eq!(found.as_deref().ok(), path.map(Path::new), "{url}");
            assert!(found.err().is_none_or(|text| !text.contains("secret")));
        }
    }
}
