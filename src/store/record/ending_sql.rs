//! The statements of an end. They come in pairs: one picks by session, one by person; a client
//! narrows either. What an end selects is found by what it has just changed: the live
//! participants of ended sessions are those whose session has ended in this transaction, as an
//! ended session has none at any other time.
//!
//! On PostgreSQL an `UPDATE` takes rows as its plan finds them. Where others take several of the
//! same rows, a statement for PostgreSQL alone takes them first, in the order of their ids as
//! bytes, which is how batches are sorted.

/// The statements for one way to pick.
pub(super) struct Statements {
    /// Takes the grants' rows in order. `$1` session or person, `$2` client or null, `$3` offline
    /// ones too, `$4` session to spare or empty.
    pub(super) grants_in_order: &'static str,
    /// `$1` moment, `$2` reason, `$3` session or person, `$4` session to spare or empty.
    pub(super) sessions: &'static str,
    /// `$1` moment, `$2` whether `sub` goes along, `$3` as above, `$4` client or null.
    pub(super) notices: &'static str,
    /// `$1` moment, `$2` reason, `$3`, `$4` as above.
    pub(super) participants: &'static str,
    /// `$1` moment, `$2` reason, `$3`, `$4` as above, `$5` offline ones too, `$6` session to spare.
    pub(super) grants: &'static str,
    /// `$1` session or person, `$2` client or null, `$3` moment.
    pub(super) ended: &'static str,
}

/// A selection, as the statements want it.
pub(super) struct Pick {
    pub(super) statements: &'static Statements,
    /// A session's or a person's id.
    pub(super) key: String,
    pub(super) client: Option<String>,
    pub(super) spared: String,
    pub(super) include_sub: bool,
    pub(super) offline_too: bool,
}

macro_rules! statements {
    ($session:literal, $participant:literal, $grant:literal, $relevant:literal) => {
        Statements {
            grants_in_order: concat!(
                "SELECT id FROM grants WHERE ended_at IS NULL AND ",
                $grant,
                " = $1 AND session_id <> $4 AND ($2 IS NULL OR client_id = $2) ",
                "AND (offline = 0 OR $3 = 1) ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE"
            ),
            sessions: concat!(
                "UPDATE sessions SET ended_at = $1, reason = $2 WHERE ",
                $session,
                " = $3 AND id <> $4 AND ended_at IS NULL RETURNING id"
            ),
            notices: concat!(
                "INSERT INTO notices (sid, session_id, client_id, user_id, include_sub, ",
                "created_at, state, attempts, next_at) ",
                "SELECT p.sid, p.session_id, p.client_id, s.user_id, $2, $1, 'due', 0, $1 ",
                "FROM sessions s JOIN participants p ON p.session_id = s.id ",
                "JOIN clients c ON c.client_id = p.client_id ",
                "WHERE s.",
                $session,
                " = $3 AND p.ended_at IS NULL AND c.backchannel_logout_uri IS NOT NULL ",
                "AND (($4 IS NULL AND s.ended_at IS NOT NULL) OR p.client_id = $4) ",
                "ON CONFLICT (sid) DO NOTHING"
            ),
            participants: concat!(
                "UPDATE participants SET ended_at = $1, reason = $2 WHERE ended_at IS NULL AND ",
                $participant,
                " AND (($4 IS NULL AND session_id IN (SELECT id FROM sessions WHERE ",
                $session,
                " = $3 AND ended_at IS NOT NULL)) OR client_id = $4) ",
                "RETURNING session_id, sid"
            ),
            grants: concat!(
                "UPDATE grants SET ended_at = $1, reason = $2 WHERE ended_at IS NULL AND ",
                $grant,
                " = $3 AND session_id <> $6 AND ($4 IS NULL OR client_id = $4) ",
                "AND (offline = 0 OR $5 = 1) RETURNING id, session_id, offline"
            ),
            ended: concat!(
                "SELECT s.id AS id, s.user_id AS user_id, p.client_id AS client_id, p.sid AS sid ",
                "FROM sessions s LEFT JOIN participants p ON p.session_id = s.id ",
                "AND p.ended_at IS NOT NULL AND (p.client_id = $2 ",
                "OR ($2 IS NULL AND p.ended_at >= s.ended_at)) WHERE s.",
                $session,
                " = $1 AND ((s.ended_at IS NOT NULL AND $2 IS NULL) OR p.sid IS NOT NULL) AND ",
                $relevant,
                " ORDER BY s.id, p.joined_at, p.sid"
            ),
        }
    };
}

/// Takes the rows of a person's live sessions in order. `$1` person, `$2` session to spare or
/// empty.
pub(super) const SESSIONS_IN_ORDER: &str = "SELECT id FROM sessions WHERE user_id = $1 \
     AND id <> $2 AND ended_at IS NULL ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE";

/// One session, however long ago it ended. (PostgreSQL demands that each parameter is named.)
pub(super) const BY_SESSION: Statements =
    statements!("id", "session_id = $3", "session_id", "$3 IS NOT NULL");

/// All sessions of a person. Of those that ended before, only the ones that a hot copy may still
/// be about: the rest have run out.
pub(super) const BY_PERSON: Statements = statements!(
    "user_id",
    "session_id IN (SELECT id FROM sessions WHERE user_id = $3)",
    "user_id",
    "(s.expires_at > $3 OR s.ended_at >= $3)"
);
