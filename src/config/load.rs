//! From a file and variables to a [`Config`], or to all that is wrong with them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tracing_subscriber::EnvFilter;

use super::error::{ConfigError, Place};
use super::file::Lists;
use super::issuer::Issuer;
use super::keys::{self, Key};
use super::raw::Raw;
use super::reader::Reader;
use super::resolved::{Config, CookieSameSite, Database, Grants, Hot, Log, LogFormat, Sessions};
use super::{
    clients, database, delivery, duration, edge, environment, file, hot_state, metadata_documents,
    metrics, own_claims, password, protocol, registration, server, signing_keys,
};
use crate::protocol::custom_claims::CustomClaims;
use crate::session::session::Limits;

/// What a configuration is read from. It has no `Debug`: variables may hold secrets.
#[derive(Clone, Default)]
pub struct Source {
    /// The TOML file, if there is one.
    pub file: Option<PathBuf>,
    /// Variables, by name. Those that do not start with `LANYARD__` are passed over.
    pub environment: Vec<(String, String)>,
}

/// The file that is read when none is named.
const DEFAULT_FILE: &str = "lanyard.toml";

/// The step at which a test wants this process to die: `LANYARD_CRASH_AT`.
#[cfg(feature = "fail-points")]
pub fn crash_at() -> Option<crate::failpoint::FailPoint> {
    let name = std::env::var_os("LANYARD_CRASH_AT")?;
    crate::failpoint::FailPoint::parse(name.to_str()?)
}

/// Reads this process's variables, and the file named on the command line or, without one,
/// `lanyard.toml` in the working folder if it is there.
pub fn from_process(file: Option<PathBuf>) -> Result<Config, Vec<ConfigError>> {
    let mut garbled = Vec::new();
    let mut environment = Vec::new();
    for (name, value) in std::env::vars_os() {
        // A name of ours is ASCII: one that is not is somebody else's.
        let Ok(name) = name.into_string() else {
            continue;
        };
        if !name.starts_with("LANYARD_") {
            continue;
        }
        match value.into_string() {
            Ok(value) => environment.push((name, value)),
            Err(_) => garbled.push(ConfigError::of_place(
                Place::Environment(name),
                "The value is not UTF-8 text. Write it as UTF-8.",
            )),
        }
    }
    let default = Path::new(DEFAULT_FILE);
    let file = file.or_else(|| default.exists().then(|| default.to_owned()));
    match (load(Source { file, environment }), garbled.is_empty()) {
        (loaded, true) => loaded,
        (Ok(_), false) => Err(garbled),
        (Err(errors), false) => Err(garbled.into_iter().chain(errors).collect()),
    }
}

/// Reads and validates. Nothing is written and nothing is contacted. The errors are in the order
/// of the file's lines, then of the variables, then of what is absent.
pub fn load(source: Source) -> Result<Config, Vec<ConfigError>> {
    let mut raw = Raw::new();
    let mut lists = Lists::default();
    let file = source
        .file
        .map(|path| file::read(&path, &mut raw, &mut lists));
    let (mut errors, warnings) = environment::overlay(source.environment, &mut raw);
    match file.unwrap_or_else(|| Ok(Vec::new())) {
        Ok(problems) => errors.extend(problems),
        // Nothing of the file is known, so that judging the rest would only add noise.
        Err(problems) => return Err(problems.into_iter().chain(errors).collect()),
    }
    let mut reader = Reader::new(&raw);
    reader.warnings = warnings;
    let config = resolve(&mut reader);
    errors.append(&mut reader.errors);
    let bounds = config.as_ref().map(Config::bounds);
    let (clients, client_mac_keys) = clients::judge(
        lists.clients,
        bounds.as_ref(),
        &mut errors,
        &mut reader.warnings,
    );
    let claims = own_claims::judge(lists.claims, lists.scopes, &mut errors);
    errors.sort_by(|one, other| one.place.cmp(&other.place));
    match config {
        Some(config) if errors.is_empty() => Ok(Config {
            claims,
            clients,
            client_mac_keys,
            warnings: reader.warnings,
            ..config
        }),
        _ => Err(errors),
    }
}

