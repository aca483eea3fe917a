//! A PostgreSQL server: changes that meet, faults that pass, and servers that are refused.

mod hosts;
mod pgbouncer;
mod pool;
mod replica;
mod tls;
mod watch;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use kith_test_support::postgres_server::PostgresDatabase;
use kith_test_support::postgres_server::PostgresServer;
use tokio::sync::Barrier;

use crate::database::Backend;
use crate::database::fault::Fault;
use crate::*;

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "accounts",
    sql: r#"CREATE TABLE accounts (name TEXT COLLATE "C" PRIMARY KEY, balance BIGINT NOT NULL);
            INSERT INTO accounts VALUES ('a', 0), ('b', 0)"#,
}];

/// How long a fault may take to pass on a busy machine.
const HEALING_TIMEOUT: Duration = Duration::from_secs(60);

fn options(url: &str) -> Options {
    let address = url.parse().expect("an address");
    let mut options = Options::server(address, MIGRATIONS);
    options.url_setting = "DATABASE_URL";
    options.connections = NonZeroU32::MIN.saturating_add(3);
    options
}

async fn open(database: &PostgresDatabase) -> Database {
    let opened = Database::open(options(database.url())).await;
    opened.expect("the server can be used")
}

async fn balance(database: &Database, name: &str) -> Result<i64, sqlx::Error> {
    let mut reader = database.reader().await?;
    query("SELECT balance FROM accounts WHERE name = $1")
        .bind(name)
        .fetch_one(&mut reader)
        .await
}

async fn add(tx: &mut Connection, name: &str, amount: i64) -> Result<(), sqlx::Error> {
    query("UPDATE accounts SET balance = balance + $1 WHERE name = $2")
        .bind(amount)
        .bind(name)
        .execute(tx)
        .await
        .map(drop)
}

/// Moves one from an account to another: two rows, in this order.
async fn transfer(
    database: &Database,
    from: &'static str,
    to: &'static str,
) -> Result<(), sqlx::Error> {
    database
        .change(move |tx| {
            Box::pin(async move {
                add(tx, from, -1).await?;
                add(tx, to, 1).await
            })
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_that_wait_for_each_other_are_both_made() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    // Each has changed its first row before the other asks for it.
    let both = Arc::new(Barrier::new(2));
    let calls = Arc::new(AtomicU64::new(0));
    let change = |first: &'static str, second: &'static str| {
        let (both, calls) = (both.clone(), calls.clone());
        database.change(move |tx| {
            let both = both.clone();
            let is_first_attempt = calls.fetch_add(1, Ordering::Relaxed) < 2;
            Box::pin(async move {
                add(tx, first, 1).await?;
                if is_first_attempt {
                    both.wait().await;
                }
                add(tx, second, 1).await
            })
        })
    };
    let (one, other) = tokio::join!(change("a", "b"), change("b", "a"));
    one.expect("it is made, perhaps again");
    other.expect("it is made, perhaps again");
    // They may meet once more.
    assert!(calls.load(Ordering::Relaxed) >= 3);
    assert_eq!(balance(&database, "a").await.expect("a row"), 2);
}

#[tokio::test]
async fn a_change_that_meets_a_deadlock_is_made_again() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    let calls = Arc::new(AtomicU64::new(0));
    let counted = calls.clone();
    let made = database
        .change(move |tx| {
            let call = counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                let sql = "UPDATE accounts SET balance = balance + 1 WHERE name = 'a'";
                query(sql).execute(tx).await?;
                if call < 2 {
                    let deadlock = "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$";
                    query(deadlock).execute(tx).await?;
                }
                Ok::<_, sqlx::Error>(())
            })
        })
        .await;
    made.expect("the third attempt succeeds");
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    assert_eq!(balance(&database, "a").await.expect("a row"), 1);
}

#[tokio::test]
async fn a_transaction_with_a_failed_statement_is_not_committed() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    let mut tx = database.write().await.expect("it is open");
    query("UPDATE accounts SET balance = 7")
        .execute(&mut tx)
        .await
        .expect("it is valid");
    query("INSERT INTO accounts VALUES ('a', 0)")
        .execute(&mut tx)
        .await
        .expect_err("the name is taken");
    tx.commit().await.expect_err("the server has undone it");
    assert_eq!(balance(&database, "a").await.expect("a row"), 0);
    assert_eq!(database.health().failure, None);
}

#[tokio::test]
async fn a_transaction_that_is_dropped_is_undone_and_its_connection_serves_again() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    for _ in 0..20 {
        let mut tx = database.write().await.expect("it is open");
        query("UPDATE accounts SET balance = 7")
            .execute(&mut tx)
            .await
            .expect("it is valid");
    }
    transfer(&database, "a", "b")
        .await
        .expect("no row is locked");
    assert_eq!(balance(&database, "a").await.expect("a row"), -1);
}

