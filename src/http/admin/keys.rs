//! The signing keys.

use actix_web::http::StatusCode;

use super::route::{Answer, Call};
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::keys::{KeyRow, KeyState, Keys};
use crate::pages::time;
use crate::provider::{KeyUse, KeyView};

pub(super) async fn get(call: Call) -> Answer {
    let keys = call.state.provider.signing_keys();
    let page = Keys {
        frame: call.frame(Section::Keys, None),
        keys: keys.into_iter().map(row).collect(),
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

fn row(key: KeyView) -> KeyRow {
    KeyRow {
        kid: key.kid,
        alg: key.alg.as_str(),
        state: match key.state {
            KeyUse::Signs => KeyState::Signs,
            KeyUse::Verifies => KeyState::Verifies,
        },
        made: time::stamp(key.made),
    }
}
