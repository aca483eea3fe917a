//! A pooler that gives a client another connection for each transaction, and knows no statements.

use futures_util::StreamExt;
use kith_test_support::postgres_server::PgBouncer;

use super::*;

/// More callers than the pooler has connections.
const CALLERS: usize = 8;

/// Fails as soon as a statement is looked for on a connection that does not have it.
async fn use_everything(database: &Database, from: &'static str, to: &'static str) {
    for _ in 0..10 {
        transfer(database, from, to).await.expect("a change");
        balance(database, from).await.expect("a single read");
        let dedicated = database
            .fetch_dedicated::<(String, i64)>(query(
                "SELECT name, balance FROM accounts ORDER BY name",
            ))
            .await;
        assert_eq!(dedicated.expect("a read of many")[0].0, "a");
        let mut view = database.read().await.expect("a view");
        let sum = "SELECT CAST(sum(balance) AS BIGINT), count(*) FROM accounts WHERE name > $1";
        let sum: (i64, i64) = query(sum)
            .bind("")
            .fetch_one(&mut view)
            .await
            .expect("sums");
        assert_eq!(sum, (0, 2));
        drop(view);
        let mut reader = database.reader().await.expect("a connection");
        let mut rows = query("SELECT g FROM generate_series(1, $1) AS g")
            .bind(100_i64)
            .fetch(&mut reader);
        rows.next().await.expect("a row").expect("a row");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_works_through_a_pooler_of_transactions() {
    let server = PostgresServer::shared();
    let place = server.database();
    let pgbouncer = PgBouncer::start(server);
    let url = pgbouncer.url(&place);
    for _ in 0..3 {
        let opening = (0..2).map(|_| Database::open(options(&url)));
        let instances = futures_util::future::join_all(opening).await;
        let instances = instances
            .into_iter()
            .map(|opened| opened.expect("it opens"));
        let instances: Vec<_> = instances.collect();
        let callers = (0..CALLERS).map(|caller| match caller % 2 {
            0 => use_everything(&instances[caller % 4 / 2], "a", "b"),
            _ => use_everything(&instances[caller % 4 / 2], "b", "a"),
        });
        futures_util::future::join_all(callers).await;
        for database in instances {
            assert_eq!(database.health().failure, None);
            database.close().await;
        }
    }
    place.query("DO $$ BEGIN ASSERT (SELECT sum(balance) = 0 FROM accounts); END $$");
}

#[tokio::test]
async fn a_transaction_through_a_pooler_may_have_a_limit_of_its_own() {
    let server = PostgresServer::shared();
    let place = server.database();
    let pgbouncer = PgBouncer::start(server);
    let database = Database::open(options(&pgbouncer.url(&place))).await;
    limit_statements(&database.expect("it opens")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_was_restarted_behind_a_pooler_serves_again() {
    let mut server = PostgresServer::start();
    let place = server.database();
    let pgbouncer = PgBouncer::start(&server);
    let database = Database::open(options(&pgbouncer.url(&place))).await;
    let database = database.expect("it opens");
    transfer(&database, "a", "b").await.expect("it is open");
    server.kill();
    server.start_again();
    let served = async {
        while transfer(&database, "a", "b").await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        balance(&database, "a").await.expect("it serves")
    };
    let served = tokio::time::timeout(HEALING_TIMEOUT, served).await;
    assert_eq!(served.expect("the server is back"), -2);
}