#[tokio::test]
async fn a_transaction_that_reads_sees_one_instant_and_changes_nothing() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    let mut view = database.read().await.expect("it is open");
    let sum = "SELECT CAST(sum(abs(balance)) AS BIGINT) FROM accounts";
    let before: i64 = query(sum).fetch_one(&mut view).await.expect("a sum");
    transfer(&database, "a", "b").await.expect("it is open");
    let after: i64 = query(sum).fetch_one(&mut view).await.expect("a sum");
    assert_eq!((before, after), (0, 0));
    query("UPDATE accounts SET balance = 7")
        .execute(&mut view)
        .await
        .expect_err("it reads");
}

#[tokio::test]
async fn reads_survive_that_the_server_ends_all_connections() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    let dedicated = async || {
        let sql = "SELECT balance FROM accounts WHERE name = 'a'";
        database.fetch_dedicated::<i64>(query(sql)).await
    };
    for _ in 0..3 {
        // All connections of the pool are open.
        let mut readers = Vec::new();
        for _ in 0..4 {
            readers.push(database.reader().await.expect("it is open"));
        }
        drop(readers);
        dedicated().await.expect("it is open");
        server.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        balance(&database, "a").await.expect("another connection");
        dedicated().await.expect("another connection");
        transfer(&database, "a", "b")
            .await
            .expect("another connection");
    }
}

