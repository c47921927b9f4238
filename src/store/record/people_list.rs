//! People as administrators look for them on their pages: all by username, or those one of whose
//! names begins with what was typed. Everything is read from an index, in pages, however many
//! there are.

use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::cursor::Cursor;
use super::rows::Columns as _;
use super::user_list::{UserPage, UserRow};
use super::users::{select_users, user, user_columns};
use super::{Record, RecordError, person_names};

/// Which people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// All.
    #[default]
    Everybody,
    /// Who may sign in.
    Enabled,
    /// Who may not.
    Disabled,
    /// Who has the administrator's role.
    Administrators,
}

/// What an administrator looks for.
#[derive(Clone, Debug, Default)]
pub struct PeopleQuestion {
    /// With what a name of theirs must begin: username, email address, display name (also from one
    /// of its later words on), given or family name; whatever the case. Empty: any.
    pub typed: String,
    /// Which of them.
    pub which: Which,
    /// Where to go on.
    pub after: Option<Cursor>,
    /// At most this many.
    pub limit: u32,
}

const BY_USERNAME: &str = select_users!(
    ", last_signed_in_at, username_key",
    "AND (username_key, id) > ($1, $2)"
);

/// Who has several such names stands at the first of them.
const BY_NAME: &str = concat!(
    "SELECT ",
    user_columns!(),
    ", last_signed_in_at, n.name AS found FROM person_names n JOIN users ON id = n.user_id \
     WHERE (n.name, n.user_id) > ($1, $2) AND n.name < $3 AND deleted_at IS NULL \
     AND NOT EXISTS (SELECT 1 FROM person_names o WHERE o.user_id = n.user_id \
     AND o.name >= $4 AND o.name < n.name)"
);

impl Which {
    /// In words that the indexes of a few have: a parameter would hide them from the planner.
    const fn condition(self) -> &'static str {
        match self {
            Self::Everybody => "",
            Self::Enabled => " AND enabled = 1",
            Self::Disabled => " AND enabled = 0",
            Self::Administrators => " AND admin = 1",
        }
    }
}

impl Record {
    /// A page of the people that a question names: by username, or by the name that was found.
    pub async fn find_people(&self, question: &PeopleQuestion) -> Result<UserPage, RecordError> {
        match person_names::range(&question.typed) {
            Some(range) => self.people_by_name(question, range).await,
            None => self.people_by_username(question).await,
        }
    }

    async fn people_by_username(&self, question: &PeopleQuestion) -> Result<UserPage, RecordError> {
        let after = question.after.clone().unwrap_or_default();
        let condition = question.which.condition();
        let sql = format!("{BY_USERNAME}{condition} ORDER BY username_key, id LIMIT $3");
        let query = sqlx::query(AssertSqlSafe(sql))
            .bind(after.key)
            .bind(after.id)
            .bind(i64::from(question.limit) + 1);
        let mut conn = self.reader().await?;
        let rows = conn.ask(|conn| query.fetch_all(conn)).await?;
        page(rows, question.limit, |row| row.text("username_key"))
    }

    async fn people_by_name(
        &self,
        question: &PeopleQuestion,
        (from, to): (Vec<u8>, Vec<u8>),
    ) -> Result<UserPage, RecordError> {
        let after = question.after.clone().unwrap_or_default();
        // A cursor of another search must not lead out of this one.
        let (key, id) = if after.key.as_bytes() < from.as_slice() {
            (from.clone(), String::new())
        } else {
            (after.key.into_bytes(), after.id)
        };
        let condition = question.which.condition();
        let sql = format!("{BY_NAME}{condition} ORDER BY n.name, n.user_id LIMIT $5");
        let query = sqlx::query(AssertSqlSafe(sql))
            .bind(key)
            .bind(id)
            .bind(to)
            .bind(from)
            .bind(i64::from(question.limit) + 1);
        let mut conn = self.reader().await?;
        let rows = conn.ask(|conn| query.fetch_all(conn)).await?;
        page(rows, question.limit, |row| {
            let name = row.bytes("found")?;
            String::from_utf8(name).map_err(|_| RecordError::malformed("name"))
        })
    }
}

fn page(
    mut rows: Vec<AnyRow>,
    limit: u32,
    key: impl Fn(&AnyRow) -> Result<String, RecordError>,
) -> Result<UserPage, RecordError> {
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = match rows.last().filter(|_| more) {
        Some(last) => Some(Cursor::after(key(last)?, last.text("id")?)),
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
