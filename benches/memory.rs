//! How much memory Kith takes, on Linux, as the system counts it.
//!
//! As shipped but for the limits, without a Redis: 50,000 contacts are added, Kith starts anew, and a client lists all
//! of them as a program and as a browser, and searches. `code` is what is resident of the program's file, which the
//! system shares and takes back when it needs room.

#[path = "common/server.rs"]
mod server;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use serde_json::Value;
use serde_json::json;

use self::server::Server;

const CONTACTS: usize = 50_000;
const WRITERS: usize = 16;

/// Words of one character up to many, of which each is searched once as it is and a few times with a number.
const WORDS: [&str; 8] = [
    "a", "12", "ada", "lovel", "hopper 4", "zzz", "engines", "gra hop",
];
const SEARCHES: usize = 300;

#[tokio::main]
async fn main() {
    kith_runtime::install_crypto_provider();
    let data = tempfile::tempdir().expect("a directory");
    let kith = Kith::start(data.path()).await;
    kith.add_contacts().await;
    println!("\nMemory in MiB, with {CONTACTS} contacts.");
    println!(
        "\n{:<34}{:>10}{:>10}{:>10}{:>10}",
        "", "resident", "peak", "own", "code"
    );
    kith.report("once they were added");
    drop(kith);
    let kith = Kith::start(data.path()).await;
    kith.report("after a new start");
    kith.list().await;
    kith.report("all listed, by the API");
    for (path, accept) in [("/api/contacts", "*/*"), ("/contacts", "text/html")] {
        for number in 0..SEARCHES {
            let word = WORDS[number % WORDS.len()];
            let search = match number / WORDS.len() {
                0 => word.to_owned(),
                more => format!("{word} {more}"),
            };
            let url = format!("{path}?q={}", search.replace(' ', "+"));
            kith.get(&url, accept).await;
        }
        kith.report(&format!("{SEARCHES} searches, of {path}"));
    }
}

/// A Kith, and a client of it.
struct Kith {
    server: Server,
    client: reqwest::Client,
}

impl Kith {
    async fn start(data: &Path) -> Self {
        Self {
            server: Server::start(data, &[("KITH_WELCOME_ENABLED", "false")]).await,
            client: reqwest::Client::new(),
        }
    }

    async fn add_contacts(&self) {
        let next = Arc::new(AtomicUsize::new(0));
        let writers = (0..WRITERS).map(|_| {
            let (client, next) = (self.client.clone(), next.clone());
            let url = format!("{}/api/contacts", self.server.origin);
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= CONTACTS {
                        return;
                    }
                    let (first, last) = [("Ada", "Lovelace"), ("Grace", "Hopper")][number % 2];
                    let contact = json!({
                        "name": format!("{first} {last} {number}"),
                        "email": format!("{first}.{number}@example.com"),
                        "phone": "+44 20 7946 0000",
                        "company": "Analytical Engines",
                    });
                    let answer = client.post(&url).json(&contact).send().await;
                    assert!(answer.expect("an answer").status().is_success());
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("no panic");
        }
    }

    async fn list(&self) {
        let (mut listed, mut query) = (0, "limit=200".to_owned());
        loop {
            let page = self.get(&format!("/api/contacts?{query}"), "*/*").await;
            let page: Value = serde_json::from_str(&page).expect("JSON");
            listed += page["contacts"].as_array().expect("contacts").len();
            let Some(cursor) = page["nextCursor"].as_str() else {
                break;
            };
            query = format!("limit=200&cursor={cursor}");
        }
        assert_eq!(listed, CONTACTS);
    }

    async fn get(&self, path: &str, accept: &str) -> String {
        let request = self.client.get(format!("{}{path}", self.server.origin));
        let request = request
            .header("accept", accept)
            .header("accept-encoding", "identity");
        let response = request.send().await.expect("an answer");
        assert!(response.status().is_success(), "{path}");
        response.text().await.expect("a body")
    }

    /// Prints what the system says of the process.
    fn report(&self, when: &str) {
        let path = format!("/proc/{}/status", self.server.process.id());
        let status = std::fs::read_to_string(path).expect("Linux");
        let mebibytes = |name: &str| {
            let mut lines = status.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let value = value.and_then(|value| value.split_whitespace().next()?.parse().ok());
            let kibibytes: f64 = value.expect("a number of KiB");
            kibibytes / 1024.0
        };
        println!(
            "{when:<34}{:>10.1}{:>10.1}{:>10.1}{:>10.1}",
            mebibytes("VmRSS"),
            mebibytes("VmHWM"),
            mebibytes("RssAnon"),
            mebibytes("RssFile"),
        );
    }
}
