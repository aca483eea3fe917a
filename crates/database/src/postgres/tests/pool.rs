//! Connections that callers share.

use futures_util::future::join_all;

use super::*;

/// How many connections [`options`] allows.
const CONNECTIONS: usize = 4;

#[tokio::test]
async fn a_read_waits_for_its_turn_and_is_no_fault_when_none_comes() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    let readers = join_all((0..CONNECTIONS).map(|_| database.reader())).await;
    let in_vain = async { tokio::join!(database.reader(), database.read()) };
    let in_vain = tokio::time::timeout(HEALING_TIMEOUT, in_vain).await;
    let (reader, view) = in_vain.expect("no read waits for ever");
    for refused in [reader.map(drop), view.map(drop)] {
        assert!(
            matches!(refused, Err(sqlx::Error::PoolTimedOut)),
            "{refused:?}"
        );
    }
    assert_eq!(database.health().failure, None);

    let free_one = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(readers);
    };
    let (read, ()) = tokio::join!(balance(&database, "a"), free_one);
    assert_eq!(read.expect("a turn"), 0);
}

#[tokio::test]
async fn connections_that_were_opened_before_a_failure_are_not_used_again() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    let Backend::Postgres(connections) = &database.shared.backend else {
        panic!("the database is on a server");
    };
    let pool = &connections.pool;
    let acquire = async || pool.acquire().await.expect("a connection");
    let (failed, unused, in_use) = (acquire().await, acquire().await, acquire().await);
    let opened = failed.opened();
    pool.release(unused);
    assert_eq!(pool.size(), 3);
    drop(failed);
    pool.forget(opened);
    assert_eq!(pool.size(), 1);
    pool.release(in_use);
    assert_eq!(pool.size(), 0);

    // The failure of one of them may show late, and says nothing about newer ones.
    pool.release(acquire().await);
    pool.forget(opened);
    assert_eq!(pool.size(), 1);
}
