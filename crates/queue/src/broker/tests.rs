//! The broker with a clock that tests move. The application tests its requests over HTTP in `src/tests/queue.rs`,
//! and by the SDK of QStash in `end2end`.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use axum::http::HeaderMap;
use axum::http::StatusCode;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kith_database::Database;
use kith_database::Migration;
use kith_runtime::Clock;
use serde_json::Value;
use tempfile::TempDir;

use super::accept::Provenance;
use super::claim;
use super::claim::Claimed;
use super::filter::Filter;
use super::lane::LaneKind;
use super::*;
use crate::Publisher;
use crate::destination::Destinations;
use crate::dispatcher::Dispatched;
use crate::dispatcher::dispatch;
use crate::inbox;
use crate::inbox::Claim;
use crate::inbox::Lease;
use crate::message::Callback;
use crate::message::DeliverySpec;
use crate::message::Publication;
use crate::outbox;
use crate::outbox::OutboxMessage;
use crate::qstash::QStash;

const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "queue",
        sql: crate::migrations::QUEUE,
    },
    Migration {
        version: 2,
        name: "origins",
        sql: crate::migrations::ORIGINS,
    },
];

const RETENTION: Duration = Duration::from_secs(3600);

struct Rig {
    database: Database,
    clock: Arc<AtomicI64>,
    directory: TempDir,
}

impl Rig {
    async fn new() -> Self {
        let directory = TempDir::new().expect("a directory");
        let path = directory.path().join("kith.db");
        let options = kith_database::Options::new(path, MIGRATIONS);
        let database = Database::open(options).await.expect("it opens");
        Self {
            database,
            clock: Arc::new(AtomicI64::new(1_000_000_000_000)),
            directory,
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.clock.load(Ordering::SeqCst)).expect("a time")
    }

    fn clock(&self) -> Arc<dyn Clock> {
        let clock = self.clock.clone();
        Arc::new(move || Timestamp::from_millisecond(clock.load(Ordering::SeqCst)).expect("a time"))
    }

    fn set_back(&self, time: Duration) {
        self.clock
            .fetch_sub(time.as_millis() as i64, Ordering::SeqCst);
    }

    fn pass(&self, time: Duration) {
        self.clock
            .fetch_add(time.as_millis() as i64, Ordering::SeqCst);
    }

    /// A broker that delivers to webhooks at an origin.
    fn broker(&self, reached_at: &str) -> Broker {
        self.broker_to(reached_at, &["https://elsewhere.example"])
    }

    /// One that delivers to other origins as well.
    fn broker_to(&self, reached_at: &str, allowed: &[&str]) -> Broker {
        let options = Options {
            destinations: Destinations {
                origin: "https://kith.example".to_owned(),
                reached_at: reached_at.to_owned(),
                webhooks: "/hooks/",
                allowed: allowed.iter().map(|origin| (*origin).to_owned()).collect(),
                allow_setting: "queue.allow",
            },
            concurrency: NonZeroU32::new(4).expect("not 0"),
            timeout: Duration::from_secs(5),
            retention: RETENTION,
        };
        Broker::new(self.database.clone(), self.clock(), options)
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let mut connection = self.database.reader().await.expect("it is open");
        sqlx::query_scalar(sql)
            .fetch_one(&mut *connection)
            .await
            .expect("it counts")
    }

