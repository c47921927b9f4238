//! Lists of sessions, for people and administrators. Two queries whatever their length.

use std::collections::HashMap;

use sqlx::AnyConnection;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;

use super::mass_cover::session_is_covered;
use super::rows::Columns as _;
use super::sessions::{select_sessions, session};
use super::{Record, RecordError, snapshot};
use crate::clock::Timestamp;
use crate::entropy::{ClientId, SessionId, Sid, UserId};
use crate::identity::user::Profile;
use crate::session::ending::Reason;
use crate::session::participant::Participant;
use crate::session::session::Session;

/// More than any person has, few enough for a page.
const OF_ONE_PERSON: i64 = 1_000;

/// Which sessions.
#[derive(Clone, Debug)]
pub struct SessionFilter {
    /// Only this person's.
    pub user: Option<UserId>,
    /// Only those in which this client takes or took part.
    pub client: Option<ClientId>,
    /// Also those that ended or ran out.
    pub include_ended: bool,
    /// At most this many: the newest.
    pub limit: i64,
    /// By which running out is judged.
    pub now: Timestamp,
}

/// One line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// The session.
    pub session: Session,
    /// Its public name.
    pub reference: String,
    /// Whose it is.
    pub username: String,
    /// What pages call them.
    pub display_name: String,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Why it ended.
    pub reason: Option<Reason>,
    /// Who took part, in the order in which they joined.
    pub participants: Vec<ParticipantRow>,
}

/// A client in a line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParticipantRow {
    /// The participant; its grants are left out.
    pub participant: Participant,
    /// What people call the client; its id if it is gone.
    pub client_name: String,
    /// Whether it can be told of an end: it has a `backchannel_logout_uri` (Back-Channel Logout
    /// 1.0, 2.2).
    pub can_be_told: bool,
    /// When its part ended.
    pub ended: Option<Timestamp>,
}

/// The conditions; `$1` person or null, `$2` client or null, `$3` ended ones too, `$4` now,
/// `$5` how many. A person's index or the one by start is used as `$scope` says.
macro_rules! filtered {
    ($scope:literal) => {
        concat!(
            "WHERE ",
            $scope,
            " AND ($3 = 1 OR (s.ended_at IS NULL AND s.deadline_at > $4 AND NOT ",
            session_is_covered!(),
            ")) ",
            "AND ($2 IS NULL OR EXISTS (SELECT 1 FROM participants q ",
            "WHERE q.session_id = s.id AND q.client_id = $2)) ",
            "ORDER BY s.began_at DESC, s.id LIMIT $5"
        )
    };
}

macro_rules! listed {
    ($scope:literal) => {
        (
            select_sessions!(
                ", s.reference AS reference, u.username AS username, u.profile AS profile",
                concat!("JOIN users u ON u.id = s.user_id ", filtered!($scope))
            ),
            concat!(
                "SELECT p.session_id AS session_id, p.sid AS sid, p.client_id AS client_id, ",
                "p.joined_at AS joined_at, p.ended_at AS ended_at, c.client_name AS client_name, ",
                "c.backchannel_logout_uri AS backchannel_logout_uri ",
                "FROM participants p LEFT JOIN clients c ON c.client_id = p.client_id ",
                "WHERE p.session_id IN (SELECT s.id FROM sessions s ",
                filtered!($scope),
                ") ORDER BY p.joined_at, p.sid"
            ),
        )
    };
}

const OF_PERSON: (&str, &str) = listed!("s.user_id = $1");
const OF_ANYBODY: (&str, &str) = listed!("$1 IS NULL");

impl Record {
    /// A person's live sessions, the newest first.
    pub async fn sessions_of(
        &self,
        user: &UserId,
        live_at: Timestamp,
    ) -> Result<Vec<SessionRow>, RecordError> {
        self.list_sessions(&SessionFilter {
            user: Some(user.clone()),
            client: None,
            include_ended: false,
            limit: OF_ONE_PERSON,
            now: live_at,
        })
        .await
    }

