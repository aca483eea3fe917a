//! The engine that a run of the tests uses: a file, or a PostgreSQL server if `KITH_TEST_ENGINE` is `postgres`.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

use kith::services::config::Config;
use kith::services::database;
use kith::services::database::DatabaseUrl;
use kith_database::Database;
use kith_test_support::postgres_server::PostgresServer;

/// The databases that stand for the file in each folder. Instances with one folder share its database.
static DATABASES: Mutex<Option<HashMap<PathBuf, DatabaseUrl>>> = Mutex::new(None);

/// Whether this run uses a server.
fn is_server() -> bool {
    std::env::var("KITH_TEST_ENGINE").is_ok_and(|engine| engine == "postgres")
}

/// Opens the database of a folder, for a test that looks into it.
pub async fn open(folder: &Path) -> Database {
    let mut config = Config::default();
    config.data.dir = folder.to_owned();
    choose(&mut config);
    let opened = database::open(config.data.database(), NonZeroU32::MIN).await;
    opened.expect("it opens")
}

/// Gives a Kith with this configuration the database of its folder.
pub fn choose(config: &mut Config) {
    if !is_server() || config.data.database_url.is_some() {
        return;
    }
    let mut databases = DATABASES.lock().unwrap_or_else(PoisonError::into_inner);
    let databases = databases.get_or_insert_default();
    let url = databases.entry(config.data.dir.clone()).or_insert_with(|| {
        let database = PostgresServer::shared().database();
        database.url().parse().expect("an address")
    });
    config.data.database_url = Some(url.clone());
}
