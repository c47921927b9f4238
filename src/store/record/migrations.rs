//! The schema's steps, in the binary. One text for all back ends.

use std::borrow::Cow;
use std::collections::HashSet;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AnyConnection, Connection as _, SqlSafeStr as _};

use super::backend::Backend;
use super::dialect::is_missing_table;
use super::jobs::{Durability, Work};
use super::{Record, RecordError, jobs};

const STEPS: [(i64, &str, &str); 14] = [
    (
        1,
        "record",
        include_str!("../../../migrations/0001_record.sql"),
    ),
    (
        2,
        "nodes",
        include_str!("../../../migrations/0002_nodes.sql"),
    ),
    (
        3,
        "people_and_clients",
        include_str!("../../../migrations/0003_people_and_clients.sql"),
    ),
    (
        4,
        "signing_keys",
        include_str!("../../../migrations/0004_signing_keys.sql"),
    ),
    (
        5,
        "session_search",
        include_str!("../../../migrations/0005_session_search.sql"),
    ),
    (
        6,
        "hot_nodes",
        include_str!("../../../migrations/0006_hot_nodes.sql"),
    ),
    (
        7,
        "people_list",
        include_str!("../../../migrations/0007_people_list.sql"),
    ),
    (
        9,
        "mass_ends",
        include_str!("../../../migrations/0009_mass_ends.sql"),
    ),
    (
        10,
        "notice_leases",
        include_str!("../../../migrations/0010_notice_leases.sql"),
    ),
    (
        11,
        "client_logout",
        include_str!("../../../migrations/0011_client_logout.sql"),
    ),
    (
        12,
        "notice_attempts",
        include_str!("../../../migrations/0012_notice_attempts.sql"),
    ),
    (
        13,
        "refreshes",
        include_str!("../../../migrations/0013_refreshes.sql"),
    ),
    (
        14,
        "sealed_secrets",
        include_str!("../../../migrations/0014_sealed_secrets.sql"),
    ),
    (
        17,
        "registration",
        include_str!("../../../migrations/0017_registration.sql"),
    ),
];

/// A lock of PostgreSQL that goes with the transaction, for the schema in which the record lies.
/// The driver's own lock would make every installation in one database wait for every other.
const ALONE: &str = "SELECT pg_advisory_xact_lock(1281127802, hashtext(current_schema()))";
/// A step over a large table takes its time, and so does whoever waits for the lock.
const UNBOUNDED: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = 0";

fn migrator() -> Migrator {
    let steps = STEPS.map(|(version, name, sql)| {
        let kind = MigrationType::Simple;
        Migration::new(
            version,
            Cow::Borrowed(name),
            kind,
            sql.into_sql_str(),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(steps.to_vec());
    migrator.set_locking(false);
    migrator
}

impl Record {
    /// Brings the schema up to this version; answers with the number of steps taken. Under a lock,
    /// so that processes that start together do not all try; however long it takes.
    pub async fn migrate(&self) -> Result<usize, RecordError> {
        let before = self.pending().await?.len();
        if before > 0 {
            match &self.0.backend {
                Backend::Sqlite { .. } => self.migrate_sqlite().await?,
                Backend::Postgres { server, .. } => {
                    migrate_postgres(server.connect().await?).await?;
                }
            }
        }
        // What no step can say in SQL.
        self.fill_search_words().await?;
        Ok(before)
    }

    /// How many steps [`Record::migrate`] would take.
    pub async fn steps_due(&self) -> Result<usize, RecordError> {
        Ok(self.pending().await?.len())
    }

    async fn migrate_sqlite(&self) -> Result<(), RecordError> {
        let work: Work<(), ()> =
            |conn, ()| Box::pin(async move { Ok(migrator().run_direct(None, conn, false).await?) });
        let (job, pending) = jobs::job(Durability::Full, (), work, |()| false);
        self.0.backend.submit(job)?;
        pending.answer().await
    }

    /// The steps that the database has not taken.
    pub async fn pending(&self) -> Result<Vec<String>, RecordError> {
        let mut conn = self.reader().await?;
        let applied = conn.ask(applied).await?;
        if let Some(newer) = applied
            .iter()
            .find(|taken| STEPS.iter().all(|step| step.0 != **taken))
        {
            return Err(sqlx::migrate::MigrateError::VersionMissing(*newer).into());
        }
        let open = STEPS
            .iter()
            .filter(|(version, ..)| !applied.contains(version));
        Ok(open
            .map(|(version, name, _)| format!("{version:04}_{name}"))
            .collect())
    }
}

async fn migrate_postgres(mut conn: AnyConnection) -> Result<(), RecordError> {
    let mut transaction = conn.begin().await?;
    sqlx::raw_sql(UNBOUNDED).execute(&mut *transaction).await?;
    sqlx::query(ALONE).execute(&mut *transaction).await?;
    migrator()
        .run_direct(None, &mut *transaction, false)
        .await?;
    transaction.commit().await?;
    Ok(conn.close().await?)
}

async fn applied(conn: &mut AnyConnection) -> Result<HashSet<i64>, sqlx::Error> {
    let query = sqlx::query_scalar("SELECT version FROM _sqlx_migrations");
    match query.fetch_all(conn).await {
        Ok(versions) => Ok(versions.into_iter().collect()),
        Err(sqlx::Error::Database(error)) if is_missing_table(&*error) => Ok(HashSet::new()),
        Err(error) => Err(error),
    }
}
