//! Two processes of Kith work with one database while either of them, or the server of the database, is killed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use kith_database::Database;
use kith_database::query;
use kith_test_support::postgres_server::PostgresServer;
use reqwest::Client;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;

use super::PATIENCE;
use super::Process;
use super::WRITERS;
use super::acknowledged;
use super::assert_welcomed_once;
use super::kills;
use super::stored_contacts;
use crate::mail_server::MailServer;

/// How many writes are acknowledged between two kills.
const WRITES_PER_KILL: usize = 4;

/// How long all kills may take. It is never waited for when all is well.
const MAX_TIME: Duration = Duration::from_secs(3600);

/// How long a writer waits before it sends a request again.
const PAUSE: Duration = Duration::from_millis(20);

/// The database that both processes work with.
enum Place {
    File,
    Server(Box<PostgresServer>, String),
}

impl Place {
    /// The setting that names it.
    fn setting(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::File => None,
            Self::Server(_, url) => Some(("DATABASE_URL", url)),
        }
    }

    async fn open(&self, data: &Path) -> Database {
        let one = std::num::NonZeroU32::MIN.saturating_add(2);
        let opened = match self {
            Self::File => kith::services::database::open(&data.join("kith.db"), one).await,
            Self::Server(_, url) => {
                let url: kith::services::database::DatabaseUrl = url.parse().expect("an address");
                kith::services::database::open(url, one).await
            }
        };
        opened.expect("it opens")
    }

    /// Kills the server, if there is one, and starts it again.
    fn kill(&mut self) -> bool {
        match self {
            Self::File => false,
            Self::Server(server, _) => {
                server.kill();
                server.start_again();
                true
            }
        }
    }
}

/// Two processes, and where to find them.
struct Pair<'a> {
    processes: [Process; 2],
    origins: Arc<Mutex<[String; 2]>>,
    data: &'a Path,
    settings: Vec<(&'static str, String)>,
}

impl<'a> Pair<'a> {
    fn start(data: &'a Path, settings: Vec<(&'static str, String)>) -> Self {
        let processes = [(); 2].map(|()| Process::start(data, &settings));
        let origins = processes.each_ref().map(|process| process.origin.clone());
        Self {
            processes,
            origins: Arc::new(Mutex::new(origins)),
            data,
            settings,
        }
    }

    fn kill(&mut self, index: usize) {
        self.processes[index].kill();
        self.processes[index] = Process::start(self.data, &self.settings);
        let origin = self.processes[index].origin.clone();
        self.origins.lock().expect("no panic")[index] = origin;
    }
}

/// What clients do, and what they were told. It lives outside of Kith.
#[derive(Clone)]
struct Clients {
    client: Client,
    origins: Arc<Mutex<[String; 2]>>,
    stopping: Arc<AtomicBool>,
    acknowledged: Arc<AtomicUsize>,
}

impl Clients {
    /// Creates contacts, each with its own key, until `stopping` is set. If Kith does not answer a request or cannot
    /// carry it out, the writer sends the request again to the other process. Returns id and name of each contact.
    async fn write(self, writer: u64) -> Vec<(String, String)> {
        let mut ledger = Vec::new();
        let mut requests = writer as usize;
        for number in 0.. {
            if self.stopping.load(Ordering::Relaxed) {
                break;
            }
            let name = format!("Person {writer}-{number}");
            let body = json!({"name": name, "email": format!("p{writer}-{number}@example.com")});
            let id = loop {
                requests += 1;
                let origin = self.origins.lock().expect("no panic")[requests % 2].clone();
                if let Some(id) = self.create(&origin, &name, &body).await {
                    break id;
                }
                tokio::time::sleep(PAUSE).await;
            };
            self.acknowledged.fetch_add(1, Ordering::Relaxed);
            ledger.push((id, name));
        }
        ledger
    }

    async fn create(&self, origin: &str, key: &str, body: &Value) -> Option<String> {
        let request = self.client.post(format!("{origin}/api/contacts"));
        let request = request.header("Idempotency-Key", key.replace(' ', "-"));
        let response = request.json(body).send().await.ok()?;
        match response.status() {
            StatusCode::CREATED => {
                let body: Value = response.json().await.ok()?;
                Some(body["contact"]["id"].as_str().expect("an id").to_owned())
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                assert!(response.headers().contains_key("retry-after"));
                None
            }
            status => panic!("{status}: {}", response.text().await.unwrap_or_default()),
        }
    }