    async fn until(&self, sql: &'static str, expected: i64) {
        let start = Instant::now();
        while self.count(sql).await != expected {
            assert!(start.elapsed() < Duration::from_secs(20), "{sql}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Writes a message into the outbox.
    async fn write_outgoing(&self, id: &str, path: &str) {
        let message = OutboxMessage {
            id: id.to_owned(),
            publication: publication(path),
        };
        let mut tx = self.database.write().await.expect("it is open");
        outbox::insert(&mut tx, &message, self.now())
            .await
            .expect("written");
        tx.commit().await.expect("there is room");
    }

    async fn execute(&self, sql: &'static str) {
        let mut tx = self.database.write().await.expect("it is open");
        sqlx::query(sql)
            .execute(&mut *tx)
            .await
            .expect("it is valid");
        tx.commit().await.expect("there is room");
    }
}

fn publication(path: &str) -> Publication {
    Publication {
        destination: path.to_owned(),
        ..Publication::default()
    }
}

/// A receiver that answers 200 to everything.
async fn receiver() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = axum::Router::new().fallback(|| async { StatusCode::OK });
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A receiver that accepts connections and never answers.
fn frozen() -> (String, std::net::TcpListener) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    (format!("http://{address}"), listener)
}

const DELIVERED: &str = "SELECT count(*) FROM messages WHERE state = 'delivered'";

#[tokio::test]
async fn a_message_of_a_dead_process_is_delivered_by_another() {
    let rig = Rig::new().await;
    let broker = rig.broker(&receiver().await);
    broker
        .publish(&[publication("/hooks/a")], Provenance::default())
        .await
        .expect("taken");
    rig.execute(
        "UPDATE messages SET state = 'active', owner = 'a dead one', due_at = due_at + 9000",
    )
    .await;
    broker.start();
    // The other process may be alive until its lease ends.
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(rig.count(DELIVERED).await, 0);
    rig.pass(LEASE);
    broker.wake();
    rig.until(DELIVERED, 1).await;
    broker.close().await;
}

#[tokio::test]
async fn a_message_that_cannot_be_read_does_not_hold_up_others() {
    let rig = Rig::new().await;
    let broker = rig.broker(&receiver().await);
    for path in ["/hooks/a", "/hooks/b"] {
        broker
            .publish(&[publication(path)], Provenance::default())
            .await
            .expect("taken");
    }
    rig.execute("UPDATE messages SET spec = 'nonsense' WHERE destination = '/hooks/a'")
        .await;
    broker.start();
    rig.until(DELIVERED, 1).await;
    // It stays for a version that can read it, and listings leave out its fields.
    rig.until("SELECT count(*) FROM messages WHERE state = 'retry'", 1)
        .await;
    let (events, _) = broker.events(&Filter::default()).await.expect("a list");
    assert!(events.iter().any(|event| event["url"].is_null()));
    broker.close().await;
}

/// Turns a waiting message into one that an older release has accepted.
const WITH_TOO_MANY_HEADERS: &str = "UPDATE messages SET spec = json_set(spec, '$.headers', (
         WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 25000)
         SELECT json_group_array(json_array('x-' || n, 'v')) FROM numbers
     ))";

#[tokio::test]
async fn a_message_with_more_headers_than_a_request_can_have_is_a_dead_letter() {
    let rig = Rig::new().await;
    let broker = rig.broker(&receiver().await);
    broker
        .publish(&[publication("/hooks/a")], Provenance::default())
        .await
        .expect("taken");
    rig.execute(WITH_TOO_MANY_HEADERS).await;
    broker.start();
    rig.until(
        "SELECT count(*) FROM messages WHERE state = 'failed' AND dead_letter_id IS NOT NULL",
        1,
    )
    .await;
    let (events, _) = broker.events(&Filter::default()).await.expect("a list");
    let error = events[0]["error"].as_str().expect("an error");
    assert!(error.contains("headers"), "{error}");
    broker.close().await;
}

#[tokio::test]
async fn lists_of_events_and_of_dead_letters_end_near_their_largest_size() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    let large = Publication {
        delivery: DeliverySpec {
            headers: vec![("x-large".to_owned(), "v".repeat(256 * 1024))],
            ..DeliverySpec::default()
        },
        ..publication("/hooks/a")
    };
    broker
        .publish(&vec![large; 20], Provenance::default())
        .await
        .expect("taken");
    let (events, cursor) = broker.events(&Filter::default()).await.expect("a list");
    assert!(events.len() <= 10 && cursor.is_some(), "{}", events.len());
    rig.execute(
        "UPDATE messages SET state = 'failed', finished_at = 1, dead_letter_id = '1-' || seq",
    )
    .await;
    let (letters, cursor) = broker
        .dead_letters(&Filter::default())
        .await
        .expect("a list");
    assert!(letters.len() <= 10 && cursor.is_some(), "{}", letters.len());
}

#[tokio::test]
async fn old_rows_are_removed() {
    let rig = Rig::new().await;
    let broker = rig.broker(&receiver().await);
    let twice = Publication {
        deduplication: Some("once".to_owned()),
        ..publication("/hooks/a")
    };
    broker
        .publish(std::slice::from_ref(&twice), Provenance::default())
        .await
        .expect("taken");
    broker.start();
    rig.until(DELIVERED, 1).await;
    broker.close().await;
    let again = broker
        .publish(std::slice::from_ref(&twice), Provenance::default())
        .await
        .expect("taken");
    assert!(again[0].deduplicated);

    rig.pass(Duration::from_secs(601));
    let later = broker
        .publish(&[twice], Provenance::default())
        .await
        .expect("taken");
    assert!(!later[0].deduplicated, "its window is over");
    broker.sweep().await.expect("swept");
    assert_eq!(rig.count(DELIVERED).await, 1);
    rig.pass(RETENTION + Duration::from_secs(1));
    while broker.sweep().await.expect("swept") {}
    assert_eq!(rig.count(DELIVERED).await, 0);
    assert_eq!(
        rig.count("SELECT count(*) FROM messages").await,
        1,
        "what waits stays"
    );
    assert_eq!(rig.count("SELECT count(*) FROM events").await, 0);
    assert_eq!(rig.count("SELECT count(*) FROM deduplications").await, 0);
}

