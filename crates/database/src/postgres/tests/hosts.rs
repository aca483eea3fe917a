//! Several hosts, one of which is the primary.

use super::*;

/// The name of the database on each server. Every server has it.
const NAME: &str = "postgres";

/// An address with these hosts.
fn address(hosts: &[&str]) -> String {
    format!("postgres://kith@{}/{NAME}", hosts.join(","))
}

fn host(server: &PostgresServer) -> String {
    format!("127.0.0.1:{}", server.port())
}

async fn open_hosts(hosts: &[&str]) -> Database {
    let opened = Database::open(options(&address(hosts))).await;
    opened.expect("one of the hosts is the primary")
}

/// The port of the server that the connection for many callers leads to.
async fn dedicated_port(database: &Database) -> i64 {
    let port = "SELECT CAST(inet_server_port() AS BIGINT)";
    let ports = database.fetch_dedicated::<i64>(query(port)).await;
    ports.expect("the server answers")[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_that_may_be_written_to_is_found_among_others() {
    let primary = PostgresServer::start();
    let standby = primary.standby();
    let silent = PostgresServer::start();
    silent.signal("-STOP");
    let (primary_host, standby_host) = (host(&primary), host(&standby));
    let hosts = ["127.0.0.1:1", &standby_host, &primary_host];
    let database = open_hosts(&hosts).await;
    transfer(&database, "a", "b").await.expect("a primary");
    let late = open_hosts(&[&host(&silent), &primary_host]).await;
    assert_eq!(balance(&late, "a").await.expect("a row"), -1);

    let refused = refusal(&address(&["127.0.0.1:1", &standby_host])).await;
    assert!(refused.contains("may only be read"), "{refused}");
    silent.signal("-CONT");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_is_promoted_takes_the_place_of_the_primary() {
    let mut primary = PostgresServer::start();
    let standby = primary.standby();
    primary.wait_for_standby();
    let database = open_hosts(&[&host(&primary), &host(&standby)]).await;
    transfer(&database, "a", "b").await.expect("a primary");
    primary.kill();
    let failed = balance(&database, "a").await;
    assert!(is_transient(&failed.expect_err("a standby is no primary")));
    let promote = tokio::task::spawn_blocking(move || {
        standby.promote();
        standby
    });
    // It waits for the primary.
    let made = transfer(&database, "a", "b").await;
    made.expect("the standby is promoted in time");
    let standby = promote.await.expect("it is promoted");
    assert_eq!(balance(&database, "a").await.expect("a row"), -2);
    assert_eq!(dedicated_port(&database).await, i64::from(standby.port()));
    let healed = async {
        while database.health().failure.is_some() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(HEALING_TIMEOUT, healed)
        .await
        .expect("it heals");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_may_only_be_read_from_now_on_is_left() {
    let (first, second) = (PostgresServer::start(), PostgresServer::start());
    open_hosts(&[&host(&second)]).await.close().await;
    let database = open_hosts(&[&host(&first), &host(&second)]).await;
    // All connections of the pool are open.
    let readers = futures_util::future::join_all((0..4).map(|_| database.reader())).await;
    drop(readers);
    first.set_read_only(true);
    let refused = transfer(&database, "a", "b").await;
    assert!(is_transient(&refused.expect_err("it may only be read")));
    transfer(&database, "a", "b").await.expect("another host");
    assert_eq!(dedicated_port(&database).await, i64::from(second.port()));
    for _ in 0..8 {
        assert_eq!(balance(&database, "a").await.expect("a row"), -1);
    }
}
