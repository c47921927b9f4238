//! The addresses of Redis servers: one, or several with commas between them.

use url::Url;
use zeroize::Zeroizing;

use super::host;
use super::secret::Secret;

const REMEDY: &str = "Write redis://user@host:6379/0, or rediss:// for TLS, several with commas \
                      between them, and the password in redis.password_file.";

/// What the addresses come to. It has no `Debug`: it may hold a password.
pub(super) struct Addresses {
    /// Hosts (IPv6 without brackets) and ports.
    pub(super) servers: Vec<(String, u16)>,
    pub(super) tls: bool,
    pub(super) database: i64,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
}

/// Reads addresses; the port is for those that name none. Errors show nothing that may be a
/// password.
pub(super) fn parse(text: &str, port: u16) -> Result<Addresses, String> {
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let mut all: Option<Addresses> = None;
    for (at, part) in parts.iter().enumerate() {
        let which = if parts.len() == 1 {
            String::new()
        } else {
            format!("Server {} of {}: ", at + 1, parts.len())
        };
        let one = one(part, port).map_err(|problem| format!("{which}{problem}"))?;
        match &mut all {
            None => all = Some(one),
            Some(all) => join(all, one).map_err(|problem| format!("{which}{problem}"))?,
        }
    }
    all.ok_or_else(|| format!("It is not an address. {REMEDY}"))
}

fn one(text: &str, port: u16) -> Result<Addresses, String> {
    let url = host::address(text, REMEDY)?;
    let tls = check_scheme(&url)?;
    let host = host::of(&url).ok_or_else(|| format!("It names no host to connect to. {REMEDY}"))?;
    if url.query().is_some() || url.fragment().is_some() {
        let text = format!("It has a ? or a #; neither is taken. {REMEDY}");
        return Err(text);
    }
    let decode = |text: &str| {
        host::decoded(text).ok_or_else(|| format!("Its user or password is not UTF-8. {REMEDY}"))
    };
    let password = url.password().filter(|password| !password.is_empty());
    let password = password.map(decode).transpose()?;
    Ok(Addresses {
        servers: vec![(host, url.port().unwrap_or(port))],
        tls,
        database: database(&url)?,
        username: Some(decode(url.username())?).filter(|name| !name.is_empty()),
        password: password.map(|text| Secret::new(Zeroizing::new(text))),
    })
}

/// Whether the scheme asks for TLS.
fn check_scheme(url: &Url) -> Result<bool, String> {
    match url.scheme() {
        "redis" => Ok(false),
        "rediss" => Ok(true),
        "unix" | "redis+unix" => Err(
            "Sockets of the file system are not spoken to. Let Redis listen on loopback, and \
             write redis://localhost:6379/0."
                .to_owned(),
        ),
        _ => Err(format!("It is not the address of a Redis server. {REMEDY}")),
    }
}

fn database(url: &Url) -> Result<i64, String> {
    let path = url.path().strip_prefix('/').unwrap_or_default();
    if path.is_empty() {
        return Ok(0);
    }
    // `parse` alone would take a sign.
    let digits = path.bytes().all(|byte| byte.is_ascii_digit());
    path.parse::<u16>()
        .ok()
        .filter(|_| digits)
        .map(i64::from)
        .ok_or_else(|| {
            format!("What follows its host is not the number of a database, 0 to 65535. {REMEDY}")
        })
}