#[tokio::test]
async fn the_outbox_is_handed_over_in_order_and_what_may_not_go_stays() {
    let rig = Rig::new().await;
    let publisher = Publisher::Broker(rig.broker("http://127.0.0.1:1"));
    for (id, path) in [("1", "/hooks/a"), ("2", "/elsewhere"), ("3", "/hooks/c")] {
        rig.write_outgoing(id, path).await;
    }
    for _ in 0..2 {
        let dispatched = dispatch(&rig.database, &publisher, &*rig.clock()).await;
        assert_eq!(dispatched.expect("handed over"), Dispatched::Empty);
    }
    let mut connection = rig.database.reader().await.expect("it is open");
    let handed_over: Vec<String> =
        sqlx::query_scalar("SELECT destination FROM messages ORDER BY seq")
            .fetch_all(&mut *connection)
            .await
            .expect("they are there");
    assert_eq!(handed_over, ["/hooks/a", "/hooks/c"]);
    drop(connection);
    assert_eq!(rig.count("SELECT count(*) FROM outbox").await, 1);
}

#[tokio::test]
async fn a_message_is_executed_once() {
    let rig = Rig::new().await;
    let claim = async || {
        let mut tx = rig.database.write().await.expect("it is open");
        let claim = inbox::claim(&mut tx, "message", rig.now()).await;
        tx.commit().await.expect("there is room");
        claim.expect("a claim")
    };
    let end = async |lease: Lease, is_done: bool| {
        let mut tx = rig.database.write().await.expect("it is open");
        let ended = match is_done {
            true => inbox::complete(&mut tx, &lease, rig.now()).await,
            false => inbox::release(&mut tx, &lease).await,
        };
        tx.commit().await.expect("there is room");
        ended.expect("written")
    };
    let Claim::Granted(first) = claim().await else {
        panic!("nobody has it");
    };
    assert_eq!(claim().await, Claim::Busy(inbox::LEASE_DURATION));
    // Given back, it is there for the next one at once.
    assert!(end(first, false).await);
    let Claim::Granted(second) = claim().await else {
        panic!("it was given back");
    };
    // Whoever is too slow has lost it.
    rig.pass(inbox::LEASE_DURATION);
    let Claim::Granted(third) = claim().await else {
        panic!("the lease is over");
    };
    assert!(!end(second, true).await);
    assert!(end(third, true).await);
    rig.pass(Duration::from_secs(24 * 3600));
    assert_eq!(claim().await, Claim::Done);
}

#[tokio::test]
async fn a_process_that_renews_its_leases_keeps_its_messages() {
    let rig = Rig::new().await;
    let (one, other) = (
        rig.broker("http://127.0.0.1:1"),
        rig.broker("http://127.0.0.1:1"),
    );
    let taken = one
        .publish(&[publication("/hooks/a")], Provenance::default())
        .await;
    taken.expect("taken");
    let claimed = async |broker: &Broker| match broker.claim(LaneKind::Webhooks).await {
        Ok(Claimed::Messages(messages)) => Some(messages),
        _ => None,
    };
    let _prefetched = claimed(&one).await.expect("it is due");
    for _ in 0..3 {
        rig.pass(LEASE * 2 / 3);
        assert!(claimed(&other).await.is_none());
        one.renew(LaneKind::Webhooks).await.expect("renewed");
    }
    rig.pass(LEASE);
    assert!(claimed(&other).await.is_some());
}

#[tokio::test]
async fn a_claim_that_is_reported_as_failed_ends_with_its_lease() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    let publish = async || {
        broker
            .publish(&[publication("/hooks/a")], Provenance::default())
            .await
            .expect("taken");
    };
    publish().await;
    // The file is moved away while the claim is committed.
    let path = rig.directory.path();
    let others = rig.database.write().await.expect("it is open");
    let (claimed, ()) = tokio::join!(broker.claim(LaneKind::Webhooks), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        std::fs::rename(path.join("kith.db"), path.join("away")).expect("it is there");
        drop(others);
    });
    assert!(claimed.is_err());
    std::fs::rename(path.join("away"), path.join("kith.db")).expect("it is there");
    assert_eq!(
        rig.count("SELECT count(*) FROM messages WHERE state = 'active'")
            .await,
        1
    );
    // Other messages keep the process busy.
    publish().await;
    let Ok(Claimed::Messages(_other)) = broker.claim(LaneKind::Webhooks).await else {
        panic!("there is another");
    };
    for _ in 0..3 {
        rig.pass(LEASE / 3);
        broker.renew(LaneKind::Webhooks).await.expect("renewed");
    }
    let Ok(Claimed::Messages(again)) = broker.claim(LaneKind::Webhooks).await else {
        panic!("the lease is over");
    };
    assert_eq!(again.len(), 1);
}

