//! Jobs from the transaction that enqueues them to the transaction that completes them, over HTTP.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use axum::http::StatusCode;
use kith_database::Database;
use kith_database::Engine;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::SystemClock;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::Queue;
use crate::broker;
use crate::broker::Broker;
use crate::receiver;
use crate::receiver::Receiver;
use crate::signature::sign;
use crate::test_database::TestDatabase;
use crate::test_database::on_both_engines;

on_both_engines![
    a_job_takes_four_write_transactions,
    a_job_that_fails_is_run_again_and_in_the_end_discarded,
    a_database_that_cannot_answer_costs_a_job_no_attempt,
    a_message_that_a_dead_process_holds_costs_no_attempt_and_no_permit,
    a_signature_is_good_for_one_delivery_and_a_job_for_one_run,
    a_message_that_no_job_understands_is_never_sent_again,
    a_delivery_completes_no_message_but_its_own,
    jobs_of_two_kinds_may_have_one_id_and_a_job_is_in_the_outbox_once,
];

/// A job that fails `failures` times before it is done.
#[derive(Serialize, Deserialize)]
struct Count {
    id: u32,
    failures: u32,
}

type Runs = Arc<AtomicU32>;

fn write(what: &'static str) -> TransactionStep {
    Arc::new(move |tx| {
        Box::pin(async move {
            let insert = query("INSERT INTO results (what) VALUES ($1)").bind(what);
            insert.execute(tx).await?;
            Ok(())
        })
    })
}

#[async_trait]
impl Job for Count {
    type Context = Runs;
    const KIND: &'static str = "count";
    const LABEL: &'static str = "Count";
    const DISCARD_LABEL: Option<&'static str> = Some("Count that failed");

    fn id(&self) -> String {
        self.id.to_string()
    }

    async fn run(&self, runs: &Runs, attempt: &Attempt) -> Outcome {
        runs.fetch_add(1, Ordering::Relaxed);
        match attempt.number {
            number if number > self.failures => Outcome::done().with_step(write("done")),
            _ => Outcome::failed(Failure::Retry(Some(Duration::ZERO))).with_step(write("failed")),
        }
    }

    async fn discard(&self, _runs: &Runs) -> Result<Option<TransactionStep>, Failure> {
        Ok(Some(write("discarded")))
    }
}

/// Another kind, whose ids are those of the first.
#[derive(Serialize, Deserialize)]
struct Recount {
    id: u32,
}

#[async_trait]
impl Job for Recount {
    type Context = Runs;
    const KIND: &'static str = "recount";
    const LABEL: &'static str = "Recount";

    fn id(&self) -> String {
        self.id.to_string()
    }

    async fn run(&self, _runs: &Runs, _attempt: &Attempt) -> Outcome {
        Outcome::done()
    }
}

struct Rig {
    database: Database,
    queue: Queue,
    jobs: Arc<Jobs>,
    runs: Runs,
    address: SocketAddr,
    _place: TestDatabase,
}

impl Rig {
    async fn new(engine: Engine) -> Self {
        let place = TestDatabase::new(engine);
        let database = place.open().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let destinations = Destinations {
            origin: format!("http://{address}"),
            reached_at: format!("http://{address}"),
            webhooks: "/hooks/",
            allowed: Vec::new(),
            allow_setting: "",
        };
        let options = broker::Options {
            destinations,
            concurrency: NonZeroU32::new(4).expect("not 0"),
            timeout: Duration::from_secs(10),
            retention: Duration::from_secs(3600),
            paused: None,
        };
        let broker = Broker::new(database.clone(), Arc::new(SystemClock), options);
        let receiver = Receiver::new(broker.clone(), None);
        let runs = Runs::default();
        let jobs = Jobs::new(receiver, CancellationToken::new()).register::<Count>(runs.clone());
        let router = jobs.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let rig = Self {
            queue: Queue::new(broker, None),
            jobs: Arc::new(jobs),
            database,
            runs,
            address,
            _place: place,
        };
        rig.execute("CREATE TABLE results (what TEXT NOT NULL)")
            .await;
        rig
    }

    async fn enqueue(&self, job: &Count, retries: u32) {
        let mut tx = self.database.write().await.expect("it is open");
        let options = JobOptions {
            retries: Some(retries),
            retry_delay: Some("1".to_owned()),
            ..JobOptions::default()
        };
        let enqueued = self.queue.enqueue(&mut tx, job, &options).await;
        enqueued.expect("it may go there");
        tx.commit().await.expect("there is room");
        self.queue.wake();
    }

    async fn execute(&self, sql: impl Into<Sql>) {
        let mut tx = self.database.write().await.expect("it is open");
        let executed = query(sql).execute(&mut tx).await;
        executed.expect("it is valid");
        tx.commit().await.expect("there is room");
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let mut reader = self.database.reader().await.expect("it is open");
        let count = query(sql).fetch_one(&mut reader).await;
        count.expect("it counts")
    }