#[tokio::test]
async fn a_transaction_whose_caller_gives_up_at_any_time_leaves_none_behind() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    for polls in 0..20 {
        let begin = async {
            let mut tx = database.write().await?;
            add(&mut tx, "a", 1).await?;
            let _view = database.read().await?;
            std::future::pending::<Result<(), sqlx::Error>>().await
        };
        give_up_after(polls, begin).await;
        // Before the next transaction on the same connection, whose end would be the end of this one as well.
        let ended = async {
            while open_transactions(&server) != "0" {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(HEALING_TIMEOUT, ended)
            .await
            .expect("no transaction stays open");
    }
    transfer(&database, "a", "b").await.expect("a transaction");
    assert_eq!(database.health().failure, None);
}

fn open_transactions(server: &PostgresDatabase) -> String {
    server.query(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
    )
}

/// Polls a future this many times, with a pause before each, and drops it.
async fn give_up_after(polls: usize, work: impl Future) {
    let mut work = std::pin::pin!(work);
    for _ in 0..polls {
        tokio::time::sleep(Duration::from_micros(300)).await;
        if futures_util::poll!(&mut work).is_ready() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_who_give_up_on_a_server_that_hangs_leave_no_connection_that_hangs() {
    let server = PostgresServer::start();
    let at = server.database();
    let database = open(&at).await;
    let sql = "SELECT balance FROM accounts WHERE name = 'a'";
    server.signal("-STOP");
    for _ in 0..6 {
        let read = balance(&database, "a");
        let dedicated = database.fetch_dedicated::<i64>(query(sql));
        let patience = Duration::from_millis(50);
        let _ = tokio::time::timeout(patience, read).await;
        let _ = tokio::time::timeout(patience, dedicated).await;
    }
    let Backend::Postgres(connections) = &database.shared.backend else {
        panic!("the database is on a server");
    };
    assert!(connections.dedicated.lock().await.is_none());
    let closed = async {
        while connections.pool.size() > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(HEALING_TIMEOUT, closed)
        .await
        .expect("no connection waits for the server");
    server.signal("-CONT");
    balance(&database, "a").await.expect("it serves again");
}

#[tokio::test]
async fn a_connection_that_ends_while_rows_are_read_is_not_used_again() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    let mut reader = database.reader().await.expect("it is open");
    let mut rows = query("SELECT g, repeat('x', 1000) FROM generate_series(1, 1000000) AS g")
        .fetch(&mut reader);
    rows.next().await.expect("a row").expect("a row");
    server.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()
             AND query LIKE 'SELECT g%'",
    );
    while let Some(Ok(_)) = rows.next().await {}
    drop(rows);
    assert_eq!(database.health().failure, Some(Fault::Unreachable));
    drop(reader);
    for _ in 0..8 {
        let mut tx = database.write().await.expect("another connection");
        add(&mut tx, "a", 1).await.expect("it serves");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_killed_is_missed_and_serves_again() {
    let mut server = PostgresServer::start();
    let at = server.database();
    let database = open(&at).await;
    transfer(&database, "a", "b").await.expect("it is open");
    server.kill();
    let refused = transfer(&database, "a", "b").await;
    assert!(is_transient(&refused.expect_err("the server is gone")));
    assert!(balance(&database, "a").await.is_err());
    assert_eq!(database.health().failure, Some(Fault::Unreachable));
    server.start_again();
    let healed = async {
        while database.health().failure.is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(HEALING_TIMEOUT, healed)
        .await
        .expect("it heals without a request");
    assert_eq!(balance(&database, "a").await.expect("a row"), -1);
    transfer(&database, "a", "b").await.expect("it is back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_instances_that_start_at_once_make_the_tables_once() {
    let server = PostgresServer::shared().database();
    let mut opening = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let options = options(server.url());
        opening.spawn(async move { Database::open(options).await.map(drop) });
    }
    for opened in opening.join_all().await {
        opened.expect("it opens");
    }
    assert_eq!(server.query("SELECT count(*) FROM accounts"), "2");
}

/// Has a transaction shorten the limit of its statements for itself alone.
async fn limit_statements(database: &Database) {
    let mut tx = database.write().await.expect("it is open");
    let limited = tx.set_statement_timeout(Duration::from_millis(100)).await;
    limited.expect("it is valid");
    let slept: Result<i64, _> = query("SELECT CAST(1 AS BIGINT) FROM pg_sleep(10)")
        .fetch_one(&mut tx)
        .await;
    let ended = slept.expect_err("it takes too long").into_database_error();
    let code = ended.expect("PostgreSQL's words").code().map(String::from);
    assert_eq!(code.as_deref(), Some("57014"));
    drop(tx);
    for _ in 0..3 {
        let mut tx = database.write().await.expect("it is open");
        let limit: String = query("SELECT current_setting('statement_timeout')")
            .fetch_one(&mut tx)
            .await
            .expect("a setting");
        assert_eq!(limit, "20s");
        tx.commit().await.expect("it is over");
    }
}

#[tokio::test]
async fn a_transaction_may_have_a_limit_of_its_own() {
    let server = PostgresServer::shared().database();
    limit_statements(&open(&server).await).await;
}

/// What the operator reads.
async fn refusal(url: &str) -> String {
    refusal_of(options(url)).await
}

async fn refusal_of(options: Options) -> String {
    match Database::open(options).await {
        Err(error) => error.to_string(),
        Ok(_) => panic!("expected to be refused"),
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_refused_with_what_to_change() {
    let shared = PostgresServer::shared();
    let server = shared.database();
    let cases = [
        (
            "postgres://kith:secret@127.0.0.1:1/kith",
            "nothing answers there",
        ),
        (
            &server.url().replace("kith@", "stranger:secret@"),
            "refuses the user",
        ),
        (
            &format!("{}_none", server.url()),
            "no database of that name",
        ),
    ];
    for (url, expected) in cases {
        let refused = refusal(url).await;
        assert!(refused.contains(expected), "{url}: {refused}");
        assert!(
            refused.contains("DATABASE_URL") && !refused.contains("secret"),
            "{refused}"
        );
    }

    server.query("CREATE TABLE accounts (mine TEXT)");
    let refused = refusal(server.url()).await;
    assert!(refused.contains("tables of another program"), "{refused}");

    let standby = shared.database();
    let name = standby.query("SELECT current_database()");
    standby.query(&format!(
        "ALTER DATABASE {name} SET default_transaction_read_only = on"
    ));
    let refused = refusal(standby.url()).await;
    assert!(refused.contains("may only be read"), "{refused}");

    let hasty = shared.database();
    let name = hasty.query("SELECT current_database()");
    hasty.query(&format!(
        "ALTER DATABASE {name} SET synchronous_commit = off"
    ));
    let refused = refusal(hasty.url()).await;
    assert!(refused.contains("before they are on the disk"), "{refused}");

    let newer = shared.database();
    open(&newer).await.close().await;
    newer.query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', TRUE, '', 0)",
    );
    let refused = refusal(newer.url()).await;
    assert!(refused.contains("a newer version"), "{refused}");
}

#[tokio::test]
async fn a_database_in_another_encoding_is_refused() {
    let server = PostgresServer::shared().database();
    server.query("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    let (address, _) = server
        .url()
        .rsplit_once('/')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("a name");
    let refused = refusal(&format!("{address}/latin")).await;
    assert!(refused.contains("ENCODING 'UTF8'"), "{refused}");
}

#[tokio::test]
async fn a_change_sees_what_is_committed_whatever_the_default_of_the_server_is() {
    let server = PostgresServer::with(&["-c", "default_transaction_isolation=serializable"]);
    let database = open(&server.database()).await;
    let level = async |connection: &mut Connection| -> String {
        let level = query("SHOW transaction_isolation").fetch_one(connection);
        level.await.expect("a level")
    };
    let mut tx = database.write().await.expect("it is open");
    assert_eq!(level(&mut tx).await, "read committed");
    drop(tx);
    let mut tx = database.read().await.expect("it is open");
    assert_eq!(level(&mut tx).await, "repeatable read");
    drop(tx);
    database.close().await;
}
