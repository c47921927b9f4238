//! The schema's steps, in the binary. One text for all back ends.

use std::borrow::Cow;
use std::collections::HashSet;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Row as _, SqlSafeStr as _};

use super::jobs::Durability;
use super::{Record, RecordError, sqlite};

const STEPS: [(i64, &str, &str); 1] = [(
    1,
    "record",
    include_str!("../../../migrations/0001_record.sql"),
)];

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
    Migrator::with_migrations(steps.to_vec())
}

impl Record {
    /// Brings the schema up to this version; answers with the number of steps taken. Under the
    /// write lock, so that two processes that start together do not both try.
    pub async fn migrate(&self) -> Result<usize, RecordError> {
        let before = self.pending().await?.len();
        if before == 0 {
            return Ok(0);
        }
        // However long it takes.
        self.0
            .queue
            .run(Durability::Full, (), |conn, ()| {
                Box::pin(async move { Ok(migrator().run_direct(None, conn, false).await?) })
            })
            .await?;
        Ok(before)
    }

    /// The steps that the database has not taken.
    pub async fn pending(&self) -> Result<Vec<String>, RecordError> {
        let mut conn = self.reader().await?;
        let query = sqlx::query("SELECT version FROM _sqlx_migrations");
        let applied: HashSet<i64> = match query.fetch_all(&mut *conn).await {
            Ok(rows) => rows
                .iter()
                .map(|row| row.try_get(0))
                .collect::<Result<_, _>>()?,
            Err(sqlx::Error::Database(error)) if sqlite::is_missing_table(&*error) => {
                HashSet::new()
            }
            Err(error) => return Err(error.into()),
        };
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
