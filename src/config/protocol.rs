//! What is offered beyond what everybody needs.

use super::keys::{self, Key};
use super::reader::Reader;
use crate::protocol::features::Features;

const SWITCH: [(&str, bool); 2] = [("off", false), ("on", true)];

/// Reads the `protocol` section.
pub(super) fn resolve(reader: &mut Reader<'_>) -> Option<Features> {
    let mut switch = |key: &Key| reader.choice(key, &SWITCH);
    let front_channel_tokens = switch(&keys::FRONT_CHANNEL_TOKENS);
    let request_uri = switch(&keys::REQUEST_URI);
    let unsigned = switch(&keys::UNSIGNED_REQUEST_OBJECTS);
    let pushed = switch(&keys::REQUIRE_PUSHED_REQUESTS);
    let nonce = switch(&keys::REQUIRE_DPOP_NONCE);
    Some(Features {
        front_channel_tokens: front_channel_tokens?,
        request_uri: request_uri?,
        unsigned_request_objects: unsigned?,
        require_pushed_requests: pushed?,
        dpop_without_nonce: !nonce?,
        ..Features::default()
    })
}
