//! People. Usernames and email addresses share one table of canonical names, so that nobody can
//! take another's address for a username.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::changes::{self, ChangeKind};
use super::jobs::{Durability, Work};
use super::rows::{Columns as _, to_json};
use super::{Record, RecordError, person_names};
use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::identity::user::{LoginKey, User};

/// What became of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserCreation {
    /// It is there.
    Created,
    /// Its username or email address is taken, as either.
    NameTaken,
}

macro_rules! select_users {
    ($tail:literal) => {
        concat!(
            "SELECT id, username, profile, password, admin, enabled, created_at, updated_at ",
            "FROM users ",
            $tail
        )
    };
}

pub(super) use select_users;

impl Record {
    /// Makes an account, if its names are free.
    pub async fn insert_user(&self, user: &User) -> Result<UserCreation, RecordError> {
        let params = (user.clone(), self.now());
        self.write_log(
            Durability::Full,
            params,
            |conn, (user, now)| Box::pin(insert(conn, user, *now)),
            |done| *done == UserCreation::Created,
        )
        .await
    }

    /// A person by id.
    pub async fn user(&self, id: &UserId) -> Result<Option<User>, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query(select_users!("WHERE id = $1")).bind(id.as_str());
        conn.ask(|conn| query.fetch_optional(conn))
            .await?
            .as_ref()
            .map(user)
            .transpose()
    }

    /// A person by username or email address.
    pub async fn user_by_login(&self, key: &LoginKey) -> Result<Option<User>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = select_users!("WHERE id = (SELECT user_id FROM logins WHERE key = $1)");
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
        let query = sqlx::query(select_users!("ORDER BY username, id LIMIT $1")).bind(limit);
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

    /// Enables or disables a person; false if there is none. Sessions are the caller's to end,
    /// after this: from here on none can begin.
    pub async fn set_enabled(&self, id: &UserId, enabled: bool) -> Result<bool, RecordError> {
        let params = (id.clone(), enabled, self.now());
        let set: Work<_, bool> = |conn, (id, enabled, now): &(UserId, bool, Timestamp)| {
            Box::pin(async move {
                let query = sqlx::query("UPDATE users SET enabled = $1 WHERE id = $2")
                    .bind(i64::from(*enabled))
                    .bind(id.as_str());
                let done = query.execute(&mut *conn).await?.rows_affected() == 1;
                if done {
                    changes::note(conn, &ChangeKind::User(id.clone()), *now).await?;
                }
                Ok(done)
            })
        };
        let done = self.write_log(Durability::Full, params, set, |done| *done);
        done.await
    }
}

async fn insert(
    conn: &mut AnyConnection,
    user: &User,
    now: Timestamp,
) -> Result<UserCreation, RecordError> {
    let sql = "INSERT INTO users (id, username, profile, password, admin, enabled, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
    let query = sqlx::query(sql)
        .bind(user.id.as_str())
        .bind(user.username.as_str())
        .bind(to_json(&user.profile)?)
        .bind(user.password.as_deref())
        .bind(i64::from(user.admin))
        .bind(i64::from(user.enabled))
        .bind(user.created.as_millis())
        .bind(user.updated.as_millis());
    if query.execute(&mut *conn).await?.rows_affected() == 0 {
        return Ok(UserCreation::NameTaken);
    }
    let mut keys = vec![LoginKey::new(&user.username)];
    keys.extend(user.profile.email.as_deref().map(LoginKey::new));
    // In one order, so that two accounts that claim the same names do not wait for each other.
    keys.sort();
    keys.dedup();
    for key in keys {
        let sql = "INSERT INTO logins (key, user_id) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
        let query = sqlx::query(sql).bind(key.as_str()).bind(user.id.as_str());
        if query.execute(&mut *conn).await?.rows_affected() == 0 {
            return take_back(conn, &user.id).await;
        }
    }
    person_names::write(&mut *conn, user).await?;
    changes::note(conn, &ChangeKind::User(user.id.clone()), now).await?;
    Ok(UserCreation::Created)
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
        admin: row.flag("admin")?,
        enabled: row.flag("enabled")?,
        created: row.time("created_at")?,
        updated: row.time("updated_at")?,
    })
}