/// Adds a server that is reached in the same way as the others.
fn join(all: &mut Addresses, one: Addresses) -> Result<(), String> {
    let differs = if all.tls != one.tls {
        "scheme"
    } else if all.username != one.username {
        "user"
    } else if all.password.as_ref().map(Secret::expose) != one.password.as_ref().map(Secret::expose)
    {
        "password"
    } else if all.database != one.database {
        "database"
    } else if one
        .servers
        .iter()
        .any(|server| all.servers.contains(server))
    {
        return Err("It is named twice. Remove one of the two.".to_owned());
    } else {
        all.servers.extend(one.servers);
        return Ok(());
    };
    Err(format!(
        "Its {differs} is not that of the first. Write the same scheme, user, password and \
         database in each."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address, and what its refusal begins with.
    const BAD: &[(&str, &str)] = &[
        ("", "It is not an address."),
        ("cache", "It is not an address."),
        ("cache:6379", "It is not the address of a Redis server."),
        ("http://cache", "It is not the address of a Redis server."),
        (
            "unix:/run/redis.sock",
            "Sockets of the file system are not spoken to.",
        ),
        (
            "redis+unix:///run/redis.sock",
            "Sockets of the file system are not spoken to.",
        ),
        ("redis:", "It names no host to connect to."),
        ("redis:///0", "It names no host to connect to."),
        ("redis://me:secret@/0", "It names no host."),
        ("redis://0.0.0.0", "It names no host to connect to."),
        ("redis://cache:0", "It names no host to connect to."),
        ("redis://cache:99999", "Its port is not one from 1 to 65535"),
        (
            "redis://me:sec/ret@cache",
            "Its port is not one from 1 to 65535",
        ),
        (
            "redis://me:sec#ret@cache",
            "Its port is not one from 1 to 65535",
        ),
        ("redis://me:%ff@cache", "Its user or password is not UTF-8."),
        (
            "redis://cache/one",
            "What follows its host is not the number",
        ),
        (
            "redis://cache/-1",
            "What follows its host is not the number",
        ),
        (
            "redis://cache/+1",
            "What follows its host is not the number",
        ),
        (
            "redis://cache/0/secret",
            "What follows its host is not the number",
        ),
        (
            "redis://cache/0?protocol=resp3",
            "It has a ? or a #; neither is taken.",
        ),
        (
            "rediss://cache/0#insecure",
            "It has a ? or a #; neither is taken.",
        ),
        ("redis://a,", "Server 2 of 2: It is not an address."),
        (
            "redis://a,b:6379",
            "Server 2 of 2: It is not the address of a Redis server.",
        ),
        ("redis://me:sec,ret@a", "Server 1 of 2: Its port is not one"),
        (
            "redis://a,rediss://b",
            "Server 2 of 2: Its scheme is not that of the first.",
        ),
        (
            "redis://me@a,redis://b",
            "Server 2 of 2: Its user is not that of the first.",
        ),
        (
            "redis://a/1,redis://b/2",
            "Server 2 of 2: Its database is not that of the",
        ),
        (
            "redis://:secret@a,redis://:secrets@b",
            "Server 2 of 2: Its password is not that",
        ),
        (
            "redis://a,redis://b,redis://a:6379",
            "Server 3 of 3: It is named twice.",
        ),
    ];

    #[test]
    fn what_is_refused() {
        for (text, start) in BAD {
            let problem = parse(text, 6_379).err();
            let problem = problem.unwrap_or_else(|| panic!("{text} is taken"));
            assert!(problem.starts_with(start), "{text}: {problem}");
            assert!(
                !problem.contains("secret") && !problem.contains("ret@"),
                "{problem}"
            );
        }
    }

    #[test]
    fn what_is_taken() {
        for (text, servers, tls, database) in [
            ("redis://cache", "cache:6379", false, 0),
            ("redis://cache/", "cache:6379", false, 0),
            ("rediss://cache:6380/3", "cache:6380", true, 3),
            ("REDIS://[::1]:1/15", "[::1]:1", false, 15),
            ("redis://a/2, redis://b:1/2", "a:6379 b:1", false, 2),
            ("redis://me:x@a,redis://me:x@b", "a:6379 b:6379", false, 0),
        ] {
            let found = parse(text, 6_379).unwrap_or_else(|problem| panic!("{text}: {problem}"));
            let places = found.servers.iter();
            let places: Vec<String> = places
                .map(|(host, port)| host::with_port(host, *port))
                .collect();
            assert_eq!(places.join(" "), servers);
            assert_eq!((found.tls, found.database), (tls, database), "{text}");
        }
    }

    #[test]
    fn users_and_passwords() {
        for (text, username, password) in [
            ("redis://cache", None, None),
            ("redis://:@cache", None, None),
            ("redis://:a%2Cb%40c%25@cache", None, Some("a,b@c%")),
            ("redis://m%C3%A9@cache", Some("mé"), None),
            ("redis://me:secret@cache", Some("me"), Some("secret")),
        ] {
            let found = parse(text, 6_379).unwrap_or_else(|problem| panic!("{text}: {problem}"));
            assert_eq!(found.username.as_deref(), username);
            assert_eq!(found.password.as_ref().map(Secret::expose), password);
        }
    }
}
