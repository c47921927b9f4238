//! People. Usernames and email addresses share one table of canonical names, so that nobody can
//! take another's address for a username.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::audit_action::AuditAction;
use super::changes::{self, ChangeKind};
use super::deed::Deed;
use super::jobs::{Durability, Work};
use super::rows::{Columns as _, to_json};
use super::{Record, RecordError, person_names, setup_fact};
use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::identity::user::{LoginKey, Profile, User};
use crate::session::ending::Actor;

/// What became of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserCreation {
    /// It is there.
    Created,
    /// Its username or email address is taken, as either.
    NameTaken,
}

/// What [`user`] reads.
macro_rules! user_columns {
    () => {
        "id, username, profile, password, must_change_password, admin, enabled, \
         created_at, updated_at"
    };
}
pub(super) use user_columns;

/// Selects people who are not deleted.
macro_rules! select_users {
    ($more:literal, $tail:expr) => {
        concat!(
            "SELECT ",
            $crate::store::record::users::user_columns!(),
            $more,
            " FROM users WHERE deleted_at IS NULL ",
            $tail
        )
    };
}
pub(super) use select_users;

impl Record {
    /// Makes an account, if its names are free, and says in the audit who made it.
    pub async fn create_user(
        &self,
        user: &User,
        actor: &Actor,
    ) -> Result<UserCreation, RecordError> {
        let params = (user.clone(), self.deed(actor));
        self.write_log(
            Durability::Full,
            params,
            |conn, (user, deed)| Box::pin(create(conn, user, deed)),
            |done| *done == UserCreation::Created,
        )
        .await
    }

    /// The same where nobody is to be named for it: the demo makes its people anew at each start.
    pub async fn insert_user(&self, user: &User) -> Result<UserCreation, RecordError> {
        let params = (user.clone(), self.now());
        let insert: Work<_, UserCreation> = |conn, (user, now): &(User, Timestamp)| {
            Box::pin(async move {
                let done = insert(conn, user).await?;
                if done == UserCreation::Created {
                    changes::note(conn, &ChangeKind::User(user.id.clone()), *now).await?;
                }
                Ok(done)
            })
        };
        let grew = |done: &UserCreation| *done == UserCreation::Created;
        self.write_log(Durability::Full, params, insert, grew).await
    }

    /// A person by id; none if they were deleted.
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query(select_users!("", "AND id = $1")).bind(id.as_str());
        conn.ask(|conn| query.fetch_optional(conn))
            .await?
            .as_ref()
            .map(user)
            .transpose()
    }

    /// A person by username or email address.
    pub async fn user_by_login(&self, key: &LoginKey) -> Result<Option<User>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = select_users!("", "AND id = (SELECT user_id FROM logins WHERE key = $1)");
        let query = sqlx::query(sql).bind(key.as_str());
        conn.ask(|conn| query.fetch_optional(conn))
            .await?
            .as_ref()
            .map(user)
            .transpose()
    }

    /// The first accounts, by username.
    pub async fn users(&self, limit: i64) -> Result<Vec<User>, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query(select_users!("", "ORDER BY username, id LIMIT $1")).bind(limit);
        conn.ask(|conn| query.fetch_all(conn))
            .await?
            .iter()
            .map(user)
            .collect()
    }

    /// Replaces a password hash, if it is still `old`: a rehash must not undo a change of the
    /// password made meanwhile.
    pub async fn replace_password(
        &self,
        id: &UserId,
        old: &str,
        new: &str,
    ) -> Result<bool, RecordError> {
        type Replacement = (UserId, String, String, Timestamp);
        let params = (id.clone(), old.to_owned(), new.to_owned(), self.now());
        let replace: Work<_, bool> = |conn, (id, old, new, now): &Replacement| {
            Box::pin(async move {
                let sql = "UPDATE users SET password = $1 WHERE id = $2 AND password = $3";
                let query = sqlx::query(sql)
                    .bind(new.as_str())
                    .bind(id.as_str())
                    .bind(old.as_str());
                let done = query.execute(&mut *conn).await?.rows_affected() == 1;
                if done {
                    changes::note(conn, &ChangeKind::User(id.clone()), *now).await?;
                }
                Ok(done)
            })
        };
        let done = self.write_log(Durability::Full, params, replace, |done| *done);
        done.await
    }
}

