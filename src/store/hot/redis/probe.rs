//! Tries at the start what an ACL may forbid: each command that calls and scripts use, on a key and
//! a channel of ours. A right that is missing would otherwise show itself in the middle of the
//! night, in the branch of a script that is seldom taken.

use redis::Cmd;

use super::topology::client;
use super::{RedisStore, remedy};
use crate::clock::Clock;
use crate::store::Unknown;

impl RedisStore {
    /// Fails with the names of all commands that this user may not run. Whatever else goes wrong
    /// here is no matter of rights, and is found by whom it concerns.
    pub(super) async fn try_rights(&self) -> Result<(), Unknown> {
        let inner = &self.inner;
        let masters = inner.map.masters();
        let mut denied = Vec::new();
        for master in masters.iter() {
            // A key in a slot of this master, beside its canary.
            let Some(mut key) = master.canary(&inner.door.keys) else {
                continue;
            };
            key.extend_from_slice(b":rights:");
            key.extend_from_slice(inner.door.entropy.alphanumeric(8).as_bytes());
            let link = inner.link(&master.address, self.lane);
            let mut conn = link.admitted(&inner.door, master).await?.conn;
            for call in calls(&key, &inner.door.keys.channel()) {
                let answer = call.query_async::<redis::Value>(&mut conn).await;
                if let Err(error) = answer
                    && error.code() == Some("NOPERM")
                {
                    note(&mut denied, &error);
                }
            }
        }
        self.try_to_listen(&mut denied).await?;
        match denied.as_slice() {
            [] => Ok(()),
            names => Err(Unknown(format!(
                "Redis: the ACL user has no right to {} (NOPERM): docs/storage.md prints the \
                 rights that it needs",
                names.join(", ")
            ))),
        }
    }

    async fn try_to_listen(&self, denied: &mut Vec<String>) -> Result<(), Unknown> {
        let door = &self.inner.door;
        let masters = self.inner.map.masters();
        let Some(first) = masters.first() else {
            return Ok(());
        };
        let settings = &door.settings;
        let client = client(settings, &first.address, &settings.login, settings.database)?;
        if let Ok(mut hints) = client.get_async_pubsub().await
            && let Err(error) = hints.subscribe(door.keys.channel()).await
            && error.code() == Some("NOPERM")
        {
            note(denied, &error);
        }
        Ok(())
    }
}

fn note(denied: &mut Vec<String>, error: &redis::RedisError) {
    let detail = error.detail().unwrap_or_default();
    let name = match remedy::denied(detail) {
        Some(command) => format!("the command {command}"),
        None if detail.contains("channel") => "the channel of redis.key_prefix".to_owned(),
        None => "the keys of redis.key_prefix".to_owned(),
    };
    if !denied.contains(&name) {
        denied.push(name);
    }
}

/// One call of each command, on a hash that is gone afterwards.
fn calls(key: &[u8], channel: &str) -> Vec<Cmd> {
    let soon = Clock::System.now().as_millis() + 10_000;
    let on = |word: &str| {
        let mut call = redis::cmd(word);
        call.arg(key);
        call
    };
    let with = |word: &str, arguments: &[&str]| {
        let mut call = on(word);
        call.arg(arguments);
        call
    };
    let mut publish = redis::cmd("PUBLISH");
    publish.arg(channel).arg("");
    let mut load = redis::cmd("SCRIPT");
    load.arg("LOAD").arg("return 1");
    let mut eval = redis::cmd("EVAL");
    eval.arg("return 1").arg(1).arg(key);
    vec![
        with("HSET", &["a", ""]),
        with("PEXPIREAT", &[soon.to_string().as_str()]),
        on("PEXPIRETIME"),
        with("HGET", &["a"]),
        with("HMGET", &["a"]),
        on("HKEYS"),
        on("HVALS"),
        on("HLEN"),
        with("HRANDFIELD", &["1"]),
        with("HDEL", &["a"]),
        on("EXISTS"),
        with("SET", &["", "PX", "1000"]),
        on("GET"),
        on("DEL"),
        redis::cmd("TIME"),
        publish,
        load,
        eval,
    ]
}
