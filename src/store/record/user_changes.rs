//! Changes to people, by administrators and by themselves. Each is one transaction that begins
//! with the person's row, as sign-ins do, and ends with the audit and the change log.
//!
//! What must end with a change is the caller's to end, after it: from then on nothing can begin.

use sqlx::AnyConnection;

use super::audit_action::AuditAction;
use super::changes::ChangeKind;
use super::deed::Deed;
use super::dialect::Dialect;
use super::jobs::{Durability, Work};
use super::rows::{Columns as _, to_json};
use super::users::{claim, login_keys, search_text, username_key};
use super::{Record, RecordError, person_names, setup_fact};
use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::identity::user::{LoginKey, Profile};
use crate::session::ending::Actor;

/// What became of a change to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonChange {
    /// It is as was asked, now or before.
    Done,
    /// There is no such person.
    NotFound,
    /// The house would be without an enabled administrator. Nothing was changed.
    LastAdministrator,
}

impl PersonChange {
    /// Whether it is as was asked.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done)
    }
}

/// What became of an edit of a person's names and claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonUpdate {
    /// Done; the person's new `updated`.
    Done(Timestamp),
    /// There is no such person.
    NotFound,
    /// Somebody else edited them since: show the edit anew.
    Outdated,
    /// The username belongs to somebody, as username or email address.
    UsernameTaken,
    /// The email address does.
    EmailTaken,
}

/// What a person is called, as it shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonEdit {
    /// Whom.
    pub id: UserId,
    /// The person's `updated` that the edit began from.
    pub version: Timestamp,
    /// The new username.
    pub username: String,
    /// The new claims, all of them.
    pub profile: Profile,
}

/// What is left as the name of a person who was deleted.
const DELETED: &str = "(deleted)";

/// Takes the rows of a person and of all administrators in order: two demotions at once would
/// otherwise each count the other's administrator.
const ADMINISTRATORS_IN_ORDER: &str = "SELECT id FROM users WHERE id = $1 \
     OR (admin = 1 AND enabled = 1) ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE";

impl Record {
    /// Replaces username and claims, if nobody did since the edit began. What is written must have
    /// been judged before.
    pub async fn update_user(
        &self,
        edit: &PersonEdit,
        actor: &Actor,
    ) -> Result<PersonUpdate, RecordError> {
        let params = (edit.clone(), self.deed(actor));
        self.write_log(
            Durability::Full,
            params,
            |conn, (edit, deed)| Box::pin(update(conn, edit, deed)),
            |done| matches!(done, PersonUpdate::Done(_)),
        )
        .await
    }

    /// Enables or disables a person.
    pub async fn set_enabled(
        &self,
        id: &UserId,
        enabled: bool,
        actor: &Actor,
    ) -> Result<PersonChange, RecordError> {
        let to = if enabled { Flag::Enable } else { Flag::Disable };
        self.set_flag(id, to, actor).await
    }

    /// Makes a person an administrator, or takes that back.
    pub async fn set_admin(
        &self,
        id: &UserId,
        admin: bool,
        actor: &Actor,
    ) -> Result<PersonChange, RecordError> {
        let to = if admin { Flag::Promote } else { Flag::Demote };
        self.set_flag(id, to, actor).await
    }

    async fn set_flag(
        &self,
        id: &UserId,
        to: Flag,
        actor: &Actor,
    ) -> Result<PersonChange, RecordError> {
        let params = (id.clone(), to, self.deed(actor));
        self.write_log(
            Durability::Full,
            params,
            |conn, (id, to, deed)| Box::pin(set_flag(conn, id, *to, deed)),
            |done| *done == PersonChange::Done,
        )
        .await
    }

    /// Sets a password for somebody else, by its hash. A temporary one must be changed at the next
    /// sign-in.
    pub async fn set_password(
        &self,
        id: &UserId,
        hash: &str,
        temporary: bool,
        actor: &Actor,
    ) -> Result<PersonChange, RecordError> {
        type Password = (UserId, String, bool, Deed);
        let params = (id.clone(), hash.to_owned(), temporary, self.deed(actor));
        let set: Work<_, PersonChange> = |conn, (id, hash, temporary, deed): &Password| {
            Box::pin(async move {
                let sql = "UPDATE users SET password = $1, must_change_password = $2 \
                     WHERE id = $3 AND deleted_at IS NULL";
                let query = sqlx::query(sql)
                    .bind(hash.as_str())
                    .bind(i64::from(*temporary))
                    .bind(id.as_str());
                if query.execute(&mut *conn).await?.rows_affected() == 0 {
                    return Ok(PersonChange::NotFound);
                }
                let detail = temporary.then(|| "temporary".to_owned());
                let on = ChangeKind::User(id.clone());
                deed.done(conn, AuditAction::PersonSetPassword, &on, detail)
                    .await?;
                Ok(PersonChange::Done)
            })
        };
        let grew = |done: &PersonChange| *done == PersonChange::Done;
        self.write_log(Durability::Full, params, set, grew).await
    }