#[tokio::test]
async fn receivers_that_never_answer_hold_up_no_webhook() {
    let rig = Rig::new().await;
    let (frozen, _listener) = frozen();
    let broker = rig.broker_to(&receiver().await, &[&frozen]);
    let frozen = vec![publication(&frozen); 100];
    broker
        .publish(&frozen, Provenance::default())
        .await
        .expect("taken");
    broker.start();
    rig.until(
        "SELECT count(*) > 0 FROM messages WHERE state = 'active'",
        1,
    )
    .await;
    let webhook = [publication("/hooks/a")];
    broker
        .publish(&webhook, Provenance::default())
        .await
        .expect("taken");
    rig.until(DELIVERED, 1).await;
    assert_eq!(
        rig.count("SELECT count(*) FROM messages WHERE state = 'failed'")
            .await,
        0
    );
}

#[tokio::test]
async fn receivers_that_never_answer_hold_up_no_other_origin() {
    let rig = Rig::new().await;
    let (origins, _listeners): (Vec<_>, Vec<_>) = (0..3).map(|_| frozen()).unzip();
    let fine = receiver().await;
    let allowed: Vec<&str> = origins.iter().chain([&fine]).map(String::as_str).collect();
    let broker = rig.broker_to("http://127.0.0.1:1", &allowed);
    // Many more than there are permits, and before the others.
    let mut first: Vec<Publication> = Vec::new();
    for origin in &origins {
        first.extend((0..200).map(|number| publication(&format!("{origin}/{number}"))));
    }
    broker
        .publish(&first, Provenance::default())
        .await
        .expect("taken");
    broker.start();
    rig.until(
        "SELECT count(DISTINCT origin) FROM messages WHERE state = 'active'",
        3,
    )
    .await;
    for number in 0..20 {
        let unrelated = [publication(&format!("{fine}/{number}"))];
        broker
            .publish(&unrelated, Provenance::default())
            .await
            .expect("taken");
    }
    rig.until(DELIVERED, 20).await;
}

#[tokio::test]
async fn one_origin_behind_many_messages_to_another_is_claimed_at_once() {
    let rig = Rig::new().await;
    let (busy, other) = ("https://busy.example", "https://other.example");
    let broker = rig.broker_to("http://127.0.0.1:1", &[busy, other]);
    for (origin, count) in [(busy, 1000), (other, 1)] {
        let messages = vec![publication(&format!("{origin}/a")); count];
        broker
            .publish(&messages, Provenance::default())
            .await
            .expect("taken");
    }
    let Ok(Claimed::Messages(claimed)) = broker.claim(LaneKind::External).await else {
        panic!("there are some");
    };
    let of = |origin: &str| {
        let same = claimed
            .iter()
            .filter(|(message, _)| message.origin == origin);
        same.count()
    };
    assert_eq!(
        (of(busy), of(other)),
        (16, 1),
        "half of what it claims in all"
    );
    // The busy one gets no more until some of these are settled.
    assert!(matches!(
        broker.claim(LaneKind::External).await,
        Ok(Claimed::NothingUntil(_))
    ));
    drop(claimed);
    let Ok(Claimed::Messages(claimed)) = broker.claim(LaneKind::External).await else {
        panic!("there are more");
    };
    assert_eq!(claimed.len(), 16);
}

#[tokio::test]
async fn messages_from_before_origins_were_kept_are_delivered() {
    let rig = Rig::new().await;
    let fine = receiver().await;
    let broker = rig.broker_to(&fine, &[&fine.replace("127.0.0.1", "localhost")]);
    let elsewhere = format!("{}/a", fine.replace("127.0.0.1", "localhost"));
    for path in ["/hooks/a", &elsewhere] {
        broker
            .publish(&[publication(path)], Provenance::default())
            .await
            .expect("taken");
    }
    // As the migration leaves them.
    rig.execute("UPDATE messages SET origin = coalesce(host, '')")
        .await;
    broker.start();
    rig.until(DELIVERED, 2).await;
    broker.close().await;
}

/// When the waiting message is due, in milliseconds from the start of the test.
const DUE: &str = "SELECT due_at - 1000000000000 FROM messages WHERE finished_at IS NULL";

const HALF_A_DAY: Duration = Duration::from_secs(12 * 3600);

