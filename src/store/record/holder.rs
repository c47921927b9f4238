//! Who holds the lease of the in-process hot state: a row for people to read. Whether the holder
//! lives is known by other means.

use sqlx::AnyConnection;

use super::RecordError;
use super::rows::Columns as _;
use crate::clock::Timestamp;

/// Who holds the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Process id.
    pub pid: u32,
    /// Since when.
    pub started: Timestamp,
    /// Where it listens.
    pub listen: String,
}

/// Writes the row over the former one.
pub(super) async fn write(conn: &mut AnyConnection, holder: &Holder) -> Result<(), RecordError> {
    let sql = "INSERT INTO leases (name, pid, started_at, listen) \
         VALUES ('hot', $1, $2, $3) ON CONFLICT (name) DO UPDATE SET \
         pid = excluded.pid, started_at = excluded.started_at, \
         listen = excluded.listen";
    sqlx::query(sql)
        .bind(i64::from(holder.pid))
        .bind(holder.started.as_millis())
        .bind(holder.listen.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// Reads the row.
pub(super) async fn read(conn: &mut AnyConnection) -> Result<Option<Holder>, RecordError> {
    let query = sqlx::query("SELECT pid, started_at, listen FROM leases WHERE name = 'hot'");
    let Some(row) = query.fetch_optional(conn).await? else {
        return Ok(None);
    };
    Ok(Some(Holder {
        pid: u32::try_from(row.integer("pid")?).unwrap_or_default(),
        started: row.time("started_at")?,
        listen: row.text("listen")?,
    }))
}

/// A holder in words.
pub(super) fn words(holder: Option<Holder>) -> String {
    let Some(Holder {
        pid,
        started,
        listen,
    }) = holder
    else {
        return "another process that has just started".to_owned();
    };
    let since = jiff::Timestamp::from_millisecond(started.as_millis())
        .map(|at| at.to_string())
        .unwrap_or_default();
    format!("process {pid}, running since {since}, listening on {listen}")
}