    /// A person changes their own password, from the hash that was just proved; it is then no
    /// temporary one any more. False: it changed meanwhile, or they may not sign in.
    pub async fn change_password(
        &self,
        id: &UserId,
        old: &str,
        new: &str,
    ) -> Result<bool, RecordError> {
        type Replacement = (UserId, String, String, Deed);
        let deed = self.deed(&Actor::Person(id.clone()));
        let params = (id.clone(), old.to_owned(), new.to_owned(), deed);
        let change: Work<_, bool> = |conn, (id, old, new, deed): &Replacement| {
            Box::pin(async move {
                let sql = "UPDATE users SET password = $1, must_change_password = 0 \
                     WHERE id = $2 AND password = $3 AND enabled = 1";
                let query = sqlx::query(sql)
                    .bind(new.as_str())
                    .bind(id.as_str())
                    .bind(old.as_str());
                let done = query.execute(&mut *conn).await?.rows_affected() == 1;
                if done {
                    let on = ChangeKind::User(id.clone());
                    deed.done(conn, AuditAction::PersonChangePassword, &on, None)
                        .await?;
                }
                Ok(done)
            })
        };
        let grew = |done: &bool| *done;
        self.write_log(Durability::Full, params, change, grew).await
    }

    /// Deletes a person: names, claims, password and consents go, and their names are free for
    /// others. An empty row stays, disabled for good: ended sessions and the audit point to its id,
    /// which must never be given to anybody else (Core 1.0, 2, `sub`).
    pub async fn delete_user(
        &self,
        id: &UserId,
        actor: &Actor,
    ) -> Result<PersonChange, RecordError> {
        let params = (id.clone(), self.deed(actor));
        self.write_log(
            Durability::Full,
            params,
            |conn, (id, deed)| Box::pin(delete(conn, id, deed)),
            |done| *done == PersonChange::Done,
        )
        .await
    }
}

async fn update(
    conn: &mut AnyConnection,
    edit: &PersonEdit,
    deed: &Deed,
) -> Result<PersonUpdate, RecordError> {
    let id = &edit.id;
    // Locks the row.
    let sql = "UPDATE users SET updated_at = updated_at WHERE id = $1 AND deleted_at IS NULL \
         RETURNING updated_at";
    let query = sqlx::query(sql).bind(id.as_str());
    let Some(row) = query.fetch_optional(&mut *conn).await? else {
        return Ok(PersonUpdate::NotFound);
    };
    if row.time("updated_at")? != edit.version {
        return Ok(PersonUpdate::Outdated);
    }
    if let Some(taken) = rename(conn, edit).await? {
        return Ok(taken);
    }
    // Never the same moment twice, or the next edit could overwrite this one unseen.
    let version = deed
        .now
        .max(edit.version + std::time::Duration::from_millis(1));
    let sql = "UPDATE users SET username = $1, profile = $2, username_key = $3, search = $4, \
         updated_at = $5 WHERE id = $6";
    sqlx::query(sql)
        .bind(edit.username.as_str())
        .bind(to_json(&edit.profile)?)
        .bind(username_key(&edit.username))
        .bind(search_text(&edit.username, &edit.profile))
        .bind(version.as_millis())
        .bind(id.as_str())
        .execute(&mut *conn)
        .await?;
    person_names::write(&mut *conn, id, &edit.username, &edit.profile).await?;
    let on = ChangeKind::User(id.clone());
    deed.done(conn, AuditAction::PersonUpdate, &on, None)
        .await?;
    Ok(PersonUpdate::Done(version))
}

/// Takes the names that are new and frees those that are no more; or says which is taken, and
/// leaves all as it was.
async fn rename(
    conn: &mut AnyConnection,
    edit: &PersonEdit,
) -> Result<Option<PersonUpdate>, RecordError> {
    let id = &edit.id;
    let wanted = login_keys(&edit.username, &edit.profile);
    let query = sqlx::query("SELECT key FROM logins WHERE user_id = $1").bind(id.as_str());
    let mut known = Vec::new();
    for row in query.fetch_all(&mut *conn).await? {
        known.push(row.text("key")?);
    }
    let mut claimed: Vec<&LoginKey> = Vec::new();
    for key in wanted
        .iter()
        .filter(|key| !known.iter().any(|known| known == key.as_str()))
    {
        if !claim(conn, key, id).await? {
            for key in claimed {
                free(conn, key.as_str(), id).await?;
            }
            return Ok(Some(if *key == LoginKey::new(&edit.username) {
                PersonUpdate::UsernameTaken
            } else {
                PersonUpdate::EmailTaken
            }));
        }
        claimed.push(key);
    }
    for key in known
        .iter()
        .filter(|key| !wanted.iter().any(|wanted| wanted.as_str() == *key))
    {
        free(conn, key, id).await?;
    }
    Ok(None)
}