#[tokio::test]
async fn a_clock_that_is_set_back_holds_up_no_message() {
    let rig = Rig::new().await;
    let broker = rig.broker(&receiver().await);
    broker.start();
    let later = Publication {
        delivery: DeliverySpec {
            delay: Some(60_000),
            ..DeliverySpec::default()
        },
        ..publication("/hooks/a")
    };
    broker
        .publish(&[later], Provenance::default())
        .await
        .expect("taken");
    rig.pass(Duration::from_secs(50));
    rig.set_back(HALF_A_DAY);
    // Its wait of a minute begins anew.
    let due = 50_000 - HALF_A_DAY.as_millis() as i64 + 60_000;
    rig.until(DUE, due).await;
    rig.pass(Duration::from_secs(59));
    broker.wake();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(rig.count(DELIVERED).await, 0);
    rig.pass(Duration::from_secs(1));
    broker.wake();
    rig.until(DELIVERED, 1).await;
    // A message that is published from now on does not wait either.
    broker
        .publish(&[publication("/hooks/b")], Provenance::default())
        .await
        .expect("taken");
    rig.until(DELIVERED, 2).await;
    broker.close().await;
}

#[tokio::test]
async fn messages_from_a_clock_that_was_ahead_are_delivered_after_a_start() {
    let rig = Rig::new().await;
    let broker = rig.broker(&receiver().await);
    for path in [
        "/hooks/created",
        "/hooks/retried",
        "/hooks/abandoned",
        "/hooks/unreadable",
    ] {
        broker
            .publish(&[publication(path)], Provenance::default())
            .await
            .expect("taken");
    }
    rig.execute(
        "UPDATE messages SET state = 'retry', retried = 1, due_at = due_at + 5000
         WHERE destination = '/hooks/retried'",
    )
    .await;
    rig.execute(
        "UPDATE messages SET state = 'active', owner = 'a dead one', due_at = due_at + 9000
         WHERE destination = '/hooks/abandoned'",
    )
    .await;
    rig.execute("UPDATE messages SET spec = 'nonsense' WHERE destination = '/hooks/unreadable'")
        .await;
    rig.set_back(HALF_A_DAY);
    broker.start();
    rig.until(DELIVERED, 1).await;
    rig.pass(LEASE);
    broker.wake();
    rig.until(DELIVERED, 3).await;
    broker.close().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_changes_no_time_that_was_named() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    let noon = rig.now().as_millisecond() + 3_600_000;
    let at_noon = Publication {
        not_before: Some(noon),
        ..publication("/hooks/a")
    };
    broker
        .publish(&[at_noon], Provenance::default())
        .await
        .expect("taken");
    let before = rig.now();
    rig.set_back(HALF_A_DAY);
    broker.rebase(before).await.expect("rebased");
    assert_eq!(rig.count(DUE).await, 3_600_000);
    // A message that was due stays due.
    rig.pass(HALF_A_DAY + Duration::from_secs(7200));
    let before = rig.now();
    rig.set_back(HALF_A_DAY);
    for _ in 0..2 {
        broker.rebase(before).await.expect("rebased");
        assert_eq!(
            rig.count(DUE).await,
            rig.now().as_millisecond() - 1_000_000_000_000
        );
    }
}

#[tokio::test]
async fn a_wait_that_began_after_the_clock_was_set_back_goes_on() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    let in_an_hour = async |path: &str| {
        let message = Publication {
            delivery: DeliverySpec {
                delay: Some(3_600_000),
                ..DeliverySpec::default()
            },
            ..publication(path)
        };
        let taken = broker.publish(&[message], Provenance::default()).await;
        taken.expect("taken");
    };
    in_an_hour("/hooks/before").await;
    let before = rig.now();
    rig.set_back(HALF_A_DAY);
    in_an_hour("/hooks/after").await;
    in_an_hour("/hooks/retried").await;
    rig.execute("UPDATE messages SET state = 'retry' WHERE destination = '/hooks/retried'")
        .await;
    // Two processes notice that the clock was set back, one after the other.
    for _ in 0..2 {
        rig.pass(Duration::from_millis(400));
        broker.rebase(before).await.expect("rebased");
        assert_eq!(
            rig.count("SELECT count(*) FROM messages WHERE due_at - updated_at = 3600000")
                .await,
            3
        );
    }
}

#[tokio::test]
async fn a_message_that_waits_for_its_turn_to_be_written_has_the_time_of_that_turn() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    broker
        .publish(&[publication("/hooks/a")], Provenance::default())
        .await
        .expect("taken");
    rig.execute(
        "UPDATE messages SET state = 'failed', finished_at = due_at, dead_letter_id = 'dead'",
    )
    .await;
    // The clock is set back while the transaction waits for another writer.
    let others = rig.database.write().await.expect("it is open");
    let filter = Filter::default();
    let (sent, ()) = tokio::join!(broker.retry_dead_letters(&filter, &[]), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        rig.set_back(HALF_A_DAY);
        drop(others);
    });
    assert_eq!(sent.expect("sent again").sent.len(), 1);
    assert_eq!(
        rig.count(DUE).await,
        rig.now().as_millisecond() - 1_000_000_000_000
    );
}

