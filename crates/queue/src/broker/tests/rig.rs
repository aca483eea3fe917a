//! [`Rig`]: a broker on a database of its own, with a clock that the test moves, and receivers for its messages.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use axum::http::StatusCode;
use jiff::Timestamp;
use kith_database::Database;
use kith_database::Engine;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::Clock;

use crate::broker::Broker;
use crate::broker::Options;
use crate::destination::Destinations;
use crate::message::Publication;
use crate::outbox;
use crate::outbox::OutboxMessage;
use crate::test_database::TestDatabase;

/// How long a test waits for what must come. A busy machine takes longer than an idle one; no test is about how
/// long.
const WAIT_TIMEOUT: Duration = Duration::from_secs(120);

pub(super) const RETENTION: Duration = Duration::from_secs(3600);

pub(super) struct Rig {
    pub(super) database: Database,
    pub(super) clock: Arc<AtomicI64>,
    pub(super) place: TestDatabase,
}

impl Rig {
    pub(super) async fn new(engine: Engine) -> Self {
        let place = TestDatabase::new(engine);
        Self {
            database: place.open().await,
            clock: Arc::new(AtomicI64::new(1_000_000_000_000)),
            place,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.clock.load(Ordering::SeqCst)).expect("a time")
    }

    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        let clock = self.clock.clone();
        Arc::new(move || Timestamp::from_millisecond(clock.load(Ordering::SeqCst)).expect("a time"))
    }

    pub(super) fn set_back(&self, time: Duration) {
        self.clock
            .fetch_sub(time.as_millis() as i64, Ordering::SeqCst);
    }

    pub(super) fn pass(&self, time: Duration) {
        self.clock
            .fetch_add(time.as_millis() as i64, Ordering::SeqCst);
    }

    /// A broker that delivers to webhooks at an origin.
    pub(super) fn broker(&self, reached_at: &str) -> Broker {
        self.broker_to(reached_at, &["https://elsewhere.example"])
    }

    /// One that delivers to other origins as well.
    pub(super) fn broker_to(&self, reached_at: &str, allowed: &[&str]) -> Broker {
        let options = self.options(reached_at, allowed);
        self.broker_with(options)
    }

    pub(super) fn options(&self, reached_at: &str, allowed: &[&str]) -> Options {
        Options {
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
            paused: None,
        }
    }

    pub(super) fn broker_with(&self, options: Options) -> Broker {
        Broker::new(self.database.clone(), self.clock(), options)
    }

    pub(super) async fn count(&self, sql: impl Into<Sql>) -> i64 {
        let mut connection = self.database.reader().await.expect("it is open");
        query(sql)
            .fetch_one(&mut connection)
            .await
            .expect("it counts")
    }

    pub(super) async fn until(&self, sql: &'static str, expected: i64) {
        let start = Instant::now();
        while self.count(sql).await != expected {
            assert!(start.elapsed() < WAIT_TIMEOUT, "{sql}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Writes a message into the outbox.
    pub(super) async fn write_outgoing(&self, id: &str, path: &str) {
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

    pub(super) async fn execute(&self, sql: impl Into<Sql>) {
        let mut tx = self.database.write().await.expect("it is open");
        query(sql).execute(&mut tx).await.expect("it is valid");
        tx.commit().await.expect("there is room");
    }
}

pub(super) fn publication(path: &str) -> Publication {
    Publication {
        destination: path.to_owned(),
        ..Publication::default()
    }
}

/// A receiver that answers 200 to everything.
pub(super) async fn receiver() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = axum::Router::new().fallback(|| async { StatusCode::OK });
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A receiver that accepts connections and never answers.
pub(super) fn frozen() -> (String, std::net::TcpListener) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    (format!("http://{address}"), listener)
}

pub(super) const DELIVERED: &str = "SELECT count(*) FROM messages WHERE state = 'delivered'";

pub(super) const HALF_A_DAY: Duration = Duration::from_secs(12 * 3600);
