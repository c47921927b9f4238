//! Where a record of a test lies.

use lanyard::clock::Clock;
use lanyard::entropy::Entropy;
use lanyard::store::record::{Record, RecordSettings};
use sqlx::{AnyConnection, Connection as _};
use tempfile::TempDir;

use crate::support::parts;
use crate::support::stores::make_schema;

/// The databases that a record may lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
}

/// Makes two tests of each function that takes a [`Backend`].
macro_rules! both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $test() {
                    super::$test(super::Backend::Sqlite).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $test() {
                    super::$test(super::Backend::Postgres).await;
                }
            )+
        }
    };
}
pub(crate) use both;

/// A file, or a schema, for one test.
pub(super) struct Ground {
    pub(super) settings: RecordSettings,
    pub(super) folder: TempDir,
}

impl Ground {
    pub(super) async fn new(on: Backend) -> Self {
        sqlx::any::install_default_drivers();
        let folder = tempfile::tempdir().unwrap();
        let schema = format!("t{}", Entropy::System.alphanumeric(20)).to_lowercase();
        let settings = match on {
            Backend::Sqlite => RecordSettings::sqlite(&folder.path().join("sub/lanyard.db")),
            Backend::Postgres => {
                RecordSettings::postgres(make_schema(&parts::postgres_url().await, &schema).await)
            }
        };
        Self { settings, folder }
    }

    pub(super) async fn open(&self, clock: &Clock) -> Record {
        Record::open(&self.settings, clock.clone(), Entropy::System)
            .await
            .unwrap()
    }

    /// A connection behind the record's back.
    pub(super) async fn connect(&self) -> AnyConnection {
        AnyConnection::connect(&self.settings.url).await.unwrap()
    }
}