#[tokio::test]
async fn a_clock_that_is_set_back_stops_no_schedule() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    let next = async |id: &str| {
        let schedule = broker.find_schedule(id).await.expect("it is there");
        let at = schedule["nextScheduleTime"].as_i64().expect("a time");
        Timestamp::from_millisecond(at).expect("a time").to_string()
    };
    // It is 2001-09-09T01:46:40Z.
    for (id, cron) in [
        ("interval", "*/5 * * * *"),
        ("fired", "0 2 * * *"),
        ("waits", "30 20 * * *"),
    ] {
        let id = Some(id.to_owned());
        broker
            .schedule(id, cron, &publication("/hooks/a"), None)
            .await
            .expect("a schedule");
    }
    rig.pass(Duration::from_secs(30 * 60));
    broker.fire().await.expect("fired");
    assert_eq!(next("interval").await, "2001-09-09T02:20:00Z");
    assert_eq!(next("fired").await, "2001-09-10T02:00:00Z");
    assert_eq!(next("waits").await, "2001-09-09T20:30:00Z");

    let before = rig.now();
    rig.set_back(HALF_A_DAY);
    broker.start();
    let start = Instant::now();
    // It is 2001-09-08T14:16:40Z.
    while next("interval").await != "2001-09-08T14:20:00Z" {
        assert!(start.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // A fixed time comes again only if it has not fired before.
    assert_eq!(next("waits").await, "2001-09-08T20:30:00Z");
    assert_eq!(next("fired").await, "2001-09-10T02:00:00Z");
    broker.close().await;

    // What has fired by a clock that was wrong by weeks does not count.
    rig.set_back(Duration::from_secs(30 * 24 * 3600));
    broker.rebase(before).await.expect("rebased");
    assert_eq!(next("interval").await, "2001-08-09T14:20:00Z");
    assert_eq!(next("fired").await, "2001-08-10T02:00:00Z");
    // Before 1970 as well.
    rig.clock.store(-1_000_000_000, Ordering::SeqCst);
    broker.rebase(before).await.expect("rebased");
    assert_eq!(next("interval").await, "1969-12-20T10:15:00Z");
}

#[tokio::test]
async fn a_schedule_that_has_no_next_time_gets_one_when_it_is_put_again() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    let put = async || {
        let id = Some("a".to_owned());
        broker
            .schedule(id, "0 9 * * *", &publication("/hooks/a"), None)
            .await
            .expect("a schedule");
    };
    put().await;
    // As a release leaves a schedule whose expression it cannot read.
    rig.execute("UPDATE schedules SET next_at = NULL").await;
    put().await;
    let schedule = broker.find_schedule("a").await.expect("it is there");
    assert!(schedule["nextScheduleTime"].is_i64(), "{schedule}");
}

#[tokio::test]
async fn a_time_that_a_publisher_names_is_at_most_a_year_ahead_of_the_clock_of_the_broker() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    let year = 365 * 24 * 3600;
    for (ahead, taken) in [(year, true), (year + 1, false)] {
        let at = rig.now().as_second() + ahead;
        let header = ("upstash-not-before".to_owned(), at.to_string());
        let retried = broker
            .retry_dead_letters(&Filter::default(), &[header])
            .await;
        assert_eq!(retried.is_ok(), taken, "{ahead}");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_nothing_else_waiting() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    let once = Publication {
        deduplication: Some("once".to_owned()),
        ..publication("/hooks/a")
    };
    let publish = async || {
        let taken = broker.publish(std::slice::from_ref(&once), Provenance::default());
        taken.await.expect("taken")[0].deduplicated
    };
    assert!(!publish().await);
    let claim = async || {
        let mut tx = rig.database.write().await.expect("it is open");
        let claim = inbox::claim(&mut tx, "message", rig.now()).await;
        tx.commit().await.expect("there is room");
        claim.expect("a claim")
    };
    assert!(matches!(claim().await, Claim::Granted(_)));
    let mut tx = rig.database.write().await.expect("it is open");
    let message = OutboxMessage {
        id: "1".to_owned(),
        publication: Publication {
            delivery: DeliverySpec {
                delay: Some(60_000),
                ..DeliverySpec::default()
            },
            ..publication("/hooks/c")
        },
    };
    outbox::insert(&mut tx, &message, rig.now())
        .await
        .expect("written");
    tx.commit().await.expect("there is room");

    let before = rig.now();
    rig.set_back(HALF_A_DAY);
    broker.rebase(before).await.expect("rebased");
    // What was written with a change of the data goes out, and waits for its minute and no longer.
    let publisher = Publisher::Broker(broker.clone());
    dispatch(&rig.database, &publisher, &*rig.clock())
        .await
        .expect("handed over");
    assert_eq!(rig.count("SELECT count(*) FROM outbox").await, 0);
    assert_eq!(
        rig.count("SELECT due_at FROM messages WHERE destination = '/hooks/c'")
            .await,
        rig.now().as_millisecond() + 60_000
    );
    // A dead consumer's claim and a deduplication end when they would have.
    assert_eq!(claim().await, Claim::Busy(inbox::LEASE_DURATION));
    rig.pass(inbox::LEASE_DURATION);
    assert!(matches!(claim().await, Claim::Granted(_)));
    assert!(publish().await, "its window is not over");
    rig.pass(Duration::from_secs(600));
    assert!(!publish().await);
}