    /// Waits until so many writes more are acknowledged.
    async fn wait_for(&self, writes: usize) {
        let before = self.acknowledged.load(Ordering::Relaxed);
        let count = || self.acknowledged.load(Ordering::Relaxed);
        acknowledged(before + writes, count).await;
    }
}

/// How many messages the report's schedule has made.
async fn reports(database: &Database) -> u64 {
    let mut reader = database.reader().await.expect("it is open");
    let reports = query("SELECT count(*) FROM messages WHERE schedule_id = 'daily-report'");
    let reports: i64 = reports.fetch_one(&mut reader).await.expect("a number");
    reports.cast_unsigned()
}

/// Has the schedule be due once more than it was. Returns how often, which is 0 before Kith has made the schedule.
async fn make_due(database: &Database) -> u64 {
    let mut tx = database.write().await.expect("it is open");
    let now = jiff::Timestamp::now().as_millisecond();
    let made = query("UPDATE schedules SET next_at = $1 WHERE id = 'daily-report'").bind(now);
    let made = made.execute(&mut tx).await.expect("it is valid");
    tx.commit().await.expect("there is room");
    made
}

async fn nothing_is_lost_or_done_twice(mut place: Place) {
    kith_runtime::install_crypto_provider();
    let data = tempfile::tempdir().expect("a directory");
    let mail = MailServer::start().await;
    let mut settings = vec![
        ("SMTP_URL", mail.url.clone()),
        // The test decides when the schedule is due.
        ("KITH_REPORT_SCHEDULE", "0 0 29 2 *".to_owned()),
    ];
    settings.extend(place.setting().map(|(name, url)| (name, url.to_owned())));
    let mut pair = Pair::start(data.path(), settings);
    let clients = Clients {
        client: Client::builder()
            .timeout(PATIENCE)
            .build()
            .expect("a client"),
        origins: pair.origins.clone(),
        stopping: Arc::default(),
        acknowledged: Arc::default(),
    };
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| tokio::spawn(clients.clone().write(writer)))
        .collect();

    let start = Instant::now();
    let database = place.open(data.path()).await;
    let (mut killed, mut due) = (0, 0);
    // A schedule that was due while processes were killed must have fired as well.
    while killed < kills() || reports(&database).await == 0 {
        assert!(start.elapsed() < MAX_TIME, "the schedule has not fired");
        if reports(&database).await == due {
            due += make_due(&database).await;
        }
        clients.wait_for(WRITES_PER_KILL).await;
        tokio::time::sleep(Duration::from_millis(7 * (killed % 20))).await;
        let victim = killed as usize % 3;
        if victim < 2 || !place.kill() {
            pair.kill(victim % 2);
        }
        killed += 1;
    }
    clients.stopping.store(true, Ordering::Relaxed);
    let mut ledger = HashMap::new();
    for writer in writers {
        ledger.extend(
            writer
                .await
                .expect("no writer was told anything but 201 and 503"),
        );
    }

    let stored = stored_contacts(&clients.client, &pair.processes[0].origin).await;
    assert_eq!(stored, ledger, "each contact is there once, and no other");
    let start = Instant::now();
    while mail.recipients() < stored.len() {
        assert!(start.elapsed() < PATIENCE, "contacts are not welcomed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_welcomed_once(&mail, &stored);
    while reports(&database).await < due {
        assert!(start.elapsed() < PATIENCE, "the schedule has not fired");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let reports = reports(&database).await;
    assert_eq!(reports, due, "the schedule fires once when it is due");
    println!(
        "{} contacts, {} mails, {reports} reports, {killed} kills",
        stored.len(),
        mail.mails().len(),
    );
    database.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_contact_of_two_processes_on_a_file_is_there_once() {
    nothing_is_lost_or_done_twice(Place::File).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_contact_of_two_processes_on_a_server_is_there_once() {
    let server = PostgresServer::start();
    let url = server.database().url().to_owned();
    nothing_is_lost_or_done_twice(Place::Server(Box::new(server), url)).await;
}
