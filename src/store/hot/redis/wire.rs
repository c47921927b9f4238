//! Keys, arguments and answers: how the words of the seam look to Redis. Pure.

use std::time::Duration;

use redis::Cmd;

use super::scripts;
use crate::clock::Timestamp;
use crate::entropy::Root;
use crate::store::hot::{Check, Commit, Effect, Name, Slot};

/// How long a root and a counter are kept after their last expiry: for clocks that differ.
pub(super) const LINGER: Duration = Duration::from_mins(10);

/// A field's header: kind, expiry, version. The scripts pack it as `>BI6I7`.
const HEADER: usize = 1 + 6 + 7;
const DOCUMENT: u8 = 1;
const TOMBSTONE: u8 = 2;

/// Names of keys. Everything of one root has its text as the hash tag, and so lies in one slot.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
        }
    }

    /// The hash of a root's documents.
    pub(super) fn root(&self, root: &Root) -> Vec<u8> {
        format!("{}{{{}}}", self.prefix, root.encode()).into_bytes()
    }

    /// The mark of an attempt at a root.
    pub(super) fn attempt(&self, root: &Root, attempt: &[u8; 16]) -> Vec<u8> {
        let mut key = self.root(root);
        key.extend_from_slice(attempt);
        key
    }

    /// A counter.
    pub(super) fn counter(&self, key: &str) -> Vec<u8> {
        format!("{}n:{key}", self.prefix).into_bytes()
    }

    /// The sign of life of a node.
    pub(super) fn node(&self, node: &str) -> Vec<u8> {
        format!("{}node:{node}", self.prefix).into_bytes()
    }

    /// The canary of a master. The number is chosen so that the key lies in a slot of its own.
    pub(super) fn canary(&self, number: u32) -> Vec<u8> {
        format!("{}canary:{{{number}}}", self.prefix).into_bytes()
    }

    /// Where nodes tell each other that there is something to read.
    pub(super) fn channel(&self) -> String {
        format!("{}hints", self.prefix)
    }
}

/// The hash slot of a key (Redis Cluster specification, "hash tags").
pub(super) fn slot(key: &[u8]) -> u16 {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let rest = key.get(open + 1..)?;
        let close = rest.iter().position(|byte| *byte == b'}')?;
        rest.get(..close).filter(|tag| !tag.is_empty())
    });
    crc16::State::<crc16::XMODEM>::calculate(tag.unwrap_or(key)) % 16_384
}

/// The call that commits. `offset` makes the server's expiry of one by our clock.
pub(super) fn commit(
    keys: &Keys,
    root: &Root,
    commit: &Commit,
    now: Timestamp,
    wall: Timestamp,
) -> Cmd {
    let frees = |effect: &Effect| !matches!(effect, Effect::Put { .. });
    let script = if commit.effects.iter().all(frees) {
        &scripts::END
    } else {
        &scripts::WRITE
    };
    let places = [keys.root(root), keys.attempt(root, &commit.attempt)];
    let mut call = scripts::call(script, &[&places[0], &places[1]]);
    let offset = wall.as_millis() - now.as_millis() + millis(LINGER);
    call.arg(now.as_millis())
        .arg(offset)
        .arg(commit.checks.len());
    for check in &commit.checks {
        match check {
            Check::At(name, version) => call.arg("at").arg(&name.0).arg(*version),
            Check::Absent(name) => call.arg("absent").arg(&name.0).arg(0),
            Check::Present(name) => call.arg("present").arg(&name.0).arg(0),
            Check::NoTombstone(name) => call.arg("unmarked").arg(&name.0).arg(0),
        };
    }
    for effect in &commit.effects {
        match effect {
            Effect::Put {
                name,
                bytes,
                expires,
            } => call
                .arg("put")
                .arg(&name.0)
                .arg(expires.as_millis())
                .arg(bytes.as_slice()),
            Effect::Tombstone { name, expires } => call
                .arg("tombstone")
                .arg(&name.0)
                .arg(expires.as_millis())
                .arg(""),
            Effect::Delete(name) => call.arg("delete").arg(&name.0).arg(0).arg(""),
            Effect::DeleteAll => call.arg("clear").arg("").arg(0).arg(""),
        };
    }
    call
}

