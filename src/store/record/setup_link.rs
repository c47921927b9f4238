//! The one-time link by which the first administrator is made: printed by one of several nodes, and
//! used by one of several who try.

use sqlx::AnyConnection;

use super::audit::{self, AuditEntry};
use super::audit_action::AuditAction;
use super::changes::{self, ChangeKind};
use super::jobs::{Durability, Work};
use super::setup_fact::{NAME, SetupLink, hold, void};
use super::users::{self, UserCreation};
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::SecretHash;
use crate::identity::user::User;
use crate::session::ending::Actor;

const ADMINISTRATORS: &str =
    "SELECT COUNT(*) FROM (SELECT 1 AS one FROM users WHERE admin = 1 AND enabled = 1 LIMIT 1) a";

/// What became of an account that a set-up link was to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstAdministrator {
    /// It is there, and the link is used up.
    Created,
    /// The link is not the present one, ran out, or there is an administrator. Nothing was changed.
    Void,
    /// The username or the email address belongs to somebody. The link can be used again.
    NameTaken,
}

/// What was seen, what replaces it, and the line of the audit with its id.
type Replacement = (Option<String>, String, String, AuditEntry);
/// Whom to make, by which link, and the line of the audit with its id.
type First = (User, SecretHash, String, AuditEntry);

impl Record {
    /// Whether somebody who is enabled is an administrator.
    pub async fn has_administrator(&self) -> Result<bool, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query_scalar(ADMINISTRATORS);
        let found: i64 = conn.ask(|conn| query.fetch_one(conn)).await?;
        Ok(found > 0)
    }

    /// The present link, run out or not.
    pub async fn setup_link(&self) -> Result<Option<SetupLink>, RecordError> {
        let value = self.meta(NAME).await?;
        value.as_deref().map(SetupLink::read).transpose()
    }

    /// Puts a link in the place of the one that was seen, which is void from then on. False: another
    /// process was first, or there is an administrator by now.
    pub async fn replace_setup_link(
        &self,
        seen: Option<&SetupLink>,
        new: &SetupLink,
    ) -> Result<bool, RecordError> {
        let entry = line(AuditAction::SetupLinkMake, self.now());
        let entry = AuditEntry {
            detail: Some("good for an hour, for one account".to_owned()),
            ..entry
        };
        let seen = seen.map(SetupLink::written).transpose()?;
        let params = (seen, new.written()?, self.audit_id(), entry);
        let replace: Work<_, bool> = |conn, (seen, new, id, entry): &Replacement| {
            Box::pin(async move {
                if is_administered(conn).await? || !swap(conn, seen.as_deref(), new).await? {
                    return Ok(false);
                }
                audit::append(conn, id, entry).await?;
                Ok(true)
            })
        };
        self.write(Durability::Full, params, replace).await
    }

    /// Takes back the link that a node printed, if it is the present one: the node stops.
    pub async fn withdraw_setup_link(&self, node: &str) -> Result<(), RecordError> {
        self.write(Durability::Full, node.to_owned(), |conn, node| {
            Box::pin(async move {
                if hold(conn).await?.is_some_and(|link| link.node == *node) {
                    void(conn).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Makes the first administrator by the link that has this hash, and uses it up. The audit names
    /// the address that it was done from.
    pub async fn create_first_administrator(
        &self,
        user: &User,
        hash: SecretHash,
        address: &str,
    ) -> Result<FirstAdministrator, RecordError> {
        let entry = AuditEntry {
            target: format!("person:{}", user.id),
            address: Some(address.to_owned()),
            detail: Some("an administrator, by the set-up link".to_owned()),
            ..line(AuditAction::PersonCreate, self.now())
        };
        let user = User {
            admin: true,
            enabled: true,
            ..user.clone()
        };
        let params = (user, hash, self.audit_id(), entry);
        self.write_log(
            Durability::Full,
            params,
            |conn, (user, hash, id, entry): &First| Box::pin(create(conn, user, hash, id, entry)),
            |done| *done == FirstAdministrator::Created,
        )
        .await
    }
}

fn line(action: AuditAction, at: Timestamp) -> AuditEntry {
    AuditEntry {
        at,
        actor: Actor::System.describe(),
        action: action.as_str().to_owned(),
        target: String::new(),
        session: None,
        address: None,
        reason: None,
        detail: None,
    }
}

async fn create(
    conn: &mut AnyConnection,
    user: &User,
    hash: &SecretHash,
    id: &str,
    entry: &AuditEntry,
) -> Result<FirstAdministrator, RecordError> {
    let admitted = hold(conn)
        .await?
        .is_some_and(|link| link.admits(hash, entry.at));
    if !admitted || is_administered(conn).await? {
        return Ok(FirstAdministrator::Void);
    }
    // Takes the link away too.
    if users::insert(conn, user).await? == UserCreation::NameTaken {
        return Ok(FirstAdministrator::NameTaken);
    }
    audit::append(conn, id, entry).await?;
    changes::note(conn, &ChangeKind::User(user.id.clone()), entry.at).await?;
    Ok(FirstAdministrator::Created)
}

/// Replaces the value that was seen by another.
async fn swap(
    conn: &mut AnyConnection,
    seen: Option<&str>,
    new: &str,
) -> Result<bool, RecordError> {
    let query = if let Some(seen) = seen {
        sqlx::query("UPDATE meta SET value = $2 WHERE name = $1 AND value = $3")
            .bind(NAME)
            .bind(new)
            .bind(seen)
    } else {
        let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        sqlx::query(sql).bind(NAME).bind(new)
    };
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

async fn is_administered(conn: &mut AnyConnection) -> Result<bool, RecordError> {
    let found: i64 = sqlx::query_scalar(ADMINISTRATORS).fetch_one(conn).await?;
    Ok(found > 0)
}
