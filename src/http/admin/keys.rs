//! The signing keys, and changing one by hand.

use actix_web::http::StatusCode;

use super::route::{Answer, Call, nothing_here};
use crate::clock::Timestamp;
use crate::http::headers::Policy;
use crate::http::respond;
use crate::pages::admin::Section;
use crate::pages::admin::keys::{KeyRotation, KeyRow, Keys};
use crate::pages::parts::{Notice, Tone};
use crate::pages::time;
use crate::protocol::client::SigningAlg;
use crate::protocol::jose::KeyState;
use crate::provider::KeyView;

pub(super) async fn get(call: Call) -> Answer {
    let keys = call.state.provider.signing_keys();
    let page = Keys {
        frame: call.frame(Section::Keys, notice(&call)),
        keys: keys.into_iter().map(row).collect(),
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

/// What has just been done. Anybody can write the link, so that it says nothing to act on.
fn notice(call: &Call) -> Option<Notice> {
    let alg = |name| call.query.get(name).and_then(SigningAlg::parse);
    let (tone, title, text) = match (alg("rotated"), alg("raced")) {
        (Some(alg), _) => (
            Tone::Ok,
            format!("The {} key was changed", alg.as_str()),
            "The list shows which one signs now.",
        ),
        (None, Some(alg)) => (
            Tone::Wait,
            format!(
                "The {} key was changed by somebody else meanwhile",
                alg.as_str()
            ),
            "Look at the list, and rotate again if it is still needed.",
        ),
        (None, None) => return None,
    };
    Some(Notice {
        tone,
        title,
        text: text.to_owned(),
        receipts: None,
    })
}

fn row(key: KeyView) -> KeyRow {
    KeyRow {
        kid: key.kid,
        alg: key.alg.as_str(),
        state: key.state,
        made: time::stamp(key.made),
        until: key.until.map(time::stamp),
    }
}

pub(super) async fn ask_rotation(call: Call) -> Answer {
    let Some(alg) = call.query.get("alg").and_then(SigningAlg::parse) else {
        return Ok(nothing_here());
    };
    let keys = call.state.provider.signing_keys();
    let in_state = |state| {
        let mut keys = keys.iter();
        keys.find(|key| key.alg == alg && key.state == state)
    };
    let Some(current) = in_state(KeyState::Current) else {
        return Ok(nothing_here());
    };
    let now = call.state.provider.clock().now();
    let next = in_state(KeyState::Next);
    let page = KeyRotation {
        frame: call.frame(Section::Keys, None),
        alg: alg.as_str(),
        current: current.kid.clone(),
        next: next.map(|key| key.kid.clone()),
        unknown_until: next.and_then(|key| ahead(key.until, now)),
    };
    Ok(respond::page(StatusCode::OK, &page, &Policy::stays()))
}

fn ahead(at: Option<Timestamp>, now: Timestamp) -> Option<time::Moment> {
    at.filter(|at| *at > now).map(time::stamp)
}

pub(super) async fn rotate(call: Call) -> Answer {
    let Some(alg) = call.field("alg").and_then(SigningAlg::parse) else {
        return Ok(nothing_here());
    };
    let drop = call.field("drop").is_some();
    let provider = &call.state.provider;
    let rotated = provider.rotate_key(alg, drop, &call.administrator).await?;
    let outcome = if rotated.is_some() {
        "rotated"
    } else {
        "raced"
    };
    let location = format!("/admin/keys?{outcome}={}", alg.as_str());
    Ok(respond::see_other(&location))
}
