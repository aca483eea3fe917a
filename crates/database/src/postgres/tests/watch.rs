//! What a look at a server tells.

use std::sync::atomic::AtomicI64;

use jiff::SignedDuration;
use jiff::Timestamp;
use kith_test_support::log::Log;

use super::*;

/// How much the time of two clocks may differ that are read one after the other on a busy machine.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

fn is_near(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).abs() < TOLERANCE
}

/// How much the clock of the machine differs from the time, in seconds.
type Difference = Arc<AtomicI64>;

/// Opens the database on a machine whose clock differs by what the test sets.
async fn open_with_clock(server: &PostgresDatabase) -> (Database, Difference) {
    let difference = Difference::default();
    let read = difference.clone();
    let mut options = options(server.url());
    options.clock =
        Arc::new(move || Timestamp::now() + SignedDuration::from_secs(read.load(Ordering::SeqCst)));
    let database = Database::open(options).await.expect("it opens");
    (database, difference)
}

const HOURS: i64 = 60 * 60;

#[tokio::test]
async fn the_clock_of_a_database_is_that_of_the_server() {
    let (log, _guard) = Log::capture();
    let server = PostgresServer::shared().database();
    let (database, wrong_by) = open_with_clock(&server).await;
    let clock = database.clock();
    assert!(is_near(clock.now(), Timestamp::now()));
    assert_eq!(database.warnings(), []);

    wrong_by.store(5 * HOURS, Ordering::SeqCst);
    for _ in 0..2 {
        database.look().await;
        assert!(is_near(clock.now(), Timestamp::now()));
        assert_eq!(database.warnings(), [Warning::Clock]);
    }
    wrong_by.store(0, Ordering::SeqCst);
    database.look().await;
    assert!(is_near(clock.now(), Timestamp::now()));
    assert_eq!(database.warnings(), []);
    let lines = log.lines();
    let lines: Vec<_> = lines.iter().filter(|line| line.contains("clock")).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("WARN The clock"), "{lines:?}");
}

#[tokio::test]
async fn clocks_that_differ_by_a_few_seconds_are_warned_of() {
    let server = PostgresServer::shared().database();
    let (database, wrong_by) = open_with_clock(&server).await;
    for seconds in [3, -3] {
        wrong_by.store(seconds, Ordering::SeqCst);
        database.look().await;
        assert_eq!(database.warnings(), [Warning::Clock], "{seconds}");
        wrong_by.store(0, Ordering::SeqCst);
        database.look().await;
        assert_eq!(database.warnings(), [], "{seconds}");
    }
}

#[tokio::test]
async fn an_answer_that_took_long_does_not_tell_the_time() {
    /// More than such an answer may take.
    const LONG: Duration = Duration::from_secs(3);

    let server = PostgresServer::shared().database();
    let (database, wrong_by) = open_with_clock(&server).await;
    wrong_by.store(5 * HOURS, Ordering::SeqCst);
    let mut lock = database.write().await.expect("it is open");
    query("LOCK TABLE _sqlx_migrations IN ACCESS EXCLUSIVE MODE")
        .execute(&mut lock)
        .await
        .expect("the owner may lock it");
    let waiting = async {
        let waiting = "SELECT count(*) FROM pg_locks
                       WHERE NOT granted AND relation = '_sqlx_migrations'::regclass";
        while server.query(waiting) == "0" {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(LONG).await;
        lock.commit().await.expect("it ends");
    };
    tokio::join!(database.look(), waiting);
    let in_hours = Timestamp::now() + SignedDuration::from_secs(5 * HOURS);
    assert!(is_near(database.clock().now(), in_hours));
    assert_eq!(database.warnings(), []);

    database.look().await;
    assert!(is_near(database.clock().now(), Timestamp::now()));
    assert_eq!(database.warnings(), [Warning::Clock]);
}

#[tokio::test]
async fn tables_that_a_newer_release_has_changed_are_noticed_while_the_database_is_used() {
    let server = PostgresServer::shared().database();
    let database = open(&server).await;
    database.look().await;
    assert_eq!(database.warnings(), []);
    server.query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'from the future', TRUE, '', 0)",
    );
    database.look().await;
    assert_eq!(database.warnings(), [Warning::NewerSchema]);
    transfer(&database, "a", "b").await.expect("it goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_may_only_be_read_is_left_by_an_instance_that_only_reads() {
    let (first, second) = (PostgresServer::start(), PostgresServer::start());
    let address = |ports: &[u16]| {
        let hosts: Vec<_> = ports
            .iter()
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        format!("postgres://kith@{}/postgres", hosts.join(","))
    };
    let opened = Database::open(options(&address(&[second.port()]))).await;
    opened.expect("it opens").close().await;
    let database = Database::open(options(&address(&[first.port(), second.port()]))).await;
    let database = database.expect("it opens");
    first.set_read_only(true);
    database.look().await;
    let port = "SELECT CAST(inet_server_port() AS BIGINT)";
    let port = database.fetch_dedicated::<i64>(query(port)).await;
    assert_eq!(port.expect("an answer"), [i64::from(second.port())]);
}