/// Every section is read before any is missed, so that all errors come at once.
fn resolve(reader: &mut Reader<'_>) -> Option<Config> {
    let (issuer, listen) = server::resolve(reader);
    let server = edge::resolve(reader, issuer.as_ref());
    let data = database::data(reader);
    let database = database::database(reader, data.as_deref());
    let database_outage_tolerance = reader.duration(&keys::DATABASE_OUTAGE_TOLERANCE);
    let redis = hot_state::resolve(reader);
    if redis.is_some() && matches!(database, Some(Database::Sqlite(_))) {
        hot_state::warn_of_sqlite(reader);
    }
    let master_key = database::master_key(reader, data.as_deref());
    let keys = signing_keys::resolve(reader);
    let token_lifetime = reader.duration(&keys::TOKENS_MAX_LIFETIME);
    let session = sessions(reader, issuer.as_ref().is_none_or(Issuer::is_https));
    let grants = grants(reader);
    let protocol = protocol::resolve(reader);
    let password = password::resolve(reader);
    let log = log(reader);
    let metrics = metrics::resolve(reader, listen);
    let delivery = delivery::resolve(reader);
    let registration = registration::resolve(reader);
    let metadata_documents = metadata_documents::resolve(reader);
    let hot = reader.number(&keys::HOT_MEMORY);
    Some(Config {
        issuer: issuer?,
        listen: listen?,
        server: server?,
        data: data?,
        database: database?,
        database_outage_tolerance: database_outage_tolerance?,
        redis,
        master_key: master_key?,
        keys: keys?,
        token_lifetime: token_lifetime?,
        session: session?,
        grants: grants?,
        protocol: protocol?,
        password: password?,
        log: log?,
        metrics: metrics?,
        delivery: delivery?,
        registration: registration?,
        metadata_documents: metadata_documents?,
        hot: Hot {
            memory_bytes: hot?.saturating_mul(1 << 20),
        },
        claims: CustomClaims::default(),
        clients: Vec::new(),
        client_mac_keys: BTreeMap::new(),
        warnings: Vec::new(),
    })
}

fn sessions(reader: &mut Reader<'_>, https: bool) -> Option<Sessions> {
    let limits = limits(reader, &keys::IDLE_TIMEOUT, &keys::LIFETIME);
    let remembered = self::limits(
        reader,
        &keys::REMEMBER_ME_IDLE_TIMEOUT,
        &keys::REMEMBER_ME_LIFETIME,
    );
    let words = [("lax", CookieSameSite::Lax), ("none", CookieSameSite::None)];
    let cookie_same_site = reader.choice(&keys::COOKIE_SAME_SITE, &words);
    if cookie_same_site == Some(CookieSameSite::None) && !https {
        reader.refuse(
            &keys::COOKIE_SAME_SITE,
            "Browsers take \"none\" only over https, and the issuer is http. Write \"lax\".",
        );
    }
    let check_iframe = reader.choice(&keys::CHECK_IFRAME, &[("off", false), ("on", true)]);
    let max_per_user = reader.number(&keys::MAX_SESSIONS);
    Some(Sessions {
        max_per_user: u32::try_from(max_per_user?).ok().filter(|most| *most > 0),
        limits: limits?,
        remembered: remembered?,
        cookie_same_site: cookie_same_site?,
        check_iframe: check_iframe?,
    })
}

fn grants(reader: &mut Reader<'_>) -> Option<Grants> {
    let limits = limits(reader, &keys::OFFLINE_IDLE_TIMEOUT, &keys::OFFLINE_LIFETIME)?;
    Some(Grants {
        offline_idle_timeout: limits.idle_timeout,
        offline_lifetime: limits.lifetime,
    })
}

/// An idle timeout and a lifetime. The former would never be reached if it were the longer.
fn limits(reader: &mut Reader<'_>, idle: &Key, whole: &Key) -> Option<Limits> {
    let idle_timeout = reader.duration(idle);
    let lifetime = reader.duration(whole);
    let (idle_timeout, lifetime) = (idle_timeout?, lifetime?);
    if idle_timeout <= lifetime {
        return Some(Limits {
            idle_timeout,
            lifetime,
        });
    }
    let (shown, longest) = (duration::show(idle_timeout), duration::show(lifetime));
    if reader.is_given(idle) {
        let text = format!(
            "{shown} is longer than {} ({longest}). Write {longest} or less.",
            whole.name
        );
        reader.refuse(idle, text);
    } else {
        let text = format!(
            "{longest} is shorter than {} ({shown} by default). Set that to {longest} or less.",
            idle.name
        );
        reader.refuse(whole, text);
    }
    None
}

fn log(reader: &mut Reader<'_>) -> Option<Log> {
    let words = [("human", LogFormat::Human), ("json", LogFormat::Json)];
    let format = reader.choice(&keys::LOG_FORMAT, &words);
    let filter = reader.text(&keys::LOG_LEVEL)?;
    if !is_filter(&filter) {
        let text = format!(
            "{:?} is not a log filter. Write error, warn, info, debug or trace, or targets with \
             their levels: info,lanyard=debug.",
            *filter
        );
        reader.refuse(&keys::LOG_LEVEL, text);
        return None;
    }
    Some(Log {
        format: format?,
        filter: filter.to_string(),
    })
}

/// A filter, and no slip: the library would take `inof` for the name of a target.
fn is_filter(filter: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let whole = filter.split(',').all(|part| {
        part.contains('=') || LEVELS.contains(&part.trim().to_ascii_lowercase().as_str())
    });
    whole && EnvFilter::builder().parse(filter).is_ok()
}

#[cfg(test)]
mod tests;