/// The call that reads names of a root.
pub(super) fn read(keys: &Keys, root: &Root, names: &[Name]) -> Cmd {
    let mut call = redis::cmd("HMGET");
    call.arg(keys.root(root));
    for name in names {
        call.arg(&name.0);
    }
    call
}

/// What a field holds. One that cannot be read counts as none: SQL is then asked.
pub(super) fn found(field: Option<Vec<u8>>, now: Timestamp) -> Slot {
    let Some(mut field) = field else {
        return Slot::Absent;
    };
    let Some((kind, expires, version)) = header(&field) else {
        return Slot::Absent;
    };
    if expires <= now {
        Slot::Absent
    } else if kind == DOCUMENT {
        field.drain(..HEADER);
        Slot::Found {
            version,
            bytes: field,
        }
    } else if kind == TOMBSTONE {
        Slot::Tombstone
    } else {
        Slot::Absent
    }
}

fn header(field: &[u8]) -> Option<(u8, Timestamp, u64)> {
    let (header, _) = field.split_at_checked(HEADER)?;
    let (kind, rest) = header.split_first()?;
    let (expires, version) = rest.split_at_checked(6)?;
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let expires = Timestamp::from_millis(i64::try_from(number(expires)).ok()?);
    Some((*kind, expires, number(version)))
}

/// What a counter holds.
pub(super) fn counted(value: Option<&str>, now: Timestamp) -> u64 {
    let parts = value.and_then(|value| value.split_once(':'));
    let parsed = parts.and_then(|(count, until)| Some((count.parse().ok()?, until.parse().ok()?)));
    match parsed {
        Some((count, until)) if now < Timestamp::from_millis(until) => count,
        _ => 0,
    }
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_000);

    fn field(kind: u8, expires: i64, version: u64, bytes: &[u8]) -> Vec<u8> {
        let mut field = vec![kind];
        field.extend_from_slice(&expires.to_be_bytes()[2..]);
        field.extend_from_slice(&version.to_be_bytes()[1..]);
        field.extend_from_slice(bytes);
        field
    }

    #[test]
    fn fields_are_read_as_the_script_packs_them() {
        let later = NOW.as_millis() + 1;
        let document = Slot::Found {
            version: 1 << 52,
            bytes: b"x".to_vec(),
        };
        for (held, slot) in [
            (None, Slot::Absent),
            (Some(vec![]), Slot::Absent),
            (Some(vec![1; HEADER - 1]), Slot::Absent),
            (Some(field(1, later, 1 << 52, b"x")), document),
            (Some(field(1, NOW.as_millis(), 1, b"x")), Slot::Absent),
            (Some(field(2, later, 1, b"")), Slot::Tombstone),
            (Some(field(2, NOW.as_millis(), 1, b"")), Slot::Absent),
            (Some(field(3, later, 1, b"x")), Slot::Absent),
        ] {
            assert_eq!(found(held.clone(), NOW), slot, "{held:?}");
        }
    }

    #[test]
    fn what_belongs_to_a_root_lies_in_one_slot() {
        let keys = Keys::new("lanyard:");
        for byte in 0..=255 {
            let root = Root::from_bytes([byte; 16]);
            let attempt = keys.attempt(&root, &[b'}'; 16]);
            assert_eq!(slot(&keys.root(&root)), slot(&attempt));
        }
        // From the specification's own examples.
        assert_eq!(slot(b"123456789"), 0x31C3);
        assert_eq!(slot(b"{user1000}.following"), slot(b"user1000"));
        assert_eq!(
            slot(b"foo{}{bar}"),
            crc16::State::<crc16::XMODEM>::calculate(b"foo{}{bar}") % 16_384
        );
        assert_eq!(slot(b"foo{{bar}}zap"), slot(b"{bar"));
    }

    #[test]
    fn counters_that_cannot_be_read_count_nothing() {
        for (value, count) in [
            (None, 0),
            (Some(""), 0),
            (Some("3"), 0),
            (Some("x:9999999"), 0),
            (Some("3:1000000"), 0),
            (Some("3:1000001"), 3),
        ] {
            assert_eq!(counted(value, NOW), count, "{value:?}");
        }
    }
}
