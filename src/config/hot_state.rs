//! `[redis]`: where the hot state lies, if servers share it.

use std::path::PathBuf;

use super::certificates;
use super::host;
use super::keys::{self, Key};
use super::reader::Reader;
use super::redis_url::{self, Addresses};
use super::resolved::{Redis, Topology};
use super::secret::{self, Keys};

const PASSWORD: Keys = Keys {
    inline: &keys::REDIS_PASSWORD,
    file: &keys::REDIS_PASSWORD_FILE,
    noun: "the password of Redis",
};

const SENTINEL_PASSWORD: Keys = Keys {
    inline: &keys::SENTINEL_PASSWORD,
    file: &keys::SENTINEL_PASSWORD_FILE,
    noun: "the password of the sentinels",
};

const SENTINEL: [&Key; 4] = [
    &keys::SENTINEL_MASTER,
    &keys::SENTINEL_USERNAME,
    SENTINEL_PASSWORD.inline,
    SENTINEL_PASSWORD.file,
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Single,
    Sentinel,
    Cluster,
}

/// Reads `[redis]`. `None` if there is none, or if an error was noted.
pub(super) fn resolve(reader: &mut Reader<'_>) -> Option<Redis> {
    if !reader.is_given(&keys::REDIS_URL) {
        refuse_without(reader);
        return None;
    }
    let shape = shape(reader);
    let servers = servers(reader, shape);
    let password = secret::read(reader, &PASSWORD);
    let topology = shape.and_then(|shape| topology(reader, shape));
    let key_prefix = key_prefix(reader);
    let timeout = reader.duration(&keys::REDIS_TIMEOUT);
    let tls = servers.as_ref().map(|servers| servers.tls);
    let ca_pem = ca_pem(reader, tls);
    let servers = servers?;
    check_password(reader, &servers);
    check_shape(reader, &servers, shape?);
    warn(reader, &servers);
    Some(Redis {
        topology: topology?,
        tls: servers.tls,
        ca_pem,
        database: servers.database,
        username: servers.username,
        password: password.or(servers.password),
        key_prefix: key_prefix?,
        timeout: timeout?,
        servers: servers.servers,
    })
}

/// Refuses what would go unheeded.
fn refuse_without(reader: &mut Reader<'_>) {
    let keys = [
        &keys::REDIS_TOPOLOGY,
        PASSWORD.inline,
        PASSWORD.file,
        &keys::REDIS_CA_FILE,
        &keys::REDIS_KEY_PREFIX,
        &keys::REDIS_TIMEOUT,
    ];
    let text = "There is no redis.url, so that the hot state stays in process. Write redis.url, \
                or remove the key.";
    reader.refuse_given(&keys, text);
    reader.refuse_given(&SENTINEL, text);
}

fn shape(reader: &mut Reader<'_>) -> Option<Shape> {
    let words = [
        ("single", Shape::Single),
        ("sentinel", Shape::Sentinel),
        ("cluster", Shape::Cluster),
    ];
    reader.choice(&keys::REDIS_TOPOLOGY, &words)
}

fn servers(reader: &mut Reader<'_>, shape: Option<Shape>) -> Option<Addresses> {
    let text = reader.text(&keys::REDIS_URL)?;
    // The ports on which a server and a sentinel listen if nobody says otherwise.
    let port = if shape == Some(Shape::Sentinel) {
        26_379
    } else {
        6_379
    };
    match redis_url::parse(&text, port) {
        Ok(servers) => Some(servers),
        Err(problem) => {
            reader.refuse(&keys::REDIS_URL, problem);
            None
        }
    }
}

fn topology(reader: &mut Reader<'_>, shape: Shape) -> Option<Topology> {
    let known = match shape {
        Shape::Single => Topology::Single,
        Shape::Cluster => Topology::Cluster,
        Shape::Sentinel => return sentinel(reader),
    };
    reader.refuse_given(
        &SENTINEL,
        "It is for sentinels. Write redis.topology = \"sentinel\", or remove the key.",
    );
    Some(known)
}