/// When what stands in the outbox is due, in milliseconds from the time at which tests begin.
const HANDED_OVER: &str = "SELECT due_at - 1000000000000 FROM outbox";

#[tokio::test]
async fn a_wait_of_the_outbox_outlasts_a_start() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    rig.write_outgoing("1", "/hooks/a").await;
    // QStash has asked for an hour.
    rig.execute("UPDATE outbox SET attempts = 1, due_at = due_at + 3600000")
        .await;
    broker.rebase(rig.now()).await.expect("rebased");
    assert_eq!(rig.count(HANDED_OVER).await, 3_600_000);
    // This process has noticed that the clock was set back.
    let before = rig.now() + HALF_A_DAY;
    broker.rebase(before).await.expect("rebased");
    assert_eq!(rig.count(HANDED_OVER).await, 60_000);
    // No wait is longer than a day, so that this one began by a clock that was ahead.
    rig.execute("UPDATE outbox SET due_at = due_at + 86400000")
        .await;
    broker.rebase(rig.now()).await.expect("rebased");
    assert_eq!(rig.count(HANDED_OVER).await, 60_000);
}

#[tokio::test]
async fn a_message_that_qstash_does_not_take_waits_by_the_clock_of_the_broker() {
    let rig = Rig::new().await;
    let destinations = rig.broker("http://127.0.0.1:1").destinations().clone();
    let qstash = QStash::new("http://127.0.0.1:1", "token", destinations);
    let publisher = Publisher::QStash(qstash);
    rig.write_outgoing("1", "/hooks/a").await;
    dispatch(&rig.database, &publisher, &*rig.clock())
        .await
        .expect("put off");
    let due = rig.count(HANDED_OVER).await;
    assert!((1..=2000).contains(&due), "{due}");
}

#[tokio::test]
async fn messages_before_1970_are_accepted_and_delivered() {
    let rig = Rig::new().await;
    rig.clock.store(-86_400_000, Ordering::SeqCst);
    let broker = rig.broker(&receiver().await);
    broker
        .publish(&[publication("/hooks/a")], Provenance::default())
        .await
        .expect("taken");
    broker.start();
    rig.until(DELIVERED, 1).await;
    broker.close().await;
}

#[tokio::test]
async fn frequent_queries_use_an_index() {
    let rig = Rig::new().await;
    let broker = rig.broker("http://127.0.0.1:1");
    let mut queries = Vec::new();
    for (of_events, query) in [
        (false, "messageId=a"),
        (false, "messageIds=a&messageIds=b"),
        (true, "messageId=a"),
    ] {
        let filter = Filter::parse(query).expect("a filter");
        let mut builder =
            sqlx::QueryBuilder::<sqlx::Sqlite>::new("EXPLAIN QUERY PLAN SELECT 1 FROM ");
        if of_events {
            builder.push("events e LEFT JOIN messages m ON m.id = e.message_id WHERE 1");
            filter.narrow_events(&mut builder, broker.destinations());
        } else {
            builder.push("messages m WHERE m.finished_at IS NULL");
            filter.narrow_messages(&mut builder, broker.destinations());
        }
        queries.push(builder);
    }
    for query in [
        "SELECT min(due_at) FROM messages WHERE finished_at IS NULL AND own = 1",
        "SELECT seq FROM messages WHERE finished_at IS NULL AND origin = 'a' AND due_at <= 1 ORDER BY due_at, seq LIMIT 1",
        claim::NEXT_OF_WEBHOOKS,
        claim::NEXT_OF_OTHERS,
        "SELECT seq FROM messages m WHERE m.dead_letter_id IS NOT NULL ORDER BY m.seq DESC LIMIT 1",
        "SELECT seq FROM messages WHERE state IN ('delivered', 'failed', 'canceled') AND finished_at < 1 LIMIT 1",
        "SELECT seq FROM outbox WHERE due_at <= 1 LIMIT 1",
    ] {
        let mut builder = sqlx::QueryBuilder::new("EXPLAIN QUERY PLAN ");
        builder.push(query);
        queries.push(builder);
    }
    let mut connection = rig.database.reader().await.expect("it is open");
    for mut query in queries {
        use sqlx::Row;
        let plan = query
            .build()
            .fetch_all(&mut *connection)
            .await
            .expect("a plan");
        for step in plan {
            let step: String = step.try_get("detail").expect("a step");
            // The recursive query scans its own few rows.
            let indexed = step.contains("USING") || !step.starts_with("SCAN") || step == "SCAN o";
            assert!(indexed, "{step}");
        }
    }
}