async fn free(conn: &mut AnyConnection, key: &str, id: &UserId) -> Result<(), RecordError> {
    let sql = "DELETE FROM logins WHERE key = $1 AND user_id = $2";
    let query = sqlx::query(sql).bind(key).bind(id.as_str());
    query.execute(conn).await?;
    Ok(())
}

/// What a flag of a person becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flag {
    Enable,
    Disable,
    Promote,
    Demote,
}

impl Flag {
    const fn sql(self) -> &'static str {
        match self {
            Self::Enable => "UPDATE users SET enabled = 1 WHERE id = $1 AND enabled = 0",
            Self::Disable => "UPDATE users SET enabled = 0 WHERE id = $1 AND enabled = 1",
            Self::Promote => "UPDATE users SET admin = 1 WHERE id = $1 AND admin = 0",
            Self::Demote => "UPDATE users SET admin = 0 WHERE id = $1 AND admin = 1",
        }
    }

    const fn action(self) -> AuditAction {
        match self {
            Self::Enable => AuditAction::PersonEnable,
            Self::Disable => AuditAction::PersonDisable,
            Self::Promote => AuditAction::PersonPromote,
            Self::Demote => AuditAction::PersonDemote,
        }
    }
}

async fn set_flag(
    conn: &mut AnyConnection,
    id: &UserId,
    to: Flag,
    deed: &Deed,
) -> Result<PersonChange, RecordError> {
    if to == Flag::Promote {
        setup_fact::hold(conn).await?;
    }
    if matches!(to, Flag::Disable | Flag::Demote) && is_last_administrator(conn, id).await? {
        return Ok(PersonChange::LastAdministrator);
    }
    if !exists(conn, id).await? {
        return Ok(PersonChange::NotFound);
    }
    let query = sqlx::query(to.sql()).bind(id.as_str());
    if query.execute(&mut *conn).await?.rows_affected() == 1 {
        let on = ChangeKind::User(id.clone());
        if to == Flag::Promote {
            setup_fact::void(conn).await?;
        }
        deed.done(conn, to.action(), &on, None).await?;
    }
    Ok(PersonChange::Done)
}

/// Whether nobody else who is enabled is an administrator. Holds the rows that this rests on.
async fn is_last_administrator(conn: &mut AnyConnection, id: &UserId) -> Result<bool, RecordError> {
    // SQLite has locked everything before.
    if Dialect::of(conn) == Dialect::Postgres {
        let query = sqlx::query(ADMINISTRATORS_IN_ORDER).bind(id.as_str());
        query.execute(&mut *conn).await?;
    }
    let sql = "SELECT COUNT(*) FROM users WHERE admin = 1 AND enabled = 1 AND id = $1 \
         AND NOT EXISTS (SELECT 1 FROM users o WHERE o.admin = 1 AND o.enabled = 1 AND o.id <> $1)";
    let last: i64 = sqlx::query_scalar(sql)
        .bind(id.as_str())
        .fetch_one(conn)
        .await?;
    Ok(last == 1)
}

/// Whether there is such a person, whose row is held from now on.
async fn exists(conn: &mut AnyConnection, id: &UserId) -> Result<bool, RecordError> {
    let sql = "UPDATE users SET enabled = enabled WHERE id = $1 AND deleted_at IS NULL";
    let query = sqlx::query(sql).bind(id.as_str());
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

async fn delete(
    conn: &mut AnyConnection,
    id: &UserId,
    deed: &Deed,
) -> Result<PersonChange, RecordError> {
    if is_last_administrator(conn, id).await? {
        return Ok(PersonChange::LastAdministrator);
    }
    let sql = "UPDATE users SET deleted_at = $1, updated_at = $1, enabled = 0, admin = 0, \
         password = NULL, must_change_password = 0, username = $2, profile = '{}', \
         username_key = '', search = '' WHERE id = $3 AND deleted_at IS NULL";
    let query = sqlx::query(sql)
        .bind(deed.now.as_millis())
        .bind(DELETED)
        .bind(id.as_str());
    if query.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(PersonChange::NotFound);
    }
    for sql in [
        "DELETE FROM logins WHERE user_id = $1",
        "DELETE FROM person_names WHERE user_id = $1",
        "DELETE FROM consents WHERE user_id = $1",
    ] {
        sqlx::query(sql)
            .bind(id.as_str())
            .execute(&mut *conn)
            .await?;
    }
    let on = ChangeKind::User(id.clone());
    deed.done(conn, AuditAction::PersonDelete, &on, None)
        .await?;
    Ok(PersonChange::Done)
}