fn sentinel(reader: &mut Reader<'_>) -> Option<Topology> {
    if !reader.is_given(&keys::SENTINEL_MASTER) {
        reader.refuse(
            &keys::SENTINEL_MASTER,
            "It is absent, and sentinels are asked for a master by its name. Write the one in \
             their \"sentinel monitor\" line, such as mymaster.",
        );
    }
    let master = reader.text(&keys::SENTINEL_MASTER);
    let username = reader.text(&keys::SENTINEL_USERNAME);
    let password = secret::read(reader, &SENTINEL_PASSWORD);
    if reader.is_given(&keys::SENTINEL_USERNAME) && !SENTINEL_PASSWORD.are_given(reader) {
        reader.refuse(
            &keys::SENTINEL_USERNAME,
            "It has no password, and would go unheeded. Write redis.sentinel_password_file, or \
             remove the key.",
        );
    }
    Some(Topology::Sentinel {
        master: master?.to_string(),
        username: username.map(|name| name.to_string()),
        password,
    })
}

/// What our keys begin with. Braces would put all of them on one node of a cluster.
fn key_prefix(reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text(&keys::REDIS_KEY_PREFIX)?;
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b":_.-".contains(&byte);
    if text.len() <= 64 && text.bytes().all(sound) {
        return Some(text.to_string());
    }
    let problem = format!(
        "{:?} is not a prefix. Write 1 to 64 of the characters A-Z a-z 0-9 : _ . - such as \
         \"lanyard:\".",
        *text
    );
    reader.refuse(&keys::REDIS_KEY_PREFIX, problem);
    None
}

fn ca_pem(reader: &mut Reader<'_>, tls: Option<bool>) -> Option<Vec<u8>> {
    let key = &keys::REDIS_CA_FILE;
    let path = PathBuf::from(reader.text(key)?.as_str());
    if tls == Some(false) {
        let text = "It is for TLS, and redis.url begins with redis://. Write rediss://, or remove \
                    the key.";
        reader.refuse(key, text);
        return None;
    }
    match certificates::read(&path) {
        Ok(pem) => Some(pem),
        Err(problem) => {
            reader.refuse(key, problem);
            None
        }
    }
}

fn check_password(reader: &mut Reader<'_>, servers: &Addresses) {
    if servers.password.is_some() {
        let place = reader.place(&keys::REDIS_URL);
        let text = format!("redis.url has a password too ({place}). Remove it there.");
        reader.refuse_given(&PASSWORD.both(), &text);
    } else if servers.username.is_some() && !PASSWORD.are_given(reader) {
        reader.refuse(
            &keys::REDIS_URL,
            "It names a user without a password, who would go unheeded. Write \
             redis.password_file, or remove the user.",
        );
    }
}

fn check_shape(reader: &mut Reader<'_>, servers: &Addresses, shape: Shape) {
    let count = servers.servers.len();
    let database = servers.database;
    let problem = match shape {
        Shape::Single if count > 1 => format!(
            "It names {count} servers, and redis.topology is \"single\". Write redis.topology = \
             \"sentinel\" or \"cluster\", or name one server."
        ),
        Shape::Cluster if database != 0 => {
            format!("A cluster has no database {database}, only 0. Write /0, or nothing.")
        }
        _ => return,
    };
    reader.refuse(&keys::REDIS_URL, problem);
}

fn warn(reader: &mut Reader<'_>, servers: &Addresses) {
    let mut hosts = servers.servers.iter().map(|(host, _)| host);
    if let Some(far) = hosts.find(|host| !host::is_loopback(host))
        && !servers.tls
    {
        reader.warnings.push(format!(
            "redis.url: the connection to {far} is not encrypted: others on the way can read the \
             password and change what is kept. Write rediss://, and redis.ca_file if a private \
             authority made the certificate."
        ));
    }
}

/// Warns of what is shared in part. Addresses on several machines would each have their own record.
pub(super) fn warn_of_sqlite(reader: &mut Reader<'_>) {
    reader.warnings.push(
        "redis.url is given, and the record is an SQLite file. Several servers on one SQLite file \
         must run on one machine; for more, write a postgres:// address in database.url."
            .to_owned(),
    );
}