    /// How many live sessions a person has, but for one.
    pub async fn live_sessions_of(
        &self,
        user: &UserId,
        except: Option<SessionId>,
        live_at: Timestamp,
    ) -> Result<usize, RecordError> {
        let sql = concat!(
            "SELECT COUNT(*) FROM sessions s WHERE s.ended_at IS NULL AND s.user_id = $1 \
             AND s.id <> $2 AND s.deadline_at > $3 AND NOT ",
            session_is_covered!()
        );
        let mut conn = self.reader().await?;
        let spared = except.map(|id| id.encode()).unwrap_or_default();
        let query = sqlx::query_scalar(sql).bind(user.as_str().to_owned());
        let query = query.bind(spared).bind(live_at.as_millis());
        let count: i64 = conn.ask(|conn| query.fetch_one(conn)).await?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The sessions that a filter names, the newest first.
    pub async fn list_sessions(
        &self,
        filter: &SessionFilter,
    ) -> Result<Vec<SessionRow>, RecordError> {
        let (sessions, participants) = if filter.user.is_some() {
            OF_PERSON
        } else {
            OF_ANYBODY
        };
        let mut conn = self.reader().await?;
        let (rows, members) = conn
            .ask(|conn| both(conn, bind(sessions, filter), bind(participants, filter)))
            .await?;
        let mut by_session: HashMap<String, Vec<ParticipantRow>> = HashMap::new();
        for row in &members {
            by_session
                .entry(row.text("session_id")?)
                .or_default()
                .push(participant_row(row)?);
        }
        rows.iter()
            .map(|row| {
                let participants = by_session.remove(&row.text("id")?).unwrap_or_default();
                session_row(row, participants)
            })
            .collect()
    }
}

/// All parts that a session ever had, in the order in which they joined.
pub(super) const PARTS: &str = "SELECT p.sid AS sid, p.session_id AS session_id, \
     p.client_id AS client_id, p.reason AS reason, \
     p.joined_at AS joined_at, p.refreshed_at AS refreshed_at, p.ended_at AS ended_at, \
     c.client_name AS client_name, \
     c.backchannel_logout_uri AS backchannel_logout_uri \
     FROM participants p LEFT JOIN clients c ON c.client_id = p.client_id \
     WHERE p.session_id = $1 ORDER BY p.joined_at, p.sid";

impl Record {
    /// Who took part in a session, also in what has ended of it.
    pub async fn participants_of(
        &self,
        session: SessionId,
    ) -> Result<Vec<ParticipantRow>, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query(PARTS).bind(session.encode());
        conn.ask(|conn| query.fetch_all(conn))
            .await?
            .iter()
            .map(participant_row)
            .collect()
    }
}

type AnyQuery = Query<'static, sqlx::Any, AnyArguments>;

async fn both(
    conn: &mut AnyConnection,
    one: AnyQuery,
    other: AnyQuery,
) -> Result<(Vec<AnyRow>, Vec<AnyRow>), RecordError> {
    let mut snapshot = snapshot(conn).await?;
    let one = one.fetch_all(&mut *snapshot).await?;
    let other = other.fetch_all(&mut *snapshot).await?;
    snapshot.rollback().await?;
    Ok((one, other))
}

fn bind(sql: &'static str, filter: &SessionFilter) -> AnyQuery {
    sqlx::query(sql)
        .bind(filter.user.as_ref().map(|user| user.as_str().to_owned()))
        .bind(
            filter
                .client
                .as_ref()
                .map(|client| client.as_str().to_owned()),
        )
        .bind(i64::from(filter.include_ended))
        .bind(filter.now.as_millis())
        .bind(filter.limit)
}

pub(super) fn session_row(
    row: &AnyRow,
    participants: Vec<ParticipantRow>,
) -> Result<SessionRow, RecordError> {
    let end = row.end("ended_at", "reason")?;
    let username = row.text("username")?;
    let profile: Profile = row.json("profile")?;
    Ok(SessionRow {
        session: session(row)?,
        reference: row.text("reference")?,
        display_name: profile.name.unwrap_or_else(|| username.clone()),
        username,
        ended: end.map(|(at, _)| at),
        reason: end.map(|(_, reason)| reason),
        participants,
    })
}

pub(super) fn participant_row(row: &AnyRow) -> Result<ParticipantRow, RecordError> {
    let client = row.text("client_id")?;
    Ok(ParticipantRow {
        client_name: row
            .text_or_null("client_name")?
            .unwrap_or_else(|| client.clone()),
        can_be_told: row.text_or_null("backchannel_logout_uri")?.is_some(),
        participant: Participant {
            client: ClientId::new(client),
            sid: Sid::new(row.text("sid")?),
            joined: row.time("joined_at")?,
            grants: Vec::new(),
            consented: Vec::new(),
        },
        ended: row.time_or_null("ended_at")?,
    })
}
