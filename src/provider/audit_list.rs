//! The audit as pages show it: its lines with the names of those whom they speak of.

use super::Provider;
use super::trouble::Trouble;
use crate::entropy::{ClientId, UserId};
use crate::identity::user::LoginKey;
use crate::store::record::{AuditCursor, AuditEntry, AuditQuestion};

/// Who did something, or whom or what it was done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// A person, by username; none if they are gone.
    Person(UserId, Option<String>),
    /// A client, by its name; none if it is gone.
    Client(ClientId, Option<String>),
    /// What was typed as a username, hashed.
    Account(String),
    /// A signing key, by its `kid`.
    Key(String),
    /// Somebody with a shell.
    CommandLine,
    /// The house itself.
    House,
    /// What this version has no word for.
    Other(String),
}

/// One line of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// Who did it.
    pub who: Party,
    /// To whom or what; nobody if that goes without saying.
    pub on: Vec<Party>,
    /// The line as it is kept.
    pub entry: AuditEntry,
}

/// One page of the audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditList {
    /// The newest first.
    pub lines: Vec<AuditLine>,
    /// To newer lines.
    pub newer: Option<AuditCursor>,
    /// To older lines.
    pub older: Option<AuditCursor>,
    /// The search stopped after many lines that did not match; it goes on from `older` or `newer`.
    pub stopped_early: bool,
}

impl Provider {
    /// A page of the audit, at most `size` lines, the newest first.
    pub async fn audit_list(
        &self,
        question: &AuditQuestion,
        cursor: Option<&AuditCursor>,
        size: usize,
    ) -> Result<AuditList, Trouble> {
        let page = self.record.search_audit(question, cursor, size).await?;
        let mut lines = Vec::with_capacity(page.lines.len());
        for entry in page.lines {
            lines.push(self.named(entry).await?);
        }
        Ok(AuditList {
            lines,
            newer: page.newer,
            older: page.older,
            stopped_early: page.stopped_early,
        })
    }

    /// Whom an administrator means by an id, a username or an email address. What has the shape of
    /// an id is taken for one even if nobody has it: the audit knows of people who are gone.
    pub async fn person_meant(&self, typed: &str) -> Result<Option<UserId>, Trouble> {
        // PostgreSQL has no such text, so that nobody is called that.
        if typed.contains('\0') {
            return Ok(None);
        }
        // First, so that nobody's username can stand for somebody else's id.
        let id = is_person_id(typed).then(|| UserId::new(typed));
        if let Some(id) = &id
            && self.record.user(id).await?.is_some()
        {
            return Ok(Some(id.clone()));
        }
        let named = self.record.user_by_login(&LoginKey::new(typed)).await?;
        Ok(named.map(|person| person.id).or(id))
    }

    async fn named(&self, entry: AuditEntry) -> Result<AuditLine, Trouble> {
        let who = self.with_name(actor(&entry.actor)).await?;
        let mut on = Vec::new();
        for party in targets(&entry.action, &entry.target) {
            let party = self.with_name(party).await?;
            if party != who {
                on.push(party);
            }
        }
        Ok(AuditLine { who, on, entry })
    }

    async fn with_name(&self, party: Party) -> Result<Party, Trouble> {
        Ok(match party {
            Party::Person(id, _) => {
                let person = self.person(&id).await?;
                Party::Person(id, person.map(|person| person.username.clone()))
            }
            Party::Client(id, _) => {
                let client = self.client(&id).await?;
                Party::Client(id, client.map(|client| client.client_name.clone()))
            }
            other => other,
        })
    }
}

/// Whether a text has the shape of an id, as [`UserId::random`] makes them.
fn is_person_id(text: &str) -> bool {
    text.strip_prefix("u_").is_some_and(|rest| {
        rest.len() == 22 && rest.bytes().all(|letter| letter.is_ascii_alphanumeric())
    })
}

/// From the words of [`crate::session::ending::Actor::describe`].
fn actor(words: &str) -> Party {
    match words {
        "command_line" => Party::CommandLine,
        "system" => Party::House,
        _ => party(words),
    }
}

/// A kind and an id.
fn party(words: &str) -> Party {
    match words.split_once(':') {
        Some(("person", id)) => Party::Person(UserId::new(id), None),
        Some(("client", id)) => Party::Client(ClientId::new(id), None),
        Some(("account", hash)) => Party::Account(hash.to_owned()),
        Some(("key", kid)) => Party::Key(kid.to_owned()),
        _ => Party::Other(words.to_owned()),
    }
}

/// Ends name their targets by bare ids, whose kind the action tells.
fn targets(action: &str, target: &str) -> Vec<Party> {
    let person = |id: &str| Party::Person(UserId::new(id), None);
    let client = |id: &str| Party::Client(ClientId::new(id), None);
    match (action, target.split_once(' ')) {
        (_, None) if target.is_empty() => Vec::new(),
        ("session.end_client", _) => vec![client(target)],
        ("person.end_sessions", None) => vec![person(target)],
        ("person.end_client", Some((one, other))) => vec![person(one), client(other)],
        _ => vec![party(target)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::ending::Actor;

    fn person(id: &str) -> Party {
        Party::Person(UserId::new(id), None)
    }

    fn client(id: &str) -> Party {
        Party::Client(ClientId::new(id), None)
    }

    #[test]
    fn actors_are_read_as_they_are_written() {
        for (written, expected) in [
            (Actor::Person(UserId::new("u_a")), person("u_a")),
            (Actor::Client(ClientId::new("a:b c")), client("a:b c")),
            (Actor::CommandLine, Party::CommandLine),
            (Actor::System, Party::House),
        ] {
            assert_eq!(actor(&written.describe()), expected);
        }
        assert_eq!(actor("robot"), Party::Other("robot".to_owned()));
    }

    #[test]
    fn ids_have_their_shape() {
        let id = UserId::random(&crate::entropy::Entropy::seeded(1));
        assert!(is_person_id(id.as_str()));
        for text in ["u_", "u_alice", "alice", "u_0123456789012345678901-", ""] {
            assert!(!is_person_id(text), "{text}");
        }
    }

    #[test]
    fn targets_have_the_kind_that_their_action_tells() {
        for (action, target, expected) in [
            ("session.end", "", vec![]),
            ("session.end_client", "my wiki", vec![client("my wiki")]),
            ("session.end_client", "client:x", vec![client("client:x")]),
            ("person.end_sessions", "u_a", vec![person("u_a")]),
            (
                "person.end_client",
                "u_a my wiki",
                vec![person("u_a"), client("my wiki")],
            ),
            ("sign_in", "person:u_a", vec![person("u_a")]),
            (
                "sign_in_failed",
                "account:1f",
                vec![Party::Account("1f".to_owned())],
            ),
            ("key.promote", "key:k1", vec![Party::Key("k1".to_owned())]),
            ("later", "u_a x", vec![Party::Other("u_a x".to_owned())]),
        ] {
            assert_eq!(targets(action, target), expected, "{action} {target}");
        }
    }
}
