//! The address of a PostgreSQL server, checked part by part.

use std::path::PathBuf;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;
use zeroize::Zeroizing;

use super::host;
use super::secret::Secret;

/// How to write one.
pub(super) const REMEDY: &str = "Write postgres://user@host:5432/name?sslmode=verify-full, \
                                 and the password in database.password_file.";

/// What may follow the question mark. Others would be overheard, or override what was checked.
const PARAMETERS: [&str; 6] = [
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "application_name",
    "options",
];

/// From the weakest to the strongest.
const MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// Those that name a file.
const FILES: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];

/// A checked address. It has no `Debug`: it may hold a password.
pub(super) struct Address {
    url: Url,
    host: String,
}

/// Whether an address is one of PostgreSQL, rightly written or not.
pub(super) fn is_one(text: &str) -> bool {
    ["postgres:", "postgresql:"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// Reads an address. The order matters: what might be the rest of a password with a letter that
/// was not encoded is refused before a name of a parameter is ever shown.
pub(super) fn parse(text: &str) -> Result<Address, String> {
    let url = host::address(text, REMEDY)?;
    check_user(&url)?;
    let host = check_host(&url)?;
    check_name(&url)?;
    if url.fragment().is_some() {
        return Err(format!(
            "It has a #. Write %23 where one is meant. {REMEDY}"
        ));
    }
    check_parameters(&url)?;
    Ok(Address { url, host })
}

/// Without a user, the library would look in variables that are not ours, and then take the name
/// under which this process runs.
fn check_user(url: &Url) -> Result<(), String> {
    if url.username().is_empty() {
        return Err(format!("It names no user. {REMEDY}"));
    }
    let parts = [Some(url.username()), url.password()];
    if parts
        .into_iter()
        .flatten()
        .any(|part| host::decoded(part).is_none())
    {
        return Err(format!("Its user or password is not UTF-8. {REMEDY}"));
    }
    Ok(())
}

/// The host, or the folder of a socket, which is a path that is percent-encoded.
fn check_host(url: &Url) -> Result<String, String> {
    let given = url.host_str().unwrap_or_default();
    if let Some(folder) = host::decoded(given).filter(|text| text.starts_with('/')) {
        return Ok(folder);
    }
    if given.contains(',') {
        let text = "It names several hosts. Write one, which leads to the server that may be \
                    written to.";
        return Err(text.to_owned());
    }
    host::of(url).ok_or_else(|| format!("It names no host that can be reached. {REMEDY}"))
}

fn check_name(url: &Url) -> Result<(), String> {
    let name = url.path().strip_prefix('/').unwrap_or_default();
    match host::decoded(name) {
        Some(decoded) if !decoded.is_empty() && !name.contains('/') => Ok(()),
        _ => Err(format!("It names no database. {REMEDY}")),
    }
}

fn check_parameters(url: &Url) -> Result<(), String> {
    let mut seen = Vec::new();
    for (name, value) in url.query_pairs() {
        let Some(known) = PARAMETERS.into_iter().find(|known| *known == name) else {
            return Err(unknown(&name));
        };
        if seen.contains(&known) {
            return Err(format!("It has {known} twice. Remove one of the two."));
        }
        seen.push(known);
        if known == "sslmode" && !MODES.contains(&&*value) {
            let modes = MODES.join(", ");
            return Err(format!("Its sslmode is not known. Write one of {modes}."));
        }
        if FILES.contains(&known) && (value.is_empty() || value.contains("-----")) {
            return Err(format!("Its {known} is not the path of a file. Write one."));
        }
    }
    if seen.contains(&"sslcert") != seen.contains(&"sslkey") {
        let text = "It has one of sslcert and sslkey. Write both, or neither.";
        return Err(text.to_owned());
    }
    Ok(())
}

fn unknown(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_lowercase() || b"_-".contains(&byte);
    let shown = if !name.is_empty() && name.bytes().all(plain) {
        format!("It has the parameter {name}, which is not taken")
    } else {
        "It has a parameter that is not taken".to_owned()
    };
    let remedy = match name {
        "password" => "database.password_file takes the password.".to_owned(),
        "user" | "host" | "hostaddr" | "port" | "dbname" => REMEDY.to_owned(),
        _ => format!("Remove it; known are {}.", PARAMETERS.join(", ")),
    };
    format!("{shown}. {remedy}")
}

impl Address {
    /// Whether a password stands in it.
    pub(super) fn has_password(&self) -> bool {
        self.url.password().is_some()
    }

    /// The host, or the folder of the socket.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Whether nobody stands between us and the server.
    pub(super) fn is_local(&self) -> bool {
        self.is_socket() || host::is_loopback(&self.host)
    }

    fn is_socket(&self) -> bool {
        self.host.starts_with('/')
    }

    fn parameter(&self, wanted: &str) -> Option<String> {
        let mut pairs = self.url.query_pairs();
        let found = pairs.find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned())
    }

    /// How the connection is protected; `None` if that is left open.
    pub(super) fn mode(&self) -> Option<String> {
        self.parameter("sslmode")
    }

    /// The files that it names, each with its parameter.
    pub(super) fn files(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let named = |name| Some((name, PathBuf::from(self.parameter(name)?)));
        FILES.into_iter().filter_map(named)
    }

    /// Where it leads, without user and password.
    pub(super) fn shown(&self) -> String {
        let name = self.url.path().trim_start_matches('/');
        let (host, mode) = (&self.host, self.mode());
        if self.is_socket() {
            return format!("PostgreSQL at {host}, database {name}");
        }
        let place = host::with_port(host, self.url.port().unwrap_or(PORT));
        let mode = mode.as_deref().unwrap_or(DEFAULT_MODE);
        format!("PostgreSQL at {place}, database {name}, sslmode {mode}")
    }

    /// The whole address for the library, with the password in it. Nothing that variables of
    /// PostgreSQL's own tools (`PGPORT`, `PGSSLMODE`) could fill in is left open.
    pub(super) fn complete(mut self, password: Option<&Secret>) -> Secret {
        if let Some(password) = password {
            // `Url` leaves a percent sign as it is, and the library would decode it.
            let encoded = utf8_percent_encode(password.expose(), NON_ALPHANUMERIC).to_string();
            let _ = self.url.set_password(Some(&Zeroizing::new(encoded)));
        }
        if self.url.port().is_none() {
            let _ = self.url.set_port(Some(PORT));
        }
        if self.mode().is_none() {
            let mut pairs = self.url.query_pairs_mut();
            pairs.append_pair("sslmode", DEFAULT_MODE);
        }
        Secret::new(Zeroizing::new(self.url.into()))
    }
}

/// The port of PostgreSQL where none is written.
const PORT: u16 = 5432;

/// What PostgreSQL's own tools do if nothing is said.
const DEFAULT_MODE: &str = "prefer";

#[cfg(test)]
mod tests;
