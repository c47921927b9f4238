//! Whether all nodes use one hot state. Two that use different ones (another server, database or
//! prefix; or, in a split network, a master that was deposed) would not know of each other's
//! tokens: a refresh token would live twice. So each node says in the record what it uses, looks
//! every second at what is known there, and uses nothing that others have gone on from.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::Provider;
use super::trouble::Trouble;
use crate::clock::{Clock, Timestamp};
use crate::store::Unknown;
use crate::store::hot::{Admission, Gate, Identity};
use crate::store::record::{HotIdentity, HotNode};

/// Whoever has said nothing new for this long is gone, or cannot reach what it used.
const SILENT: Duration = Duration::from_secs(5);
/// Between two times that a node says what it uses.
const SAY: Duration = Duration::from_secs(2);
/// A node that starts waits so long for others that use another hot state: they may be about to
/// notice that theirs has changed, or be gone without a word.
const PATIENCE: Duration = Duration::from_secs(9);
const PAUSE: Duration = Duration::from_millis(300);
/// Two nodes may see a change of Redis a moment apart. What lasts longer is told to the operator.
const MOMENT: Duration = Duration::from_secs(2);
/// Between two times that it is told.
const AGAIN: Duration = Duration::from_secs(10);

/// What this node uses, and what it has heard of others.
#[derive(Debug, Default)]
pub(super) struct HotUse(Mutex<Heard>);

#[derive(Debug, Default)]
struct Heard {
    /// What was admitted last, for each shard.
    admitted: HashMap<String, HotIdentity>,
    /// Shards whose server others have gone on from.
    contested: HashMap<String, Contest>,
    /// What each other node said last, and since when it has said nothing new.
    others: HashMap<(String, String), (Timestamp, Instant)>,
    said: Option<Instant>,
}

#[derive(Debug)]
struct Contest {
    since: Instant,
    told: Option<Instant>,
}

impl HotUse {
    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a server may have been left by the others: one that this node begins with, one that
    /// has not changed though what is known has, and any while that is open. One that has changed
    /// itself is only what everybody is about to see.
    fn may_be_left(&self, identity: &HotIdentity) -> bool {
        let heard = self.heard();
        let before = heard.admitted.get(&identity.shard);
        heard.contested.contains_key(&identity.shard)
            || before.is_none_or(|before| before == identity)
    }

    fn admit(&self, identity: &HotIdentity) {
        let mut heard = self.heard();
        heard.contested.remove(&identity.shard);
        let shard = identity.shard.clone();
        heard.admitted.insert(shard, identity.clone());
    }

    /// Remembers a contest; whether it is time to tell the operator.
    fn contest(&self, shard: &str) -> bool {
        let now = Instant::now();
        let mut heard = self.heard();
        let contest = heard.contested.entry(shard.to_owned()).or_insert(Contest {
            since: now,
            told: None,
        });
        let due = now.duration_since(contest.since) >= MOMENT
            && contest
                .told
                .is_none_or(|told| now.duration_since(told) >= AGAIN);
        if due {
            contest.told = Some(now);
        }
        due
    }

    fn is_contested(&self) -> bool {
        !self.heard().contested.is_empty()
    }

    /// Takes in what the nodes say; answers with the others that live, as far as is known.
    fn hear(&self, nodes: Vec<HotNode>, me: &str) -> Vec<HotNode> {
        let now = Instant::now();
        let mut heard = self.heard();
        let mut before = std::mem::take(&mut heard.others);
        let mut living = Vec::new();
        for node in nodes.into_iter().filter(|node| node.node != me) {
            let key = (node.node.clone(), node.uses.shard.clone());
            let since = match before.remove(&key) {
                Some((said, since)) if said == node.said => since,
                _ => now,
            };
            heard.others.insert(key, (node.said, since));
            if now.duration_since(since) < SILENT {
                living.push(node);
            }
        }
        living
    }

