//! What the queue costs, each beside a baseline measured in the same run.
//!
//! - Messages per second from the broker to a receiver, beside the same requests sent
//!   to it with nothing kept.
//! - What a welcome email adds to `POST /api/contacts`, beside the same request without one.

#[path = "common/server.rs"]
mod server;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use async_trait::async_trait;
use axum::Router;
use kith::services::database;
use kith_queue::Attempt;
use kith_queue::Job;
use kith_queue::JobOptions;
use kith_queue::Outcome;
use kith_queue::Queue;
use kith_queue::broker::Broker;
use kith_queue::broker::Options;
use kith_queue::destination::Destinations;
use kith_runtime::SystemClock;
use kith_test_support::measure::median;
use serde::Deserialize;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;

use self::server::Server;

const MESSAGES: usize = 5000;
const CONCURRENCY: NonZeroU32 = NonZeroU32::new(16).expect("it is not 0");
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() {
    kith_runtime::install_crypto_provider();
    throughput().await;
    latency().await;
}

/// A receiver that takes everything, and what it has taken.
async fn receiver() -> (String, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = taken.clone();
    let router = Router::new().fallback(move || {
        let counter = counter.clone();
        async move {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), taken)
}

async fn throughput() {
    println!(
        "\nMessages per second, {MESSAGES} of 200 bytes, {CONCURRENCY} at a time; medians of {ROUNDS} rounds."
    );
    println!(
        "\n{:<34}{:>14}{:>14}{:>8}",
        "", "sent only", "Kith", "ratio"
    );
    let (mut bares, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (origin, taken) = receiver().await;
        let bare = MESSAGES as f64 / send(&origin).await;
        assert_eq!(taken.load(Ordering::Relaxed), MESSAGES);
        let kith = MESSAGES as f64 / queue().await;
        bares.push(bare);
        ours.push(kith);
        ratios.push(kith / bare);
    }
    println!(
        "{:<34}{:>14.0}{:>14.0}{:>8.2}",
        "broker, receiver",
        median(bares),
        median(ours),
        median(ratios)
    );
}

/// Seconds for sending every message, and keeping none.
async fn send(origin: &str) -> f64 {
    let client = reqwest::Client::new();
    let start = Instant::now();
    let next = Arc::new(AtomicUsize::new(0));
    let senders = (0..CONCURRENCY.get()).map(|_| {
        let (client, next, url) = (client.clone(), next.clone(), format!("{origin}/hook"));
        tokio::spawn(async move {
            while next.fetch_add(1, Ordering::Relaxed) < MESSAGES {
                let sent = client.post(&url).body(vec![b'x'; 200]).send().await;
                assert!(sent.expect("it is taken").status().is_success());
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.expect("no panic");
    }
    start.elapsed().as_secs_f64()
}

/// A message of 200 bytes. The receiver takes it without running it.
#[derive(Serialize, Deserialize)]
struct Text(String);

#[async_trait]
impl Job for Text {
    type Context = ();
    const KIND: &'static str = "bench";
    const LABEL: &'static str = "Benchmark";

    fn id(&self) -> String {
        self.0.clone()
    }

    async fn run(&self, _context: &(), _attempt: &Attempt) -> Outcome {
        Outcome::done()
    }
}

/// Seconds from the start of the queue until the receiver has every message of the broker.
async fn queue() -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("kith.db");
    let database = database::open(&path, CONCURRENCY).await.expect("it opens");
    let (origin, taken) = receiver().await;
    let options = Options {
        destinations: Destinations {
            origin: origin.clone(),
            reached_at: origin,
            webhooks: "/hooks/",
            allowed: Vec::new(),
            allow_setting: "queue.allow",
        },
        concurrency: CONCURRENCY,
        timeout: Duration::from_secs(30),
        retention: Duration::from_secs(3600),
        paused: None,
    };
    let broker = Broker::new(database.clone(), Arc::new(SystemClock), options);
    let queue = Queue::new(broker, None);
    let mut tx = database.write().await.expect("it is open");
    let job = Text("x".repeat(198));
    for _ in 0..MESSAGES {
        let enqueued = queue.enqueue(&mut tx, &job, &JobOptions::default()).await;
        enqueued.expect("there is room");
    }
    tx.commit().await.expect("there is room");
    let start = Instant::now();
    queue.start();
    while taken.load(Ordering::Relaxed) < MESSAGES {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let seconds = start.elapsed().as_secs_f64();
    queue.close().await;
    database.close().await;
    seconds
}

async fn latency() {
    const REQUESTS: usize = 300;
    let data = tempfile::tempdir().expect("a directory");
    // What is measured is taking the message, not delivering it.
    let kith = Server::start(data.path(), &[("KITH_WELCOME_DELAY", "24h")]).await;
    let url = format!("{}/api/contacts", kith.origin);
    let client = reqwest::Client::new();
    println!("\nPOST /api/contacts, {REQUESTS} of each, taking turns.");
    println!(
        "\n{:<34}{:>14}{:>14}{:>8}",
        "", "without", "with welcome", "ratio"
    );
    let mut took = [Vec::new(), Vec::new()];
    for number in 0..2 * REQUESTS {
        // In turns of some length, since handing over a message makes the next request wait a little.
        let welcome = number / 20 % 2 == 1;
        if number % 20 == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let contact = json!({
            "name": format!("Contact number {number}"),
            "email": format!("contact-{number}@example.com"),
            "welcome": welcome,
        });
        let start = Instant::now();
        let request = client.post(&url).json(&contact);
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success());
        answer.bytes().await.expect("a body");
        took[usize::from(welcome)].push(start.elapsed().as_secs_f64() * 1000.0);
    }
    for (name, share) in [("median, ms", 0.5), ("p99, ms", 0.99)] {
        let [without, with] = took.clone().map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[(times.len() as f64 * share) as usize]
        });
        println!(
            "{name:<34}{without:>14.2}{with:>14.2}{:>8.2}",
            with / without
        );
    }
}
