//! What a server says of itself at the handshake, and whether it may serve us.

use std::collections::HashMap;
use std::fmt;

use super::settings::Topology;
use crate::store::Unknown;
use crate::store::hot::Identity;

/// The oldest version whose scripts have flags.
const OLDEST: u32 = 7;

/// What `INFO` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    role: String,
    run_id: String,
    replication_id: String,
    version: String,
    policy: String,
    persistent: bool,
    loading: bool,
}

impl Facts {
    /// Reads the answer to `INFO`.
    pub(super) fn parse(info: &str, topology: &Topology) -> Result<Self, Unknown> {
        let facts: HashMap<&str, &str> = info
            .lines()
            .filter_map(|line| line.trim_end().split_once(':'))
            .collect();
        let mode = facts.get("redis_mode").copied().unwrap_or_default();
        if let Some(mismatch) = Self::mismatch(mode, topology) {
            return Err(Unknown(mismatch.to_owned()));
        }
        let fact = |name: &str| {
            let found = facts.get(name).map(|value| (*value).to_owned());
            found.ok_or_else(|| Unknown(format!("Redis does not say its {name}")))
        };
        Ok(Self {
            role: fact("role")?,
            run_id: fact("run_id")?,
            replication_id: fact("master_replid")?,
            version: fact("redis_version")?,
            policy: fact("maxmemory_policy")?,
            persistent: facts.get("aof_enabled") == Some(&"1"),
            loading: facts.get("loading") == Some(&"1"),
        })
    }

    /// Why it may not serve us, with the remedy.
    pub(super) fn refusal(&self, topology: &Topology) -> Option<String> {
        let major = self.version.split('.').next();
        if major.and_then(|major| major.parse().ok()) < Some(OLDEST) {
            return Some(format!(
                "Redis {} is too old: it needs to be 7.0 or later",
                self.version
            ));
        }
        if self.policy != "noeviction" {
            return Some(format!(
                "Redis has maxmemory-policy {}: it would forget sessions and ends at random. Set \
                 maxmemory-policy noeviction, and enough maxmemory",
                self.policy
            ));
        }
        if self.role != "master" {
            return Some(match topology {
                Topology::Single => "this Redis is a replica. Write the address of its master in \
                     redis.url, or those of the sentinels with redis.topology = \"sentinel\""
                    .to_owned(),
                _ => "this Redis is a replica now: looking for the master".to_owned(),
            });
        }
        self.loading
            .then(|| "Redis is still loading its data".to_owned())
    }

    /// What is not a server of the topology, with the remedy.
    fn mismatch(mode: &str, topology: &Topology) -> Option<&'static str> {
        match (mode, topology) {
            ("sentinel", Topology::Single | Topology::Cluster) => Some(
                "this is a sentinel: write redis.topology = \"sentinel\" and \
                 redis.sentinel_master, or the address of a server in redis.url",
            ),
            ("cluster", Topology::Single | Topology::Sentinel { .. }) => {
                Some("this is a node of a cluster: write redis.topology = \"cluster\"")
            }
            _ => None,
        }
    }

    /// A refusal that no waiting mends.
    pub(super) fn is_misconfigured(&self) -> bool {
        let too_old = self
            .version
            .split('.')
            .next()
            .and_then(|major| major.parse().ok())
            < Some(OLDEST);
        too_old || self.policy != "noeviction"
    }

    /// What an operator should know.
    pub(super) fn warning(&self) -> Option<&'static str> {
        (!self.persistent).then_some(
            "Redis keeps no append-only file: after its restart every app signs in again silently \
             and sessions are read from the database. Set appendonly yes",
        )
    }

    /// Who it is, with the canary that lies in it.
    pub(super) fn identity(&self, shard: &str, canary: &str) -> Identity {
        Identity {
            shard: shard.to_owned(),
            run_id: self.run_id.clone(),
            replication_id: self.replication_id.clone(),
            canary: canary.to_owned(),
        }
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = if self.persistent { "with" } else { "without" };
        write!(
            f,
            "Redis {}, {}, maxmemory-policy {}, {file} append-only file",
            self.version, self.role, self.policy
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: &str, role: &str, policy: &str, more: &str) -> String {
        format!(
            "# Server\r\nredis_version:{version}\r\nrun_id:aa\r\n# Replication\r\nrole:{role}\r\n\
             master_replid:bb\r\nmaxmemory_policy:{policy}\r\n{more}"
        )
    }

    #[test]
    fn what_cannot_serve_says_why() {
        for (version, role, policy, more, says) in [
            ("7.0.15", "master", "noeviction", "", None),
            ("8.2.1", "master", "noeviction", "", None),
            ("6.2.7", "master", "noeviction", "", Some("7.0 or later")),
            ("odd", "master", "noeviction", "", Some("7.0 or later")),
            (
                "7.0.15",
                "master",
                "allkeys-lru",
                "",
                Some("maxmemory-policy noeviction"),
            ),
            (
                "7.0.15",
                "master",
                "volatile-ttl",
                "",
                Some("maxmemory-policy noeviction"),
            ),
            ("7.0.15", "slave", "noeviction", "", Some("replica")),
            (
                "7.0.15",
                "master",
                "noeviction",
                "loading:1\r\n",
                Some("loading"),
            ),
        ] {
            let facts =
                Facts::parse(&info(version, role, policy, more), &Topology::Single).unwrap();
            let refusal = facts.refusal(&Topology::Single);
            match says {
                None => assert_eq!(refusal, None),
                Some(says) => assert!(refusal.unwrap().contains(says), "{says}"),
            }
        }
    }

    #[test]
    fn an_answer_that_lacks_a_fact_admits_nobody() {
        let whole = info("7.0.15", "master", "noeviction", "");
        for line in whole.lines().filter(|line| line.contains(':')) {
            let cut = whole.replace(line, "");
            assert!(Facts::parse(&cut, &Topology::Single).is_err(), "{line}");
        }
    }

    #[test]
    fn missing_persistence_is_a_warning() {
        let with = |more| {
            Facts::parse(
                &info("7.0.15", "master", "noeviction", more),
                &Topology::Single,
            )
            .unwrap()
        };
        assert!(with("").warning().is_some());
        assert!(with("aof_enabled:0\r\n").warning().is_some());
        assert!(with("aof_enabled:1\r\n").warning().is_none());
    }
}
