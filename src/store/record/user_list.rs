//! People in pages, for administrators.

use super::cursor::{Cursor, pattern};
use super::rows::Columns as _;
use super::users::{select_users, user};
use super::{Record, RecordError};
use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::identity::user::{LoginKey, User};

/// Of people and clients: which of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Enabled {
    /// All.
    #[default]
    Either,
    /// Those that are enabled.
    Yes,
    /// Those that are not.
    No,
}

impl Enabled {
    pub(super) const fn bound(self) -> i64 {
        match self {
            Self::Either => -1,
            Self::Yes => 1,
            Self::No => 0,
        }
    }
}

/// Which people.
#[derive(Clone, Debug)]
pub struct UserFilter {
    /// What their username, names or email address must hold somewhere, whatever the case. Nobody
    /// is indexed by that: of a million people all are looked at.
    pub search: Option<String>,
    /// Which of them.
    pub enabled: Enabled,
    /// Only administrators.
    pub admins_only: bool,
    /// Where to go on.
    pub after: Option<Cursor>,
    /// At most this many.
    pub limit: u32,
}

/// A person in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// The person.
    pub user: User,
    /// When they last signed in.
    pub last_signed_in: Option<Timestamp>,
}

/// One page of people, by username.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPage {
    /// The lines.
    pub rows: Vec<UserRow>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

const PAGE: &str = select_users!(
    ", username_key, last_signed_in_at",
    "AND ($1 < 0 OR enabled = $1) AND admin >= $2 \
     AND ($3 IS NULL OR COALESCE(search, LOWER(username || ' ' || profile)) LIKE $3 ESCAPE '!') \
     AND (username_key, id) > ($4, $5) ORDER BY username_key, id LIMIT $6"
);

impl Record {
    /// When a person last signed in.
    pub async fn last_signed_in(&self, id: &UserId) -> Result<Option<Timestamp>, RecordError> {
        let mut conn = self.reader().await?;
        let sql = "SELECT last_signed_in_at FROM users WHERE id = $1";
        let query = sqlx::query(sql).bind(id.as_str());
        match conn.ask(|conn| query.fetch_optional(conn)).await? {
            Some(row) => row.time_or_null("last_signed_in_at"),
            None => Ok(None),
        }
    }

    /// A page of people, by username.
    pub async fn list_users(&self, filter: &UserFilter) -> Result<UserPage, RecordError> {
        let typed = filter.search.as_deref().unwrap_or_default();
        let after = filter.after.clone().unwrap_or_default();
        let query = sqlx::query(PAGE)
            .bind(filter.enabled.bound())
            .bind(i64::from(filter.admins_only))
            .bind(pattern(LoginKey::new(typed).as_str()))
            .bind(after.key)
            .bind(after.id)
            .bind(i64::from(filter.limit) + 1);
        let mut conn = self.reader().await?;
        let mut rows = conn.ask(|conn| query.fetch_all(conn)).await?;
        let more = rows.len() > filter.limit as usize;
        rows.truncate(filter.limit as usize);
        let next = match rows.last().filter(|_| more) {
            Some(last) => Some(Cursor::after(last.text("username_key")?, last.text("id")?)),
            None => None,
        };
        let rows = rows.iter().map(|row| {
            Ok(UserRow {
                user: user(row)?,
                last_signed_in: row.time_or_null("last_signed_in_at")?,
            })
        });
        Ok(UserPage {
            rows: rows.collect::<Result<_, RecordError>>()?,
            next,
        })
    }
}