async fn create(
    conn: &mut AnyConnection,
    user: &User,
    deed: &Deed,
) -> Result<UserCreation, RecordError> {
    let done = insert(conn, user).await?;
    if done == UserCreation::Created {
        let on = ChangeKind::User(user.id.clone());
        let role = user.admin.then(|| "an administrator".to_owned());
        deed.done(conn, AuditAction::PersonCreate, &on, role)
            .await?;
    }
    Ok(done)
}

/// An account. An administrator's takes the set-up link away, whose row it holds before anything
/// else: of a link and a command at once, the second finds the first.
pub(super) async fn insert(
    conn: &mut AnyConnection,
    user: &User,
) -> Result<UserCreation, RecordError> {
    let administers = user.admin && user.enabled;
    if administers {
        setup_fact::hold(conn).await?;
    }
    let sql = "INSERT INTO users (id, username, profile, password, must_change_password, admin, \
         enabled, created_at, updated_at, username_key, search) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING";
    let query = sqlx::query(sql)
        .bind(user.id.as_str())
        .bind(user.username.as_str())
        .bind(to_json(&user.profile)?)
        .bind(user.password.as_deref())
        .bind(i64::from(user.must_change_password))
        .bind(i64::from(user.admin))
        .bind(i64::from(user.enabled))
        .bind(user.created.as_millis())
        .bind(user.updated.as_millis())
        .bind(username_key(&user.username))
        .bind(search_text(&user.username, &user.profile));
    if query.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(UserCreation::NameTaken);
    }
    for key in login_keys(&user.username, &user.profile) {
        if !claim(conn, &key, &user.id).await? {
            return take_back(conn, &user.id).await;
        }
    }
    person_names::write(&mut *conn, &user.id, &user.username, &user.profile).await?;
    if administers {
        setup_fact::void(conn).await?;
    }
    Ok(UserCreation::Created)
}

/// The names that a person signs in with. In one order, so that two accounts that claim the same
/// names do not wait for each other.
pub(super) fn login_keys(username: &str, profile: &Profile) -> Vec<LoginKey> {
    let mut keys = vec![LoginKey::new(username)];
    keys.extend(profile.email.as_deref().map(LoginKey::new));
    keys.sort();
    keys.dedup();
    keys
}

/// Takes a name for a person; false if somebody has it.
pub(super) async fn claim(
    conn: &mut AnyConnection,
    key: &LoginKey,
    id: &UserId,
) -> Result<bool, RecordError> {
    let sql = "INSERT INTO logins (key, user_id) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
    let query = sqlx::query(sql).bind(key.as_str()).bind(id.as_str());
    Ok(query.execute(conn).await?.rows_affected() == 1)
}

/// By which lists are sorted.
pub(super) fn username_key(username: &str) -> String {
    LoginKey::new(username).as_str().to_owned()
}

/// In which searches look, folded as what is typed into them.
pub(super) fn search_text(username: &str, profile: &Profile) -> String {
    let parts = [
        Some(username),
        profile.name.as_deref(),
        profile.given_name.as_deref(),
        profile.family_name.as_deref(),
        profile.email.as_deref(),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    LoginKey::new(&parts.join("\n")).as_str().to_owned()
}

async fn take_back(conn: &mut AnyConnection, id: &UserId) -> Result<UserCreation, RecordError> {
    for sql in [
        "DELETE FROM logins WHERE user_id = $1",
        "DELETE FROM users WHERE id = $1",
    ] {
        sqlx::query(sql)
            .bind(id.as_str())
            .execute(&mut *conn)
            .await?;
    }
    Ok(UserCreation::NameTaken)
}

pub(super) fn user(row: &AnyRow) -> Result<User, RecordError> {
    Ok(User {
        id: UserId::new(row.text("id")?),
        username: row.text("username")?,
        profile: row.json("profile")?,
        password: row.text_or_null("password")?,
        must_change_password: row.flag("must_change_password")?,
        admin: row.flag("admin")?,
        enabled: row.flag("enabled")?,
        created: row.time("created_at")?,
        updated: row.time("updated_at")?,
    })
}
