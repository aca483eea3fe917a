//! Databases for tests, on both engines.

use std::num::NonZeroU32;
use std::ops::Deref;
use std::time::Duration;

use kith_database::Database;
use kith_database::Engine;
use kith_database::Migration;
use kith_database::OpenError;
use kith_database::Tx;
use kith_database::query;
use kith_test_support::postgres_server::PostgresServer;
use tempfile::TempDir;

use super::DatabaseUrl;
use super::open;

/// How many connections read a file, or lead to a server.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(6).expect("it is not 0");

/// The migration of [`TestDatabase::update`].
const NEWER_SCHEMA: i64 = 1000;

/// The pause between two looks at the sessions of a server.
const PAUSE: Duration = Duration::from_millis(2);

/// Makes two tests of each case, one on each engine. A case takes an empty [`TestDatabase`].
macro_rules! on_each_engine {
    ($($case:ident)+) => {
        $crate::services::database::testing::on_each_engine! { on_sqlite Sqlite => $($case)+ }
        $crate::services::database::testing::on_each_engine! { on_postgres Postgres => $($case)+ }
    };
    ($module:ident $engine:ident => $($case:ident)+) => {
        mod $module {
            use kith_database::Engine;

            use crate::services::database::testing::TestDatabase;

            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(TestDatabase::new(Engine::$engine).await).await;
                }
            )+
        }
    };
}
pub(crate) use on_each_engine;

/// A database of its own, with the tables of Kith.
pub struct TestDatabase {
    database: Database,
    place: DatabaseUrl,
    /// The file goes with it.
    _directory: Option<TempDir>,
}

impl TestDatabase {
    pub async fn new(engine: Engine) -> Self {
        let (place, directory) = match engine {
            Engine::Sqlite => {
                let directory = TempDir::new().expect("there is room for a directory");
                (
                    DatabaseUrl::File(directory.path().join("kith.db")),
                    Some(directory),
                )
            }
            Engine::Postgres => {
                let database = PostgresServer::shared().database();
                (database.url().parse().expect("an address"), None)
            }
        };
        Self {
            database: open_again(&place).await,
            place,
            _directory: directory,
        }
    }

    /// Its address.
    pub fn place(&self) -> DatabaseUrl {
        self.place.clone()
    }

    /// The same database, as another instance opens it.
    pub async fn open_again(&self) -> Database {
        open_again(&self.place).await
    }

    /// The same database, as a newer version opens it whose last migration has this text.
    ///
    /// # Errors
    /// As for [`connect`](super::connect).
    pub async fn update(&self, sql: &'static str) -> Result<Database, OpenError> {
        let mut options = super::options(self.place(), CONNECTIONS, None);
        let new = Migration {
            version: NEWER_SCHEMA,
            name: "newer",
            sql,
        };
        options.migrations = Vec::leak([options.migrations, &[new]].concat());
        Database::open(options).await
    }

    /// A transaction of a server that keeps others from going on where they need what this statement locks.
    pub async fn gate(&self, statement: &'static str) -> Tx {
        let mut tx = self.write().await.expect("it is open");
        query(statement).execute(&mut tx).await.expect("it is free");
        tx
    }

    /// Opens the gate once so many sessions wait for a lock, at the gate or behind each other.
    pub async fn open_gate(&self, gate: Tx, sessions: i64) {
        let mut reader = self.reader().await.expect("it is open");
        loop {
            let waiting: i64 = query(
                "SELECT count(*) FROM pg_stat_activity
                 WHERE wait_event_type = 'Lock' AND datname = current_database()",
            )
            .fetch_one(&mut reader)
            .await
            .expect("it can be counted");
            if waiting == sessions {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        gate.commit().await.expect("the server is there");
    }
}

async fn open_again(place: &DatabaseUrl) -> Database {
    open(place.clone(), CONNECTIONS)
        .await
        .expect("it can be opened")
}

impl Deref for TestDatabase {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}
