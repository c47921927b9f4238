//! `[registration]`: whether apps may register themselves (RFC 7591), and what they may be.

use super::keys::{self, Key};
use super::reader::Reader;
use super::resolved::{Registration, WhoRegisters};
use crate::protocol::scope::ScopeSet;

/// Reads `[registration]`.
pub(super) fn resolve(reader: &mut Reader<'_>) -> Option<Registration> {
    let words = [
        ("nobody", WhoRegisters::Nobody),
        ("token_holders", WhoRegisters::WithToken),
        ("anybody", WhoRegisters::Anybody),
    ];
    let who = reader.choice(&keys::REGISTRATION, &words);
    let pkce = [("on", true), ("off", false)];
    let require_pkce = reader.choice(&keys::REGISTRATION_PKCE, &pkce);
    let scopes = scopes(reader, &keys::REGISTRATION_SCOPES);
    let max_clients = reader.number(&keys::REGISTRATION_MAX);
    Some(Registration {
        who: who?,
        require_pkce: require_pkce?,
        scopes: scopes?,
        max_clients: u32::try_from(max_clients?).ok()?,
    })
}

/// What strangers may have where nothing is said: no address, phone, group or role of anybody.
const USUAL: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The scopes that a key lists.
pub(super) fn scopes(reader: &mut Reader<'_>, key: &Key) -> Option<ScopeSet> {
    let before = reader.errors.len();
    let mut named = reader.list(key);
    for item in &named {
        // Else two in one text would pass for one, or an empty one for none.
        if item.contains(' ') || ScopeSet::parse(item).is_ok_and(|one| one.is_empty()) {
            let problem = format!(
                "{item:?} is not one scope. Write each by itself, such as [\"openid\", \"email\"]."
            );
            reader.refuse(key, problem);
        } else if let Err(error) = ScopeSet::parse(item) {
            let problem =
                format!("{item:?}: {error}. Write scopes such as [\"openid\", \"email\"].");
            reader.refuse(key, problem);
        }
    }
    if reader.errors.len() > before {
        return None;
    }
    if named.is_empty() {
        named = USUAL.map(str::to_owned).to_vec();
    }
    match ScopeSet::parse(&named.join(" ")) {
        Ok(scopes) => Some(scopes),
        Err(error) => {
            let problem = format!("{error}. Write scopes, such as [\"openid\", \"email\"].");
            reader.refuse(key, problem);
            None
        }
    }
}