    async fn until(&self, sql: &'static str, expected: i64) {
        let start = Instant::now();
        while self.count(sql).await != expected {
            assert!(start.elapsed() < Duration::from_secs(20), "{sql}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

const DELIVERED: &str = "SELECT count(*) FROM messages WHERE state = 'delivered'";
const DONE: &str = "SELECT count(*) FROM results WHERE what = 'done'";
const FAILED: &str = "SELECT count(*) FROM results WHERE what = 'failed'";
const NOT_TRIED: &str = "SELECT count(*) FROM messages WHERE retried = 0";
const DISCARDED: &str = "SELECT count(*) FROM results WHERE what = 'discarded'";

async fn a_job_takes_four_write_transactions(engine: Engine) {
    let rig = Rig::new(engine).await;
    rig.queue.broker().keys().await.expect("keys");
    let opened = rig.database.commits();
    rig.queue.start();
    // The broker shortens waits once as it starts, in case the clock was set back.
    let start = Instant::now();
    while rig.database.commits() == opened {
        assert!(start.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let before = rig.database.commits();
    rig.enqueue(&Count { id: 1, failures: 0 }, 3).await;
    rig.until(DELIVERED, 1).await;
    let start = Instant::now();
    while rig.queue.broker().counters().delivered == 0 {
        assert!(start.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The one that enqueues it, the broker's claim, the consumer's claim, and its end.
    assert_eq!(rig.database.commits() - before, 4);
    assert_eq!(rig.count(DONE).await, 1);
    assert_eq!(rig.runs.load(Ordering::Relaxed), 1);
    let events = "SELECT count(*) FROM events WHERE state IN ('CREATED', 'ACTIVE', 'DELIVERED')";
    assert_eq!(rig.count(events).await, 3);
    rig.queue.close().await;
}

async fn a_job_that_fails_is_run_again_and_in_the_end_discarded(engine: Engine) {
    let rig = Rig::new(engine).await;
    rig.queue.start();
    rig.enqueue(&Count { id: 1, failures: 1 }, 3).await;
    rig.until(DELIVERED, 1).await;
    assert_eq!((rig.count(FAILED).await, rig.count(DONE).await), (1, 1));

    rig.enqueue(&Count { id: 2, failures: 9 }, 1).await;
    rig.until(DISCARDED, 1).await;
    assert_eq!((rig.count(FAILED).await, rig.count(DONE).await), (3, 1));
    let dead = "SELECT count(*) FROM messages WHERE dead_letter_id IS NOT NULL";
    assert_eq!(rig.count(dead).await, 1);
    rig.queue.close().await;
}

/// Keeps the inbox and the signatures from being written, as a database does that cannot answer.
const BREAK: Sql = Sql::each(
    "CREATE TRIGGER broken BEFORE INSERT ON used_signatures
     BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END",
    "ALTER TABLE used_signatures ADD CONSTRAINT broken CHECK (FALSE)",
);

const MEND: Sql = Sql::each(
    "DROP TRIGGER broken",
    "ALTER TABLE used_signatures DROP CONSTRAINT broken",
);

async fn a_database_that_cannot_answer_costs_a_job_no_attempt(engine: Engine) {
    let rig = Rig::new(engine).await;
    rig.execute(BREAK).await;
    rig.queue.start();
    rig.enqueue(&Count { id: 1, failures: 0 }, 0).await;
    let given_back = "SELECT count(*) FROM messages WHERE state IN ('retry', 'failed')";
    rig.until(given_back, 1).await;
    assert_eq!(rig.count(NOT_TRIED).await, 1);
    rig.execute(MEND).await;
    rig.until(DELIVERED, 1).await;
    assert_eq!((rig.count(NOT_TRIED).await, rig.count(DONE).await), (1, 1));
    rig.queue.close().await;
}

const HELD_BY_A_DEAD_PROCESS: Sql = Sql::each(
    "INSERT INTO consumptions (key, claim, lease_until)
     SELECT 'count:' || (body ->> '$.id'), 'a dead one', 9000000000000 FROM messages WHERE seq < 5",
    "INSERT INTO consumptions (key, claim, lease_until)
     SELECT 'count:' || (convert_from(body, 'UTF8')::json ->> 'id'), 'a dead one', 9000000000000
     FROM messages WHERE seq < 5",
);

async fn a_message_that_a_dead_process_holds_costs_no_attempt_and_no_permit(engine: Engine) {
    let rig = Rig::new(engine).await;
    // As many as the broker sends at once, and one more.
    for id in 1..=5 {
        rig.enqueue(&Count { id, failures: 0 }, 3).await;
    }
    rig.execute(HELD_BY_A_DEAD_PROCESS).await;
    rig.queue.start();
    rig.until(DELIVERED, 1).await;
    rig.until("SELECT count(*) FROM messages WHERE state = 'retry'", 4)
        .await;
    assert_eq!((rig.count(NOT_TRIED).await, rig.count(DONE).await), (5, 1));
    rig.execute("UPDATE consumptions SET lease_until = 0 WHERE claim IS NOT NULL")
        .await;
    rig.execute("UPDATE messages SET due_at = 0 WHERE state = 'retry'")
        .await;
    rig.until(DELIVERED, 5).await;
    assert_eq!((rig.count(NOT_TRIED).await, rig.count(DONE).await), (5, 5));
    rig.queue.close().await;
}

/// Sends a message as the broker does. The answer's status.
async fn deliver(
    rig: &Rig,
    path: &str,
    body: &str,
    signature: Option<&str>,
) -> (StatusCode, String) {
    let url = format!("http://{}{path}", rig.address);
    let keys = rig.queue.broker().keys().await.expect("keys");
    let now = jiff::Timestamp::now();
    let signature = signature.map_or_else(
        || sign(&keys.current, &url, body.as_bytes(), now),
        str::to_owned,
    );
    let client = reqwest::Client::new();
    let request = client.post(url).body(body.to_owned());
    let request = request.header("upstash-signature", &signature);
    let response = request.header("upstash-message-id", "msg_1").send().await;
    (response.expect("an answer").status(), signature)
}

async fn a_signature_is_good_for_one_delivery_and_a_job_for_one_run(engine: Engine) {
    let rig = Rig::new(engine).await;
    let body = r#"{"id":1,"failures":0}"#;
    let (status, signature) = deliver(&rig, "/hooks/count", body, None).await;
    assert_eq!(status, StatusCode::OK);
    let (status, _) = deliver(&rig, "/hooks/count", body, Some(&signature)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    // A copy with a signature of its own is answered and not run.
    let (status, _) = deliver(&rig, "/hooks/count", body, None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(rig.runs.load(Ordering::Relaxed), 1);
    assert_eq!(rig.count(DONE).await, 1);
    rig.jobs.close().await;
}

async fn a_message_that_no_job_understands_is_never_sent_again(engine: Engine) {
    let rig = Rig::new(engine).await;
    let (status, signature) = deliver(&rig, "/hooks/count", "[]", None).await;
    assert_eq!(status.as_u16(), receiver::NOT_RETRYABLE);
    // Its signature is used up as well.
    let (status, _) = deliver(&rig, "/hooks/count", "[]", Some(&signature)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = deliver(&rig, "/hooks/count/failed", "{}", None).await;
    assert_eq!(status.as_u16(), receiver::NOT_RETRYABLE);
    assert_eq!(rig.runs.load(Ordering::Relaxed), 0);
}

async fn a_delivery_completes_no_message_but_its_own(engine: Engine) {
    let rig = Rig::new(engine).await;
    // The lane that delivers is not started: both messages stay as they are.
    rig.enqueue(&Count { id: 1, failures: 0 }, 3).await;
    rig.enqueue(&Count { id: 2, failures: 0 }, 3).await;
    let mut tx = rig.database.write().await.expect("it is open");
    query("UPDATE messages SET state = 'active', id = 'msg_' || seq")
        .execute(&mut tx)
        .await
        .expect("it is valid");
    tx.commit().await.expect("there is room");
    // The header names message 1, and the signature is for the body of message 2.
    let body = r#"{"id":2,"failures":0}"#;
    let (status, _) = deliver(&rig, "/hooks/count", body, None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(rig.count(DONE).await, 1);
    assert_eq!(rig.count(DELIVERED).await, 0);
    let body = r#"{"id":1,"failures":0}"#;
    let (status, _) = deliver(&rig, "/hooks/count", body, None).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(rig.count(DELIVERED).await, 1);
}

async fn jobs_of_two_kinds_may_have_one_id_and_a_job_is_in_the_outbox_once(engine: Engine) {
    let rig = Rig::new(engine).await;
    let broker = rig.queue.broker().clone();
    let destinations = broker.destinations().clone();
    let qstash = crate::qstash::QStash::new("http://127.0.0.1:9", "token", destinations);
    let queue = Queue::new(broker, Some(qstash));
    let mut tx = rig.database.write().await.expect("it is open");
    let options = JobOptions::default();
    let (count, recount) = (Count { id: 1, failures: 0 }, Recount { id: 1 });
    for _ in 0..2 {
        queue
            .enqueue(&mut tx, &count, &options)
            .await
            .expect("written");
        queue
            .enqueue(&mut tx, &recount, &options)
            .await
            .expect("written");
    }
    tx.commit().await.expect("there is room");
    assert_eq!(rig.count("SELECT count(*) FROM outbox").await, 2);
}

#[test]
fn a_job_has_a_label_for_each_of_its_paths() {
    assert_eq!(Count::label_of("count"), Some("Count"));
    assert_eq!(Count::label_of("count/failed"), Some("Count that failed"));
    assert_eq!(Count::label_of("counter"), None);
    assert_eq!(Count::label_of("other"), None);
}
