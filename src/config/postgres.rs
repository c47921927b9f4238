//! `[database]`, if the record is kept by PostgreSQL.

use std::fs::File;

use super::key_file::{self, Others};
use super::keys;
use super::postgres_url::{self, Address};
use super::reader::Reader;
use super::resolved::Postgres;
use super::secret::{self, Keys};

const PASSWORD: Keys = Keys {
    inline: &keys::DATABASE_PASSWORD,
    file: &keys::DATABASE_PASSWORD_FILE,
    noun: "the password of the database",
};

/// Reads what goes with a PostgreSQL address.
pub(super) fn resolve(reader: &mut Reader<'_>, url: &str) -> Option<Postgres> {
    let address = match postgres_url::parse(url) {
        Ok(address) => Some(address),
        Err(problem) => {
            reader.refuse(&keys::DATABASE_URL, problem);
            None
        }
    };
    let password = secret::read(reader, &PASSWORD);
    let max_connections = reader.number(&keys::DATABASE_MAX_CONNECTIONS);
    let statement_timeout = reader.duration(&keys::DATABASE_STATEMENT_TIMEOUT);
    let address = address?;
    check_password(reader, &address);
    check_files(reader, &address);
    warn(reader, &address);
    Some(Postgres {
        shown: address.shown(),
        url: address.complete(password.as_ref()),
        max_connections: u32::try_from(max_connections?).ok()?,
        statement_timeout: statement_timeout?,
    })
}

/// Refuses what only PostgreSQL would heed.
pub(super) fn refuse_without(reader: &mut Reader<'_>) {
    let keys = [
        PASSWORD.inline,
        PASSWORD.file,
        &keys::DATABASE_MAX_CONNECTIONS,
        &keys::DATABASE_STATEMENT_TIMEOUT,
    ];
    reader.refuse_given(
        &keys,
        "It is for PostgreSQL, and the record is an SQLite file. Remove the key, or write a \
         postgres:// address in database.url.",
    );
}

fn check_password(reader: &mut Reader<'_>, address: &Address) {
    if address.has_password() {
        let place = reader.place(&keys::DATABASE_URL);
        let text = format!("database.url has a password too ({place}). Remove it there.");
        reader.refuse_given(&PASSWORD.both(), &text);
    }
}

fn check_files(reader: &mut Reader<'_>, address: &Address) {
    for (name, path) in address.files() {
        let shown = path.display();
        // To open a folder succeeds.
        let found = File::open(&path).and_then(|file| file.metadata());
        match found {
            Ok(found) if found.is_file() => {
                let secret = name == "sslkey";
                let warning = key_file::permissions(&path, Others::Read, "the private key");
                reader.warnings.extend(warning.filter(|_| secret));
            }
            Ok(_) => {
                let text = format!("Its {name}, {shown}, is not a file. Write the path of one.");
                reader.refuse(&keys::DATABASE_URL, text);
            }
            Err(error) => {
                let text = format!(
                    "Its {name}, {shown}, cannot be read: {error}. Write the path of a file that \
                     this user can read."
                );
                reader.refuse(&keys::DATABASE_URL, text);
            }
        }
    }
}

/// To encrypt is not enough: without proof of the server, one in between has the password.
fn warn(reader: &mut Reader<'_>, address: &Address) {
    if address.is_local() {
        return;
    }
    let mode = address.mode();
    let host = address.host();
    let danger = match mode.as_deref() {
        Some("verify-full") => return,
        Some("verify-ca") => "any server with a certificate of the same authority can pose as it",
        Some("require") => "it is encrypted, but nothing proves which server answers",
        _ => "it may go unencrypted, and others on the way can read and change it",
    };
    let mode = mode.map_or("absent".to_owned(), |mode| format!("{mode:?}"));
    reader.warnings.push(format!(
        "database.url: sslmode is {mode} for the connection to {host}: {danger}. Write \
         sslmode=verify-full, and sslrootcert=FILE if a private authority made the certificate."
    ));
}
