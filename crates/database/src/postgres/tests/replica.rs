//! Reads that a replica may answer.

use kith_test_support::log::Log;

use super::*;

const NUMBERS: &[Migration] = &[Migration {
    version: 1,
    name: "numbers",
    sql: r#"CREATE TABLE numbers (number BIGINT NOT NULL);
            INSERT INTO numbers VALUES (0);
            CREATE TABLE states (name TEXT COLLATE "C" PRIMARY KEY, number BIGINT NOT NULL);
            INSERT INTO states VALUES ('numbers', 0)"#,
}];

const STATE: &str = "SELECT name, number FROM states ORDER BY name";

fn with_replica(primary: &PostgresServer, replica: &PostgresServer) -> Options {
    let address = |server: &PostgresServer| server.url_of("postgres").parse().expect("an address");
    let mut options = Options::server(address(primary), NUMBERS);
    options.replica = Some(address(replica));
    options
}

async fn set(database: &Database, number: i64) {
    let changed = database.change(move |tx| {
        Box::pin(async move {
            query("UPDATE numbers SET number = $1")
                .bind(number)
                .execute(&mut *tx)
                .await?;
            query("UPDATE states SET number = $1")
                .bind(number)
                .execute(tx)
                .await
        })
    });
    changed.await.map(drop).expect("a primary");
}

/// The number, and the port of the server that has answered.
const READ: &str = "SELECT number, CAST(inet_server_port() AS BIGINT) FROM numbers";

/// What [`READ`] reads.
async fn read(database: &Database) -> (i64, i64) {
    let read = database.read_replica(query(STATE), |view| Box::pin(query(READ).fetch_one(view)));
    let read: Result<_, sqlx::Error> = read.await;
    read.expect("a server answers")
}

/// The same, and keeps the connection from the first meeting at the barrier until the second.
async fn read_slowly(database: &Database, barrier: &Arc<Barrier>) -> (i64, i64) {
    let read = database.read_replica(query(STATE), |view| {
        let barrier = barrier.clone();
        Box::pin(async move {
            let read = query(READ).fetch_one(view).await;
            barrier.wait().await;
            barrier.wait().await;
            read
        })
    });
    let read: Result<_, sqlx::Error> = read.await;
    read.expect("a server answers")
}

/// Reads until this server answers.
async fn read_from(database: &Database, server: &PostgresServer) -> i64 {
    let read = async {
        loop {
            match read(database).await {
                (number, port) if port == i64::from(server.port()) => return number,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    let read = tokio::time::timeout(HEALING_TIMEOUT, read).await;
    read.expect("the server is asked")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_is_read_while_it_has_what_the_primary_has() {
    let primary = PostgresServer::start();
    let opened = Database::open(with_replica(&primary, &primary)).await;
    opened.expect("the tables are made").close().await;
    let mut replica = primary.standby();
    let database = Database::open(with_replica(&primary, &replica)).await;
    let database = database.expect("a primary");
    assert_eq!(read_from(&database, &replica).await, 0);

    replica.query("SELECT pg_wal_replay_pause()");
    for number in 1..=5 {
        set(&database, number).await;
        assert_eq!(read(&database).await, (number, i64::from(primary.port())));
    }
    replica.query("SELECT pg_wal_replay_resume()");
    assert_eq!(read_from(&database, &replica).await, 5);
    assert_eq!(database.warnings(), []);

    replica.kill();
    for number in 6..=8 {
        set(&database, number).await;
        assert_eq!(read(&database).await, (number, i64::from(primary.port())));
    }
    assert_eq!(database.warnings(), [Warning::Replica]);
    assert_eq!(database.health().failure, None);
    replica.start_again();
    assert_eq!(read_from(&database, &replica).await, 8);
    assert_eq!(database.warnings(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_read_is_older_than_an_acknowledged_write_while_a_replica_follows() {
    let primary = PostgresServer::start();
    let opened = Database::open(with_replica(&primary, &primary)).await;
    opened.expect("the tables are made").close().await;
    let replica = primary.standby();
    let open = async || Database::open(with_replica(&primary, &replica)).await;
    let (writer, reader) = (open().await.expect("open"), open().await.expect("open"));
    let acknowledged = Arc::new(AtomicU64::new(0));
    let written = acknowledged.clone();
    let writing = tokio::spawn(async move {
        for number in 1..=300 {
            set(&writer, number).await;
            written.store(number as u64, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(number as u64 % 7)).await;
        }
    });
    let mut from_replica = 0;
    while !writing.is_finished() {
        let expected = acknowledged.load(Ordering::SeqCst);
        let (number, port) = read(&reader).await;
        assert!(number as u64 >= expected, "{number} after {expected}");
        from_replica += u64::from(port == i64::from(replica.port()));
    }
    writing.await.expect("it writes");
    assert!(from_replica > 0, "the replica answers now and then");
}

#[tokio::test]
async fn a_replica_whose_connections_are_all_in_use_is_not_lost() {
    let (log, _guard) = Log::capture();
    let primary = PostgresServer::start();
    let opened = Database::open(with_replica(&primary, &primary)).await;
    opened.expect("the tables are made").close().await;
    let replica = primary.standby();
    let mut options = with_replica(&primary, &replica);
    options.connections = NonZeroU32::MIN.saturating_add(1);
    let database = Database::open(options).await.expect("a primary");
    let from = |server: &PostgresServer| (0, i64::from(server.port()));
    read_from(&database, &replica).await;

    let barrier = Arc::new(Barrier::new(3));
    let others = async {
        barrier.wait().await;
        for _ in 0..3 {
            assert_eq!(read(&database).await, from(&primary));
        }
        barrier.wait().await;
    };
    let (one, other, ()) = tokio::join!(
        read_slowly(&database, &barrier),
        read_slowly(&database, &barrier),
        others
    );
    assert_eq!((one, other), (from(&replica), from(&replica)));
    read_from(&database, &replica).await;
    // Reads do not ask a replica that counts as lost for a while, and Kith warns of it.
    let lines = log.lines();
    assert!(
        !lines.iter().any(|line| line.contains("replica")),
        "{lines:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_hangs_is_lost() {
    /// Shorter than the time after which a statement fails that a server does not answer.
    const PATIENCE: Duration = Duration::from_secs(15);

    let primary = PostgresServer::start();
    let opened = Database::open(with_replica(&primary, &primary)).await;
    opened.expect("the tables are made").close().await;
    let replica = primary.standby();
    let from_primary = (0, i64::from(primary.port()));
    let known = Database::open(with_replica(&primary, &replica)).await;
    let known = known.expect("a primary");
    read_from(&known, &replica).await;
    let unknown = Database::open(with_replica(&primary, &replica)).await;
    let unknown = unknown.expect("a primary");
    replica.signal("-STOP");
    // The one has a connection, the other makes its first one.
    for database in [&known, &unknown] {
        let read = tokio::time::timeout(PATIENCE, read(database)).await;
        assert_eq!(read.expect("the primary answers"), from_primary);
        assert_eq!(database.warnings(), [Warning::Replica]);
    }
    replica.signal("-CONT");
    for database in [&known, &unknown] {
        read_from(database, &replica).await;
        assert_eq!(database.warnings(), []);
    }
}
