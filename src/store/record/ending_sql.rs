//! The statements of an end. What it selects is a list of sessions, found before; a client narrows
//! it. Each list is bounded, so that an app in thousands of one person's sessions is ended in several
//! transactions, each of them complete in itself.
//!
//! On PostgreSQL an `UPDATE` takes rows as its plan finds them. Where others take several of the
//! same rows, the statement that finds them takes them too, in the order of their ids as bytes,
//! which is how batches are sorted.

use super::dialect::Dialect;
use super::statement::Statement;
use crate::clock::Timestamp;
use crate::entropy::UserId;
use crate::session::ending::Reason;

/// Sessions that end in one transaction: more would not be done in the time that a job has.
pub(super) const SESSIONS: i64 = 500;
/// The same for grants.
pub(super) const GRANTS: i64 = 8_000;

/// A selection, as the statements want it.
pub(super) struct Pick {
    pub(super) whose: Whose,
    pub(super) client: Option<String>,
    pub(super) spared: String,
    pub(super) include_sub: bool,
    pub(super) offline_too: bool,
    /// The end of very many to which it belongs.
    pub(super) mass: Option<String>,
}

/// One session, those of a person, or these.
pub(super) enum Whose {
    Session(String),
    Person(String),
    Listed(Vec<String>),
}

/// Words that all statements of an end share.
impl Pick {
    /// The statement, which is kept prepared where its text is always the same.
    fn statement(&self, text: &str) -> Statement {
        let mut statement = Statement::default();
        statement.say(text);
        if matches!(self.whose, Whose::Session(_)) {
            statement.keep();
        }
        statement
    }

    /// A person's sessions that are still to be ended, or in which the client still takes part:
    /// as many as one transaction ends.
    pub(super) fn chosen(&self, person: &str, dialect: Dialect) -> Statement {
        let mut sql =
            self.statement("SELECT id FROM sessions WHERE ended_at IS NULL AND user_id = ");
        sql.text(person).say(" AND id <> ").text(&*self.spared);
        if let Some(client) = &self.client {
            sql.say(
                " AND EXISTS (SELECT 1 FROM participants p WHERE p.session_id = sessions.id \
                 AND p.ended_at IS NULL AND p.client_id = ",
            );
            sql.text(&**client).say(")");
        }
        in_order(&mut sql, SESSIONS, dialect);
        sql
    }

    /// Whether a session of the person is left that was to be ended.
    pub(super) fn left(&self, person: &str) -> Statement {
        let mut sql =
            self.statement("SELECT id FROM sessions WHERE ended_at IS NULL AND user_id = ");
        sql.text(person).say(" AND id <> ").text(&*self.spared);
        sql.say(" LIMIT 1");
        sql
    }

    pub(super) fn end_sessions(&self, ids: &[String], now: Timestamp, reason: Reason) -> Statement {
        let mut sql = self.statement("UPDATE sessions SET ended_at = ");
        over(&mut sql, now, reason).say(" AND id IN ");
        sql.texts(ids).say(" RETURNING id");
        sql
    }

    /// Owes the notices. What was ended before has no live participants.
    pub(super) fn owe(
        &self,
        ids: &[String],
        now: Timestamp,
        reason: Reason,
        include_sub: bool,
    ) -> Statement {
        let mut sql = self.statement("INSERT INTO notices (sid, session_id, client_id, user_id, ");
        sql.say(if self.mass.is_some() {
            "mass_end, "
        } else {
            ""
        });
        sql.say(
            "created_at, next_at, include_sub, state, attempts) \
             SELECT p.sid, p.session_id, p.client_id, s.user_id, ",
        );
        if let Some(mass) = &self.mass {
            sql.text(&**mass).say(", ");
        }
        sql.integer(now.as_millis()).say(", ");
        sql.integer(now.as_millis()).say(", ");
        sql.integer(i64::from(include_sub)).say(
            ", 'due', 0 FROM participants p JOIN sessions s ON s.id = p.session_id \
             JOIN clients c ON c.client_id = p.client_id \
             WHERE c.backchannel_logout_uri IS NOT NULL AND p.ended_at IS NULL",
        );
        if !reason.is_told(false) {
            sql.say(" AND c.notify_on_idle = 1");
        }
        self.narrow(&mut sql, "p.client_id");
        sql.say(" AND p.session_id IN ").texts(ids);
        sql.say(" ON CONFLICT (sid) DO NOTHING");
        sql
    }

    pub(super) fn end_participants(
        &self,
        ids: &[String],
        now: Timestamp,
        reason: Reason,
    ) -> Statement {
        let mut sql = self.statement("UPDATE participants SET ended_at = ");
        over(&mut sql, now, reason);
        self.narrow(&mut sql, "client_id");
        sql.say(" AND session_id IN ").texts(ids);
        sql.say(" RETURNING session_id, sid");
        sql
    }