#[test]
fn a_filter_is_parsed_or_rejected() {
    let (twice, once) = ("dlqIds=b,a,b&dlqIds=a", "dlqIds=a,b");
    assert_eq!(
        Filter::parse(twice).expect("a filter"),
        Filter::parse(once).expect("a filter")
    );
    for query in [
        "",
        "label=a&label=b,c&count=5",
        "state=CANCELLED&cursor=",
        "fromDate=1&toDate=2",
        "responseStatus=500,503",
    ] {
        assert!(Filter::parse(query).is_ok(), "{query}");
    }
    for query in [
        "lable=a",
        "count=0",
        "count=x",
        "cursor=x",
        "fromDate=today",
        "fromDate=-1",
        "toDate=-9223372036854775808",
        "toDate=9223372036854775808",
        "cursor=-1",
        "responseStatus=-1",
        "responseStatus=2xx",
    ] {
        let rejection = Filter::parse(query).expect_err(query);
        assert_eq!(rejection.status, StatusCode::BAD_REQUEST);
    }
    assert!(
        Filter::parse("count=101")
            .expect("a number")
            .page_size(100)
            .is_err()
    );
}

/// A receiver that reports the path and the signature of each request.
async fn witness() -> (
    String,
    tokio::sync::mpsc::UnboundedReceiver<(String, String)>,
) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port");
    let origin = format!("http://{}", listener.local_addr().expect("an address"));
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let answer = move |uri: axum::http::Uri, headers: HeaderMap| {
        let signature = headers.get("upstash-signature").map(|token| token.to_str());
        let signature = signature.expect("a signature").expect("text").to_owned();
        let told = tell.send((uri.to_string(), signature));
        async move { told.map_or(StatusCode::GONE, |()| StatusCode::OK) }
    };
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (origin, told)
}

#[tokio::test]
async fn messages_of_an_older_release_are_shown_delivered_and_signed_without_control_characters() {
    let rig = Rig::new().await;
    let (origin, mut told) = witness().await;
    let broker = rig.broker_to("http://127.0.0.1:1", &[&origin]);
    let mut message = publication(&format!("{origin}/a"));
    message.callback = Some(Callback {
        url: format!("{origin}/told"),
        delivery: DeliverySpec::default(),
    });
    let accepted = broker.publish(std::slice::from_ref(&message), Provenance::default());
    let id = accepted.await.expect("taken").remove(0).message_id;
    let schedule = broker.schedule(Some("old".to_owned()), "0 9 * * *", &message, None);
    schedule.await.expect("taken");
    // As an older release has stored it, which rejected nothing.
    rig.execute(
        "UPDATE messages SET destination = destination || char(27, 91, 51, 49, 109, 13, 10) || 'X',
             spec = json_set(spec, '$.callback.url', (spec ->> '$.callback.url') || char(7) || 'X')",
    )
    .await;
    rig.execute(
        "UPDATE schedules SET cron = char(10) || '0' || char(9) || '9 * * *',
             spec = json_set(spec, '$.destination', (spec ->> '$.destination') || char(27) || 'X')",
    )
    .await;

    let overview = broker.overview().await.expect("an overview");
    let message = &overview.messages[0];
    assert_eq!(message.destination, format!("{origin}/a%1B[31mX"));
    assert_eq!(overview.schedules[0].cron, "0 9 * * *");
    let schedule = broker.find_schedule("old").await.expect("it is there");
    assert_eq!(schedule["destination"], format!("{origin}/a%1BX"));
    let message = broker.message(&id).await.expect("it is there");
    assert_eq!(message["url"], format!("{origin}/a%1B[31mX"));
    assert_eq!(message["callback"], format!("{origin}/told%07X"));

    broker.start();
    for path in ["/a%1B[31mX", "/told%07X"] {
        let (uri, token) = told.recv().await.expect("a delivery");
        assert_eq!(uri, path);
        let claims = token.split('.').nth(1).expect("claims");
        let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).expect("base64");
        let claims: Value = serde_json::from_slice(&claims).expect("JSON");
        assert_eq!(claims["sub"], format!("{origin}{path}"));
    }
    rig.until(DELIVERED, 2).await;
    broker.close().await;
}
