//! `/readyz` says what writes and decisions meet, since when, and gets well by itself.

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use kith::services::database;
use kith_database::query;
use kith_test_support::postgres_server::PostgresServer;
use kith_test_support::redis_server::RedisServer;
use reqwest::StatusCode;
use rlimit::Resource;
use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;

use crate::app::TestApp;
use crate::app::problem;
use crate::limits::with_redis;
use crate::limits::with_redis_at;
use crate::process::Kith;
use crate::process::with_settings;

/// How long something may take that happens by itself, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The budget of a call to Redis, with room for a busy machine.
const BUDGET: Duration = Duration::from_secs(2);

async fn app_in(data: &TempDir) -> TestApp {
    TestApp::with(|config| config.data.dir = data.path().to_owned()).await
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

/// What `/readyz` says, and its status.
async fn readiness(app: &TestApp) -> (StatusCode, Value) {
    let response = app.get("/readyz").await;
    (response.status(), response.json().await.expect("a body"))
}

/// Asks nothing but `/readyz` until it says this.
async fn until(app: &TestApp, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let start = Instant::now();
    loop {
        let (status, ready) = readiness(app).await;
        assert_eq!(ready["ready"], status == StatusCode::OK);
        if is_so(&ready) {
            return ready;
        }
        assert!(start.elapsed() < PATIENCE, "{what}: {ready}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn until_well(app: &TestApp) {
    let ready = until(app, "it gets well", |ready| ready["ready"] == true).await;
    assert_eq!(ready["database"], "up");
    assert_eq!(ready["databaseFault"], Value::Null);
}

async fn is_refused(app: &TestApp) {
    let body = json!({"name": "Grace", "email": "grace@example.com"});
    let refused = app.post("/api/contacts", &body).await;
    problem(refused, StatusCode::SERVICE_UNAVAILABLE).await;
}

fn assert_fault(ready: &Value, reason: &str, not_before: Timestamp) {
    let fault = &ready["databaseFault"];
    let said = fault["reason"].as_str().expect("a reason");
    assert!(said.starts_with(reason), "{said}");
    let since: Timestamp = fault["since"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("one");
    assert!(since >= not_before && since <= Timestamp::now(), "{fault}");
    assert!(!fault["effect"].as_str().expect("an effect").is_empty());
    assert_eq!(
        (&ready["ready"], &ready["database"]),
        (&json!(false), &json!("down"))
    );
}

#[tokio::test]
async fn a_replica_that_is_lost_is_told_and_lists_are_read_from_the_primary() {
    let server = PostgresServer::shared().database();
    let app = TestApp::with(|config| {
        config.data.database_url = Some(server.url().parse().expect("an address"));
        let nowhere = "postgres://kith@127.0.0.1:1/kith";
        config.data.replica_url = Some(nowhere.parse().expect("an address"));
    })
    .await;
    app.create("Ada", "ada@example.com").await;
    let list: Value = app.get("/api/contacts").await.json().await.expect("a list");
    assert_eq!(list["total"], 1);
    let (status, ready) = readiness(&app).await;
    assert_eq!(status, StatusCode::OK);
    let warnings = ready["databaseWarnings"].as_array().expect("warnings");
    let said = warnings[0].as_str().expect("text");
    assert!(said.starts_with("The replica of the database"), "{said}");
    assert_eq!(ready["database"], "up");
}

const GONE: &str = "The database file was moved, deleted or replaced";

#[tokio::test]
async fn a_database_file_that_is_moved_takes_no_changes_until_it_is_back() {
    let data = directory();
    let app = app_in(&data).await;
    let ada = app.create("Ada", "ada@example.com").await;
    let (file, elsewhere) = (data.path().join("kith.db"), data.path().join("moved.db"));

    let before = Timestamp::now();
    fs::rename(&file, &elsewhere).expect("it can be moved");
    is_refused(&app).await;
    let changed = json!({"name": "Ada Lovelace", "email": "ada@example.com"});
    let change = app
        .request(reqwest::Method::PUT, &format!("/api/contacts/{}", ada.id))
        .json(&changed);
    let change = crate::app::send(change).await;
    problem(change, StatusCode::SERVICE_UNAVAILABLE).await;
    let (status, ready) = readiness(&app).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_fault(&ready, GONE, before);
    // What is there can be read.
    assert_eq!(app.names("").await, ["Ada"]);

    fs::rename(&elsewhere, &file).expect("it can be moved back");
    until_well(&app).await;
    app.create("Grace", "grace@example.com").await;
}

#[tokio::test]
async fn a_database_file_that_is_deleted_is_missed_without_any_request() {
    let data = directory();
    let app = app_in(&data).await;
    let before = Timestamp::now();
    fs::remove_file(data.path().join("kith.db")).expect("it can be deleted");
    let (status, ready) = readiness(&app).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_fault(&ready, GONE, before);
    is_refused(&app).await;
}

#[tokio::test]
async fn another_file_in_the_place_of_the_database_is_left_alone() {
    let data = directory();
    let app = app_in(&data).await;
    app.create("Ada", "ada@example.com").await;
    let (file, elsewhere) = (data.path().join("kith.db"), data.path().join("moved.db"));

    let before = Timestamp::now();
    fs::rename(&file, &elsewhere).expect("it can be moved");
    fs::write(&file, "a backup").expect("there is room");
    is_refused(&app).await;
    let (_, ready) = readiness(&app).await;
    assert_fault(&ready, GONE, before);
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "a backup");

    fs::rename(&elsewhere, &file).expect("it can be moved back");
    until_well(&app).await;
    app.create("Grace", "grace@example.com").await;
}

/// The names in a copy of the database alone, as a backup would find it; `None` if it was copied while
/// it was written.
async fn names_in_copy(data: &Path) -> Option<Vec<String>> {
    let place = directory();
    let copy = place.path().join("copy.db");
    // Not in this process: closing the file would drop SQLite's locks on it.
    let copied = Command::new("cp")
        .arg(data.join("kith.db"))
        .arg(&copy)
        .status();
    assert!(copied.expect("cp").success());
    let database = database::open(&copy, NonZeroU32::MIN).await.ok()?;
    let mut reader = database.reader().await.expect("it is open");
    let names = query("SELECT name FROM contacts")
        .fetch_all(&mut reader)
        .await;
    drop(reader);
    database.close().await;
    names.ok()
}

#[tokio::test]
async fn a_log_that_is_deleted_takes_nothing_along_that_was_acknowledged() {
    let data = directory();
    let mut app = app_in(&data).await;
    app.create("Ada", "ada@example.com").await;

    let before = Timestamp::now();
    fs::remove_file(data.path().join("kith.db-wal")).expect("it can be deleted");
    is_refused(&app).await;
    let (_, ready) = readiness(&app).await;
    assert_fault(
        &ready,
        "The log of the database (-wal or -shm) was moved",
        before,
    );
    // Kith writes what the log has into the database, before an operator stops it.
    let start = Instant::now();
    while names_in_copy(data.path()).await != Some(vec!["Ada".to_owned()]) {
        assert!(start.elapsed() < PATIENCE, "Ada is not in the file");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    app.stop().await;

    let app = app_in(&data).await;
    assert_eq!(app.names("").await, ["Ada"]);
    app.create("Grace", "grace@example.com").await;
}

#[tokio::test]
async fn a_damaged_page_is_known_once_somebody_met_it() {
    let data = directory();
    let file = data.path().join("kith.db");
    let mut app = app_in(&data).await;
    app.create("Ada", "ada@example.com").await;
    app.stop().await;
    let database = database::open(&file, NonZeroU32::MIN).await;
    let database = database.expect("it opens");
    let mut reader = database.reader().await.expect("it is open");
    let (page, size): (i64, i64) = query(
        "SELECT rootpage, page_size FROM sqlite_schema, pragma_page_size WHERE name = 'contacts'",
    )
    .fetch_one(&mut reader)
    .await
    .expect("there is such a table");
    drop(reader);
    database.close().await;
    let (page, size) = (page as usize, size as usize);
    let mut bytes = fs::read(&file).expect("it is there");
    let place = (page - 1) * size..page * size;
    let good = data.path().join("good-page");
    fs::write(&good, &bytes[place.clone()]).expect("there is room");
    bytes[place].fill(0xAA);
    fs::write(&file, bytes).expect("there is room");

    let app = app_in(&data).await;
    let before = Timestamp::now();
    let (status, _) = readiness(&app).await;
    assert_eq!(status, StatusCode::OK, "nobody has met it yet");
    assert!(!app.get("/api/contacts").await.status().is_success());
    let ready = until(&app, "it is met", |ready| ready["ready"] == false).await;
    assert_fault(&ready, "The database file is damaged.", before);

    // Written by another process, see above.
    let repair = Command::new("dd")
        .arg(format!("if={}", good.display()))
        .arg(format!("of={}", file.display()))
        .args([format!("bs={size}"), format!("seek={}", page - 1)])
        .args(["conv=notrunc", "status=none"])
        .status();
    assert!(repair.expect("dd").success());
    until_well(&app).await;
}

#[tokio::test]
async fn a_disk_that_takes_no_more_makes_kith_unready_until_it_does() {
    // Writing beyond the limit then fails, instead of ending the program.
    let kith = Kith::start(|data| {
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", r#"trap "" XFSZ; exec "$0""#])
            .arg(env!("CARGO_BIN_EXE_kith"));
        with_settings(shell, data)
    })
    .await;
    assert_eq!(kith.create().await, StatusCode::CREATED);
    let most = |bytes: u64| {
        let process = kith.child.id().try_into().expect("an id");
        let limits = (bytes, rlimit::INFINITY);
        rlimit::prlimit(process, Resource::FSIZE, Some(limits), None).expect("it may be changed");
    };

    most(1);
    let before = Timestamp::now();
    assert_eq!(kith.create().await, StatusCode::SERVICE_UNAVAILABLE);
    let (status, ready) = kith.readiness().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{ready}");
    assert_fault(&ready, "The system reports errors", before);

    most(rlimit::INFINITY);
    let start = Instant::now();
    while kith.readiness().await.0 != StatusCode::OK {
        assert!(start.elapsed() < PATIENCE, "it does not get well");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(kith.create().await, StatusCode::CREATED);
}

fn is_up(ready: &Value) -> bool {
    ready["redis"]["state"] == "up"
}

fn is_down(ready: &Value) -> bool {
    ready["redis"]["state"] == "down"
}

/// Has the limiter decide, and says how `/readyz` finds Redis then.
async fn redis_after_a_decision(app: &TestApp) -> Value {
    assert_eq!(app.get("/api/contacts").await.status(), StatusCode::OK);
    let (status, ready) = readiness(app).await;
    assert_eq!(status, StatusCode::OK, "Kith works without Redis");
    assert_eq!(ready["ready"], true);
    ready["redis"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_without_its_replicas_is_down_until_it_takes_writes_again() {
    let redis = RedisServer::start();
    let app = TestApp::with(|config| with_redis(config, &redis, BUDGET)).await;
    until(&app, "Redis is reached", is_up).await;
    assert_eq!(redis_after_a_decision(&app).await["state"], "up");

    let before = Timestamp::now();
    redis.command("CONFIG SET min-replicas-to-write 1");
    let part = redis_after_a_decision(&app).await;
    assert_eq!(part["state"], "down");
    assert_eq!(part["reason"], "Redis has too few replicas to take writes.");
    let since: Timestamp = part["since"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("one");
    assert!(since >= before);

    redis.command("CONFIG SET min-replicas-to-write 0");
    until(&app, "Redis takes writes", is_up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_on_which_the_limiter_fails_is_not_up() {
    let redis = RedisServer::start();
    let app = TestApp::with(|config| with_redis(config, &redis, BUDGET)).await;
    until(&app, "Redis is reached", is_up).await;

    redis.command("ACL SETUSER default -time");
    assert_eq!(redis_after_a_decision(&app).await["state"], "down");
    // Whatever else works on it: it stays down, and does not come up in between.
    for _ in 0..100 {
        let (_, ready) = readiness(&app).await;
        assert!(is_down(&ready), "{ready}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    redis.command("ACL SETUSER default +time");
    until(&app, "the limiter works", is_up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_ok_to_everything_is_no_redis() {
    let redis = RedisServer::start();
    let nonsense = Arc::new(AtomicBool::new(true));
    let url = doubtful(&redis, nonsense.clone()).await;
    let app = TestApp::with(|config| with_redis_at(config, &url, BUDGET)).await;
    let refused =
        |ready: &Value| ready["redis"]["reason"] == "Redis does not answer as Redis does.";
    until(&app, "it is found out", refused).await;
    assert_eq!(redis_after_a_decision(&app).await["state"], "down");

    nonsense.store(false, Ordering::SeqCst);
    until(&app, "it is a Redis", is_up).await;
    assert_eq!(redis_after_a_decision(&app).await["state"], "up");

    // While it is in use.
    nonsense.store(true, Ordering::SeqCst);
    let part = redis_after_a_decision(&app).await;
    assert_eq!(part["reason"], "Redis does not answer as Redis does.");
    nonsense.store(false, Ordering::SeqCst);
    until(&app, "it is a Redis again", is_up).await;
}

/// Stands before a Redis and says OK to every command while it is told to talk nonsense.
async fn doubtful(redis: &RedisServer, nonsense: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("its address");
    let port = redis.port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let nonsense = nonsense.clone();
            tokio::spawn(async move {
                let server = TcpStream::connect(("127.0.0.1", port)).await?;
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let (mut asked, mut answered) = ([0; 16 * 1024], [0; 16 * 1024]);
                loop {
                    tokio::select! {
                        length = from_client.read(&mut asked) => {
                            let asked = &asked[..length?];
                            if asked.is_empty() {
                                return Ok::<_, std::io::Error>(());
                            }
                            if nonsense.load(Ordering::SeqCst) {
                                // A command is an array, and nothing else here begins a line like one.
                                let lines = asked.split(|byte| *byte == b'\n');
                                let commands = lines.filter(|line| line.starts_with(b"*")).count();
                                to_client.write_all(&b"+OK\r\n".repeat(commands)).await?;
                            } else {
                                to_server.write_all(asked).await?;
                            }
                        }
                        length = from_server.read(&mut answered) => {
                            let answered = &answered[..length?];
                            if answered.is_empty() {
                                return Ok(());
                            }
                            to_client.write_all(answered).await?;
                        }
                    }
                }
            });
        }
    });
    format!("redis://{address}")
}
