//! Moves between real databases.

mod arrival;
mod catalogue;
mod failures;
mod filled;
mod refusals;

use std::future::pending;
use std::io;
use std::time::Duration;

use kith_database::Connection;
use kith_database::Database;
use kith_database::query;

use self::filled::Filled;
use super::copy;
use super::error::MoveError;
use super::fingerprint::Fingerprint;
use super::moving::Move;
use super::moving::call_off;
use super::progress::Progress;
use super::side;
use super::tables::TABLES;
use crate::services::database::installation::Installation;
use crate::services::database::installation::State;
use crate::services::database::testing::TestDatabase;

/// The address of every target. No test connects to it.
const TO: &str = "sqlite:///srv/target.db";

/// Makes a test of each case for each pair of engines. A case takes a filled source and an empty target.
macro_rules! between_engines {
    ($($case:ident)+) => {
        $crate::services::transfer::tests::between_engines! { sqlite_to_postgres Sqlite Postgres => $($case)+ }
        $crate::services::transfer::tests::between_engines! { postgres_to_sqlite Postgres Sqlite => $($case)+ }
        $crate::services::transfer::tests::between_engines! { sqlite_to_sqlite Sqlite Sqlite => $($case)+ }
        $crate::services::transfer::tests::between_engines! { postgres_to_postgres Postgres Postgres => $($case)+ }
    };
    ($module:ident $source:ident $target:ident => $($case:ident)+) => {
        mod $module {
            use kith_database::Engine;

            use crate::services::database::testing::TestDatabase;
            use crate::services::transfer::tests::filled::Filled;

            $(
                #[tokio::test]
                async fn $case() {
                    let source = Filled::new(Engine::$source).await;
                    let target = TestDatabase::new(Engine::$target).await;
                    super::$case(source, target).await;
                }
            )+
        }
    };
}
pub(crate) use between_engines;

/// Moves everything, without an interruption.
async fn move_all(source: &Database, target: &Database) -> Result<(), MoveError> {
    move_until(source, target, pending()).await
}

async fn move_until(
    source: &Database,
    target: &Database,
    interrupted: impl Future<Output = ()>,
) -> Result<(), MoveError> {
    let all = Move {
        source,
        target,
        to: TO,
        statement_timeout: Duration::from_secs(60),
    };
    let mut progress = Progress::new(io::sink(), false);
    all.run(&mut progress, interrupted).await
}

/// What the tables have, without what no process owns any more.
async fn fingerprints(database: &Database) -> Vec<(&'static str, Fingerprint)> {
    let mut tx = database.read().await.expect("it is open");
    let mut progress = Progress::new(io::sink(), false);
    let mut all = Vec::new();
    for table in TABLES {
        let fingerprint = copy::fingerprint(table, &mut tx, &mut progress).await;
        all.push((table.name, fingerprint.expect("it can be read")));
    }
    all
}

async fn is_empty(database: &Database) -> bool {
    let of_tables = fingerprints(database).await;
    // A new database has its first book.
    let is_new = |name: &str, rows| rows == u64::from(name == "books");
    of_tables
        .iter()
        .all(|(name, of_table)| is_new(name, of_table.rows))
}

async fn installation(database: &Database) -> Installation {
    side::installation(database).await.expect("it is open")
}

async fn set_state(database: &Database, state: State) {
    let mut tx = database.write().await.expect("it is open");
    state.write(&mut tx).await.expect("it is valid");
    tx.commit().await.expect("there is room");
}

/// Executes a statement without values.
async fn execute(database: &Database, statement: impl Into<kith_database::Sql>) {
    let mut tx = database.write().await.expect("it is open");
    let executed = query(statement).execute(&mut tx).await;
    executed.expect("it is valid");
    tx.commit().await.expect("there is room");
}

async fn number(connection: &mut Connection, sql: &'static str) -> i64 {
    let number = query(sql).fetch_one(connection).await;
    number.expect("a number")
}

fn moving() -> State {
    State::Moving { to: TO.to_owned() }
}

fn moved() -> State {
    State::Moved { to: TO.to_owned() }
}
