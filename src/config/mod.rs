//! What an operator may set: one TOML file, overridden by `LANYARD__SECTION__KEY` variables.
//!
//! The route is raw (texts and where each stood) -> [`Config`] (typed and validated). All problems
//! are reported at once, each with file, line, key and remedy. This room is the only reader of the
//! process environment; other rooms are handed the two or three values that they need.

mod certificates;
mod clients;
mod database;
mod delivery;
mod duration;
mod edge;
mod environment;
mod error;
mod file;
mod host;
mod hot_state;
mod issuer;
mod key_file;
mod key_source;
mod keys;
mod load;
mod master_key;
mod metadata_documents;
mod metrics;
mod nearest;
mod own_claims;
mod password;
mod postgres;
mod postgres_url;
mod protocol;
mod raw;
mod reader;
mod redis_url;
mod registration;
mod resolved;
mod secret;
mod server;
mod signing_keys;

pub use clients::unknown_member;
pub use duration::parse_whole as duration;
pub use error::{ConfigError, Place};
pub use issuer::{Issuer, IssuerError};
pub use key_source::KeySource;
#[cfg(feature = "fail-points")]
pub use load::crash_at;
pub use load::{Source, from_process, load};
pub use master_key::{MasterKey, MasterKeyError};
pub use resolved::{
    Config, CookieSameSite, Database, Delivery, Grants, Hot, Log, LogFormat, MetadataDocuments,
    Metrics, Password, Postgres, Redis, Registration, Server, Sessions, SigningKeys, Topology,
    WhoRegisters, WhoseDocuments,
};
pub use secret::Secret;
