//! What was acknowledged outlives any kind of end.

mod cards;
mod sessions;
mod two;

use std::collections::HashMap;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::mail_server::MailServer;

/// How often something is killed: ten times, or as often as `KITH_TEST_KILLS` says.
fn kills() -> u64 {
    std::env::var("KITH_TEST_KILLS").map_or(10, |kills| kills.parse().expect("a number of kills"))
}

/// From one round to the next the server has some milliseconds more to get into trouble, up to so many; then less again.
const MAX_LIFE: u64 = 350;

/// Clients that write at the same time.
const WRITERS: u64 = 4;

/// How many contacts are acknowledged, at least, from one kill to the next.
const WRITES_PER_KILL: usize = 3;

/// How long the server may take to acknowledge a few writes, and the queue to send what the kills have left.
const PATIENCE: Duration = Duration::from_secs(90);

/// The real program in a process of its own. Dropping it kills it, as the test does anyway.
struct Process {
    child: Child,
    origin: String,
}

impl Process {
    /// Starts Kith on a free port and waits until it says which one it got.
    fn start(data: &Path, settings: &[(&str, String)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kith"))
            .env_clear()
            .env("KITH_DATA_DIR", data)
            .env("KITH_SERVER_ADDR", "127.0.0.1:0")
            .env("KITH_LIMITS_API_LIMIT", "1000000")
            .env("KITH_WELCOME_DELAY", "1ms")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .current_dir(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let output = child.stdout.take().expect("its output");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let origin = lines
            .find_map(|line| {
                let line: Value = serde_json::from_str(&line).expect("a line of JSON");
                let message = line["message"].as_str()?;
                Some(message.strip_prefix("Kith is at ")?.to_owned())
            })
            .expect("the program says where it is");
        // The rest of the output is read, so that the pipe never fills up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, origin }
    }

    fn kill(&mut self) {
        self.child.kill().expect("SIGKILL");
        self.child.wait().expect("the end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until so many writes are acknowledged, however slow this machine is.
async fn acknowledged(at_least: usize, count: impl Fn() -> usize) {
    let start = Instant::now();
    while count() < at_least {
        assert!(start.elapsed() < PATIENCE, "nothing is acknowledged");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// How a welcome email names the contact of this name.
fn recipient(name: &str) -> String {
    format!("\"{name}\" <{}@example.com>", name.replace("Person ", "p"))
}

/// Which contacts have got no welcome email, and what the queue has done with their messages.
async fn unwelcomed(data: &Path, mail: &MailServer, stored: &HashMap<String, String>) -> String {
    let welcomed = mail.by_recipient();
    let mut missing = stored.clone();
    missing.retain(|_, name| !welcomed.contains_key(&recipient(name)));
    let options = SqliteConnectOptions::new()
        .filename(data.join("kith.db"))
        .read_only(true);
    let mut connection = options.connect().await.expect("the database");
    let messages: Vec<(String, String)> = sqlx::query_as(
        "SELECT m.body ->> '$.contact',
             format('%s, retried %d, due in %d ms, the lease of its job ends in %s ms; %s',
                 m.state, m.retried, m.due_at - now,
                 (SELECT c.lease_until - now FROM consumptions c
                  WHERE c.key = 'welcome:' || (m.body ->> '$.id')),
                 (SELECT group_concat(concat_ws(' ', e.at, e.state, e.detail ->> '$.error'), ', ')
                  FROM events e WHERE e.message_id = m.id))
         FROM messages m, (SELECT CAST(1000 * unixepoch('subsec') AS INTEGER) AS now)
         WHERE m.destination = '/api/webhooks/welcome-email'",
    )
    .fetch_all(&mut connection)
    .await
    .expect("messages");
    let mut report = format!("{} contacts are not welcomed", missing.len());
    for (contact, message) in messages {
        if let Some(name) = missing.remove(&contact) {
            report += &format!("\n{name}: {message}");
        }
    }
    for name in missing.into_values() {
        report += &format!("\n{name}: there is no message");
    }
    report
}

/// Asserts that each of these contacts has got one welcome email, which may have come more than once.
fn assert_welcomed_once(mail: &MailServer, stored: &HashMap<String, String>) {
    let welcomed = mail.by_recipient();
    for name in stored.values() {
        let mails = welcomed.get(&recipient(name)).expect("a welcome email");
        assert_eq!(
            mails.len(),
            1,
            "{name} got several welcome emails: {mails:?}"
        );
    }
}

/// The name of every contact, by its id. Panics if one is listed twice, or the total is another.
async fn stored_contacts(client: &reqwest::Client, origin: &str) -> HashMap<String, String> {
    let mut stored = HashMap::new();
    let mut query = "limit=200".to_owned();
    loop {
        let url = format!("{origin}/api/contacts?{query}");
        let page: Value = client
            .get(url)
            .send()
            .await
            .expect("a page")
            .json()
            .await
            .expect("JSON");
        for contact in page["contacts"].as_array().expect("contacts") {
            let id = contact["id"].as_str().expect("an id").to_owned();
            let name = contact["name"].as_str().expect("a name").to_owned();
            assert!(
                stored.insert(id, name).is_none(),
                "a contact is listed twice"
            );
        }
        let Some(cursor) = page["nextCursor"].as_str() else {
            assert_eq!(page["total"], stored.len());
            return stored;
        };
        query = format!("limit=200&cursor={cursor}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_acknowledged_contact_survives_kill_9_and_is_welcomed_once() {
    let data = tempfile::tempdir().expect("a directory");
    kith_runtime::install_crypto_provider();
    let mail = MailServer::start().await;
    let client = reqwest::Client::new();
    // The ledger lives outside of the server: id and name of every contact that was answered 201.
    let ledger = Arc::new(Mutex::new(Vec::<(String, String)>::new()));

    let settings = [("SMTP_URL", mail.url.clone())];
    let kills = kills();
    for round in 0..kills {
        let mut server = Process::start(data.path(), &settings);
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (client, ledger, origin) =
                    (client.clone(), ledger.clone(), server.origin.clone());
                tokio::spawn(async move {
                    for number in 0.. {
                        let name = format!("Person {round}-{writer}-{number}");
                        let email = format!("p{round}-{writer}-{number}@example.com");
                        let body = json!({"name": name, "email": email});
                        let request = client.post(format!("{origin}/api/contacts")).json(&body);
                        let Ok(response) = request.send().await else {
                            return;
                        };
                        assert_eq!(response.status(), StatusCode::CREATED);
                        let Ok(body) = response.json::<Value>().await else {
                            return;
                        };
                        let id = body["contact"]["id"].as_str().expect("an id").to_owned();
                        ledger.lock().expect("the ledger").push((id, name));
                    }
                })
            })
            .collect();
        // The first kill comes at any time, even before there is an answer.
        let written = || ledger.lock().expect("the ledger").len();
        acknowledged(WRITES_PER_KILL * round as usize, written).await;
        tokio::time::sleep(Duration::from_millis(20 + 37 * round % MAX_LIFE)).await;
        server.kill();
        // What it has sent by then is on the way for a moment.
        tokio::time::sleep(Duration::from_millis(30)).await;
        mail.next_epoch();
        for writer in writers {
            writer.await.expect("no writer was told anything but 201");
        }
    }

    let ledger = std::mem::take(&mut *ledger.lock().expect("the ledger"));
    assert!(
        ledger.len() > 20,
        "only {} contacts were written",
        ledger.len()
    );
    let server = Process::start(data.path(), &settings);
    let stored = stored_contacts(&client, &server.origin).await;
    for (id, name) in &ledger {
        assert_eq!(
            stored.get(id),
            Some(name),
            "an acknowledged contact is lost"
        );
    }

    // Contacts that were stored just before a kill, and not acknowledged, are welcomed too.
    let start = Instant::now();
    while mail.recipients() < stored.len() {
        assert!(
            start.elapsed() < PATIENCE,
            "{}",
            unwelcomed(data.path(), &mail, &stored).await
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_welcomed_once(&mail, &stored);
    // Between a mail server's answer and writing it down there is an instant in which a kill makes
    // the same mail go out again, under the same name, and by another process.
    let sent = mail.mails().len();
    println!("{} contacts, {sent} mails, {kills} kills", stored.len());
    assert_eq!(
        mail.repeated_in_an_epoch(),
        0,
        "no process sends a mail twice"
    );
}

#[test]
fn settings_that_kith_cannot_use_are_explained() {
    let data = tempfile::tempdir().expect("a directory");
    let run = |variable: &str, value: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_kith"))
            .env_clear()
            .env("KITH_DATA_DIR", data.path())
            .env(variable, value)
            .current_dir(data.path())
            .output()
            .expect("the program starts");
        assert!(!output.status.success(), "{variable}={value} was accepted");
        String::from_utf8(output.stderr).expect("text")
    };
    assert!(run("KITH_SERVER_ADDR", "0.0.0.0:0").contains("kith user add NAME --role admin"));
    assert!(run("KITH_SERVER_ADRR", "127.0.0.1:0").contains("KITH_SERVER_ADDR"));
    for (url, expected) in [
        (
            "postgres://kith:secret@127.0.0.1:1/kith",
            "nothing answers there",
        ),
        ("postgres://kith:sec/ret@db/kith", "It takes"),
    ] {
        let refused = run("DATABASE_URL", url);
        assert!(refused.contains(expected), "{refused}");
        assert!(refused.contains("DATABASE_URL"), "{refused}");
        assert!(!refused.contains("sec"), "{refused}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    assert!(run("KITH_SERVER_ADDR", &address).contains("Stop what uses it"));
    let file = data.path().join("file");
    std::fs::write(&file, "not a folder").expect("a file");
    let message = run("KITH_DATA_DIR", &file.to_string_lossy());
    assert!(message.contains("file"), "{message}");
}