    /// Whether it is time to say again what this node uses.
    fn say(&self) -> bool {
        let mut heard = self.heard();
        let due = heard.said.is_none_or(|said| said.elapsed() >= SAY);
        if due {
            heard.said = Some(Instant::now());
        }
        due
    }
}

/// Lets a server of the hot state in when this node knows what not to believe of it.
struct Doorkeeper(Weak<Provider>);

impl Gate for Doorkeeper {
    fn admit<'a>(&'a self, identity: &'a Identity) -> Admission<'a> {
        Box::pin(async move {
            let Some(provider) = self.0.upgrade() else {
                return Err(Unknown("the house is closing".to_owned()));
            };
            provider.admit(known(identity)).await
        })
    }
}

fn known(identity: &Identity) -> HotIdentity {
    HotIdentity {
        shard: identity.shard.clone(),
        run_id: identity.run_id.clone(),
        replication_id: identity.replication_id.clone(),
        canary: identity.canary.clone(),
    }
}

impl Provider {
    /// Opens the hot state, unless other nodes use another one.
    pub(super) async fn open_hot_state(self: &Arc<Self>) -> Result<(), Trouble> {
        let gate: Arc<dyn Gate> = Arc::new(Doorkeeper(Arc::downgrade(self)));
        let began = Instant::now();
        loop {
            let opened = self.hot.open(Arc::clone(&gate)).await;
            let waits = self.hot_use.is_contested() && began.elapsed() < PATIENCE;
            match opened {
                Ok(()) => return self.demand_company().await,
                Err(Unknown(_)) if waits => tokio::time::sleep(PAUSE).await,
                Err(Unknown(why)) => return Err(Trouble::Internal(why)),
            }
        }
    }

    /// Clusters name their own shards, so that two different ones never meet in a shard. Whoever
    /// lives must have one in common with this node.
    async fn demand_company(&self) -> Result<(), Trouble> {
        if self.stranger().await?.is_none() {
            return Ok(());
        }
        // It may be gone without a word.
        tokio::time::sleep(SILENT + PAUSE).await;
        let Some(stranger) = self.stranger().await? else {
            return Ok(());
        };
        self.record.forget_hot_node(&self.node).await?;
        Err(Trouble::Internal(self.conflict(&stranger.place)))
    }

    /// What a node says that lives and has no shard in common with this one.
    async fn stranger(&self) -> Result<Option<HotNode>, Trouble> {
        let mine: Vec<_> = self.hot.in_use().into_iter().map(|it| it.shard).collect();
        let nodes = self.record.hot_nodes().await?;
        let shared = nodes.iter().filter(|said| mine.contains(&said.uses.shard));
        let friends: Vec<_> = shared.map(|said| said.node.clone()).collect();
        let living = self.hot_use.hear(nodes, &self.node);
        Ok(living
            .into_iter()
            .find(|said| !mine.is_empty() && !friends.contains(&said.node)))
    }

    /// One that is not what it was has perhaps forgotten: whoever sees it first raises the
    /// generation, and everybody follows the log that far before they use it. One that others have
    /// gone on from is not used.
    async fn admit(&self, identity: HotIdentity) -> Result<(), Unknown> {
        let known = self.record.hot_identity(&identity.shard).await?;
        if known.as_ref() != Some(&identity) {
            if self.hot_use.may_be_left(&identity)
                && let Some(place) = self.left_for(&identity).await?
            {
                return Err(self.give_way(&identity, &place).await);
            }
            // Before it is known: whoever gives way to it must find why.
            self.say(&identity).await?;
        }
        let now = self.clock.now();
        self.record.admit(&identity, now).await?;
        let followed = self.ends.follow(&self.record, now).await;
        followed.map_err(|error| Unknown(error.to_string()))?;
        self.hot_use.admit(&identity);
        Ok(())
    }

