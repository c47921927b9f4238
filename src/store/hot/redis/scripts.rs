//! The scripts, by what they may do when memory is full. Redis refuses a script without
//! `allow-oom` before its first write, so that it is all or nothing there too.

use std::sync::LazyLock;

use redis::{Cmd, Script};

const COMMIT: &str = include_str!("commit.lua");
const COUNT: &str = include_str!("count.lua");
const UNCOUNT: &str = include_str!("uncount.lua");
const CANARY: &str = include_str!("canary.lua");

/// Refused when memory is full.
fn bounded(text: &str) -> Script {
    Script::new(&format!("#!lua\n{text}"))
}

/// Allowed when memory is full: it frees, or writes a few bytes that safety rests on.
fn always(text: &str) -> Script {
    Script::new(&format!("#!lua flags=allow-oom\n{text}"))
}

/// A commit that writes documents.
pub(super) static WRITE: LazyLock<Script> = LazyLock::new(|| bounded(COMMIT));
/// The same rules for a commit that only ends and deletes.
pub(super) static END: LazyLock<Script> = LazyLock::new(|| always(COMMIT));
/// Raises a counter.
pub(super) static RAISE: LazyLock<Script> = LazyLock::new(|| bounded(COUNT));
/// Lowers a counter.
pub(super) static LOWER: LazyLock<Script> = LazyLock::new(|| always(UNCOUNT));
/// Reads the canary, or sets it.
pub(super) static SIGN: LazyLock<Script> = LazyLock::new(|| always(CANARY));

/// Those that calls use; the server is given them at the handshake.
pub(super) fn all() -> [&'static Script; 4] {
    [&WRITE, &END, &RAISE, &LOWER]
}

/// A call of a script on some keys.
pub(super) fn call(script: &Script, keys: &[&[u8]]) -> Cmd {
    let mut call = redis::cmd("EVALSHA");
    call.arg(script.get_hash()).arg(keys.len()).arg(keys);
    call
}
