//! The engine that a run of the tests uses: a file, or a PostgreSQL server if `KITH_TEST_ENGINE` is `postgres` or
//! `pgbouncer`, which stands between then.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::PoisonError;

use kith::services::config::Config;
use kith::services::database;
use kith::services::database::DatabaseUrl;
use kith_database::Database;
use kith_test_support::postgres_server::PgBouncer;
use kith_test_support::postgres_server::PostgresServer;

/// The databases that stand for the file in each folder. Instances with one folder share its database.
static DATABASES: Mutex<Option<HashMap<PathBuf, DatabaseUrl>>> = Mutex::new(None);

/// The address of a new database, if this run uses a server.
fn on_server() -> Option<String> {
    static PGBOUNCER: OnceLock<PgBouncer> = OnceLock::new();
    let engine = std::env::var("KITH_TEST_ENGINE").ok()?;
    let server = PostgresServer::shared();
    match engine.as_str() {
        "postgres" => Some(server.database().url().to_owned()),
        "pgbouncer" => {
            let pgbouncer = PGBOUNCER.get_or_init(|| PgBouncer::start(server));
            Some(pgbouncer.url(&server.database()))
        }
        _ => None,
    }
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
    if config.data.database_url.is_some() {
        return;
    }
    let mut databases = DATABASES.lock().unwrap_or_else(PoisonError::into_inner);
    let databases = databases.get_or_insert_default();
    if let Some(known) = databases.get(&config.data.dir) {
        config.data.database_url = Some(known.clone());
    } else if let Some(url) = on_server() {
        let url: DatabaseUrl = url.parse().expect("an address");
        databases.insert(config.data.dir.clone(), url.clone());
        config.data.database_url = Some(url);
    }
}
