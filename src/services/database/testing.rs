//! Databases for tests, on both engines.

use std::num::NonZeroU32;
use std::ops::Deref;

use kith_database::Database;
use kith_database::Engine;
use kith_test_support::postgres_server::PostgresServer;
use tempfile::TempDir;

use super::Place;
use super::open;

/// How many connections read a file, or lead to a server.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(6).expect("it is not 0");

/// A database of its own, with the tables of Kith.
pub struct TestDatabase {
    database: Database,
    place: Place,
    /// The file goes with it.
    _directory: Option<TempDir>,
}

impl TestDatabase {
    pub async fn new(engine: Engine) -> Self {
        let (place, directory) = match engine {
            Engine::Sqlite => {
                let directory = TempDir::new().expect("there is room for a directory");
                (
                    Place::File(directory.path().join("kith.db")),
                    Some(directory),
                )
            }
            Engine::Postgres => {
                let database = PostgresServer::shared().database();
                (Place::Server(database.url().to_owned()), None)
            }
        };
        Self {
            database: open_again(&place).await,
            place,
            _directory: directory,
        }
    }

    /// The same database, as another instance opens it.
    pub async fn open_again(&self) -> Database {
        open_again(&self.place).await
    }
}

async fn open_again(place: &Place) -> Database {
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