    /// Where another node is that lives and uses another server for the same part.
    async fn left_for(&self, identity: &HotIdentity) -> Result<Option<String>, Unknown> {
        let nodes = self.record.hot_nodes().await?;
        let living = self.hot_use.hear(nodes, &self.node);
        let elsewhere = living
            .into_iter()
            .find(|said| said.uses.shard == identity.shard && said.uses != *identity);
        Ok(elsewhere.map(|said| said.place))
    }

    async fn give_way(&self, identity: &HotIdentity, theirs: &str) -> Unknown {
        let why = self.conflict(theirs);
        if self.hot_use.contest(&identity.shard) {
            tracing::error!("{why}");
        }
        // It is not used: nobody else needs to give way to it.
        if let Err(error) = self.record.forget_hot_node(&self.node).await {
            tracing::debug!(%error, "the record does not forget what this node used");
        }
        Unknown(why)
    }

    fn conflict(&self, theirs: &str) -> String {
        format!(
            "the nodes use different Redis servers, databases or prefixes: another node uses \
             {theirs}; this one {}. They would not know of each other's tokens. Give all nodes the \
             same redis.url (server and database) and redis.key_prefix; if they are the same, the \
             address leads to different servers, or the network is split",
            self.hot.place()
        )
    }

    async fn say(&self, uses: &HotIdentity) -> Result<(), Unknown> {
        let said = HotNode {
            node: self.node.clone(),
            uses: uses.clone(),
            place: self.hot.place(),
            said: Clock::System.now(),
        };
        Ok(self.record.say_hot_node(&said).await?)
    }

    /// Compares what this node uses with what is known, and says that it uses it. What differs is
    /// let go, and must be admitted before its next use.
    pub(super) async fn compare_hot_state(&self) -> Result<(), Trouble> {
        let due = self.hot_use.say();
        for identity in self.hot.in_use() {
            let uses = known(&identity);
            let known = self.record.hot_identity(&uses.shard).await?;
            if known.as_ref() != Some(&uses) {
                tracing::warn!("another node knows another Redis, or other data in it");
                self.hot.doubt(&identity);
            } else if due {
                self.say(&uses).await?;
            }
        }
        // Heard also while nothing is wrong: who is gone must not look alive when something is.
        let nodes = self.record.hot_nodes().await?;
        self.hot_use.hear(nodes, &self.node);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(run_id: &str) -> HotIdentity {
        HotIdentity {
            shard: "main".to_owned(),
            run_id: run_id.to_owned(),
            replication_id: "r".to_owned(),
            canary: "c".to_owned(),
        }
    }

    fn says(node: &str, secs: i64) -> HotNode {
        HotNode {
            node: node.to_owned(),
            uses: identity("one"),
            place: "there".to_owned(),
            said: Timestamp::from_secs(secs),
        }
    }

    #[test]
    fn a_server_that_changed_itself_was_not_left() {
        let uses = HotUse::default();
        assert!(uses.may_be_left(&identity("one")), "the first");
        uses.admit(&identity("one"));
        assert!(uses.may_be_left(&identity("one")), "others went on");
        assert!(!uses.may_be_left(&identity("two")), "it restarted");
        uses.contest("main");
        assert!(uses.may_be_left(&identity("two")), "it is open");
        uses.admit(&identity("two"));
        assert!(!uses.is_contested());
        assert!(!uses.may_be_left(&identity("one")));
    }

    #[test]
    fn only_others_who_say_something_new_live() {
        let uses = HotUse::default();
        let living = uses.hear(vec![says("me", 1), says("a", 1), says("b", 1)], "me");
        assert_eq!(living.len(), 2, "not known to be gone");
        let past = Instant::now().checked_sub(SILENT).unwrap();
        for (_, since) in uses.heard().others.values_mut() {
            *since = past;
        }
        let living = uses.hear(vec![says("a", 1), says("b", 2)], "me");
        assert_eq!(living, [says("b", 2)]);
    }
}