    /// The grants that end with the sessions; those of a person that outlive sessions too, where
    /// they are revoked.
    pub(super) fn grants(&self, ids: &[String], dialect: Dialect) -> Statement {
        let mut sql = self.statement("SELECT id FROM grants WHERE ended_at IS NULL AND ");
        match &self.whose {
            Whose::Session(id) => {
                sql.say("session_id = ").text(&**id);
            }
            Whose::Listed(_) => {
                sql.say("session_id IN ").texts(ids);
            }
            Whose::Person(person) => {
                sql.say("user_id = ").text(&**person);
                sql.say(" AND session_id <> ").text(&*self.spared);
                if self.client.is_none() {
                    sql.say(" AND (offline = 1 OR session_id IN ").texts(ids);
                    sql.say(")");
                }
            }
        }
        self.narrow(&mut sql, "client_id");
        if !self.offline_too {
            sql.say(" AND offline = 0");
        }
        in_order(&mut sql, GRANTS, dialect);
        sql
    }

    /// What is over of the sessions, or of all that a person has and that ended since a moment.
    pub(super) fn ended(&self, ids: &[String], since: Option<Timestamp>) -> Statement {
        let mut sql = self.statement(
            "SELECT s.id AS id, s.user_id AS user_id, p.client_id AS client_id, p.sid AS sid \
             FROM sessions s LEFT JOIN participants p ON p.session_id = s.id \
             AND p.ended_at IS NOT NULL AND ",
        );
        if let Some(client) = &self.client {
            sql.say("p.client_id = ").text(&**client);
            sql.say(" WHERE p.sid IS NOT NULL AND ");
        } else {
            sql.say("p.ended_at >= s.ended_at WHERE s.ended_at IS NOT NULL AND ");
        }
        match (&self.whose, since) {
            (Whose::Person(person), Some(since)) => {
                let part = if self.client.is_some() { "p" } else { "s" };
                sql.say("s.user_id = ").text(&**person);
                sql.say(" AND ").say(part).say(".ended_at >= ");
                sql.integer(since.as_millis());
            }
            _ => {
                sql.say("s.id IN ").texts(ids);
            }
        }
        sql.say(" ORDER BY s.id, p.joined_at, p.sid");
        sql
    }

    fn narrow(&self, sql: &mut Statement, column: &str) {
        if let Some(client) = &self.client {
            sql.say(" AND ").say(column).say(" = ").text(&**client);
        }
    }
}

pub(super) fn end_grants(ids: &[String], now: Timestamp, reason: Reason) -> Statement {
    // There are as many texts as there are numbers of grants.
    let mut sql = Statement::default();
    sql.say("UPDATE grants SET ended_at = ");
    over(&mut sql, now, reason).say(" AND id IN ").texts(ids);
    sql.say(" RETURNING id, session_id, offline");
    sql
}

/// What began before a position of the ends log, but in one session.
pub(super) struct Before<'a> {
    /// Only this person's.
    pub(super) user: Option<&'a UserId>,
    pub(super) position: i64,
    pub(super) spared: &'a str,
    pub(super) limit: i64,
}

impl Before<'_> {
    /// The sessions, from one beginning on, the oldest first.
    pub(super) fn sessions(&self, from: i64) -> Statement {
        let mut sql = Statement::default();
        sql.say("SELECT id, began_at FROM sessions WHERE ended_at IS NULL AND began_position < ");
        sql.integer(self.position);
        sql.say(" AND id <> ").text(self.spared);
        sql.say(" AND began_at >= ").integer(from);
        self.narrow(&mut sql);
        sql.say(" ORDER BY began_at, reference LIMIT ");
        sql.integer(self.limit);
        sql
    }

    /// Grants that outlive sessions.
    pub(super) fn offline(&self, dialect: Dialect) -> Statement {
        let mut sql = Statement::default();
        sql.say("SELECT id FROM grants WHERE ended_at IS NULL AND offline = 1");
        sql.say(" AND began_position < ").integer(self.position);
        sql.say(" AND session_id <> ").text(self.spared);
        self.narrow(&mut sql);
        in_order(&mut sql, self.limit, dialect);
        sql
    }

    fn narrow(&self, sql: &mut Statement) {
        if let Some(user) = self.user {
            sql.say(" AND user_id = ").text(user.as_str());
        }
    }
}

/// Takes the rows of these sessions, in order, for PostgreSQL.
pub(super) fn take(ids: &[String]) -> Statement {
    let mut sql = Statement::default();
    sql.say("SELECT id FROM sessions WHERE id IN ").texts(ids);
    in_order(&mut sql, i64::MAX, Dialect::Postgres);
    sql
}

fn over(sql: &mut Statement, now: Timestamp, reason: Reason) -> &mut Statement {
    sql.integer(now.as_millis()).say(", reason = ");
    sql.text(reason.as_str()).say(" WHERE ended_at IS NULL")
}

/// SQLite has locked everything before, and compares bytes.
fn in_order(sql: &mut Statement, limit: i64, dialect: Dialect) {
    let order = match dialect {
        Dialect::Sqlite => " ORDER BY id LIMIT ",
        Dialect::Postgres => " ORDER BY id COLLATE \"C\" LIMIT ",
    };
    sql.say(order).integer(limit);
    if dialect == Dialect::Postgres {
        sql.say(" FOR NO KEY UPDATE");
    }
}

/// Takes the rows of a person's live sessions in order, for PostgreSQL. `$1` person.
pub(super) const SESSIONS_IN_ORDER: &str = "SELECT id FROM sessions WHERE user_id = $1 \
     AND ended_at IS NULL ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE";
