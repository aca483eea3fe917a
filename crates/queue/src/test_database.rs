//! Databases for tests, of both engines.

use std::path::Path;
use std::sync::Arc;

use kith_database::Database;
use kith_database::Engine;
use kith_database::Migration;
use kith_database::Options;
use kith_runtime::Clock;
use kith_runtime::SystemClock;
use kith_test_support::postgres_server::PostgresDatabase;
use kith_test_support::postgres_server::PostgresServer;
use tempfile::TempDir;

use crate::migrations;

const IN_SQLITE: &[Migration] = &[
    Migration {
        version: 1,
        name: "queue",
        sql: migrations::QUEUE,
    },
    Migration {
        version: 2,
        name: "origins",
        sql: migrations::ORIGINS,
    },
];

const IN_POSTGRES: &[Migration] = &[Migration {
    version: 1,
    name: "queue",
    sql: migrations::POSTGRES,
}];

/// An empty database with the tables of the queue.
pub(crate) struct TestDatabase(Place);

enum Place {
    Directory(TempDir),
    Server(PostgresDatabase),
}

impl TestDatabase {
    pub(crate) fn new(engine: Engine) -> Self {
        Self(match engine {
            Engine::Sqlite => Place::Directory(TempDir::new().expect("a directory")),
            Engine::Postgres => Place::Server(PostgresServer::shared().database()),
        })
    }

    /// Opens it, as another process does.
    pub(crate) async fn open(&self) -> Database {
        self.open_with(Arc::new(SystemClock)).await
    }

    /// Opens it, as a process with this clock does.
    pub(crate) async fn open_with(&self, clock: Arc<dyn Clock>) -> Database {
        let mut options = match &self.0 {
            Place::Directory(directory) => {
                Options::new(directory.path().join("queue.db"), IN_SQLITE)
            }
            Place::Server(database) => {
                let address = database.url().parse().expect("an address");
                Options::server(address, IN_POSTGRES)
            }
        };
        options.clock = clock;
        Database::open(options).await.expect("it opens")
    }

    /// The directory of the SQLite file.
    pub(crate) fn directory(&self) -> &Path {
        match &self.0 {
            Place::Directory(directory) => directory.path(),
            Place::Server(_) => panic!("a server has the file"),
        }
    }
}

/// Makes two tests of each function: one on SQLite and one on PostgreSQL.
macro_rules! on_both_engines {
    ($($test:ident),* $(,)?) => {
        $(
            mod $test {
                use kith_database::Engine;

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn sqlite() {
                    super::$test(Engine::Sqlite).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn postgres() {
                    super::$test(Engine::Postgres).await;
                }
            }
        )*
    };
}

pub(crate) use on_both_engines;
