//! What a new contact costs over HTTP, beside baselines measured in the same run.
//!
//! As shipped but for the limits: `POST /api/contacts` from 1, 16 and 64 clients. The baselines insert the same row
//! into the same table, with its indexes and triggers, with the same pragmas, through one connection of the same
//! driver: a commit for each row, as a plain program does it, and a commit for 64 rows. They write no search index, no
//! activity and no message, and speak no HTTP.

use std::num::NonZeroU32;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use kith::services::database;
use kith_test_support::measure::median;
use kith_test_support::redis_server::free_port;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::SqliteConnection;
use uuid::Uuid;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const CLIENTS: [&str; 3] = ["1", "16", "64"];
const BATCH: u32 = 64;

/// A load generator's script: a new contact in each request.
const SCRIPT: &str = r#"
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local number = 0
request = function()
    number = number + 1
    return wrk.format(nil, nil, nil, string.format(
        '{"name": "Contact number %d", "email": "contact-%d@example.com", ' ..
        '"phone": "+44 20 7946 0000", "company": "Analytical Engines"}', number, number))
end
"#;

#[tokio::main]
async fn main() {
    kith_runtime::install_crypto_provider();
    println!(
        "\nNew contacts per second; medians of {ROUNDS} rounds of {} s.",
        ROUND.as_secs()
    );
    println!(
        "\n{:<26}{:>8}{:>12}{:>14}{:>10}{:>8}{:>10}",
        "", "clients", "bare", "bare, by 64", "Kith", "ratio", "by 64"
    );
    for (name, welcome) in [("no email", "false"), ("with a welcome email", "true")] {
        for clients in CLIENTS {
            compare(name, welcome, clients).await;
        }
    }
}

/// Prints what Kith and the baselines reach, in turns.
async fn compare(name: &str, welcome: &str, clients: &str) {
    let (mut bares, mut batches, mut kiths) = (vec![], vec![], vec![]);
    let (mut ratios, mut batch_ratios) = (vec![], vec![]);
    for _ in 0..ROUNDS {
        let bare = insert(1).await;
        let kith = Kith::start(welcome).await.load(clients).await;
        let batch = insert(BATCH).await;
        ratios.push(kith / bare);
        batch_ratios.push(kith / batch);
        bares.push(bare);
        batches.push(batch);
        kiths.push(kith);
    }
    println!(
        "{name:<26}{clients:>8}{:>12.0}{:>14.0}{:>10.0}{:>8.2}{:>10.2}",
        median(bares),
        median(batches),
        median(kiths),
        median(ratios),
        median(batch_ratios),
    );
}

/// Rows per second of a bare loop that commits every `batch` rows.
async fn insert(batch: u32) -> f64 {
    let data = tempfile::tempdir().expect("a directory");
    let path = data.path().join("kith.db");
    let opened = database::open(&path, NonZeroU32::MIN).await;
    opened.expect("a database").close().await;
    let mut connection = connect(&path).await;
    let (start, mut rows) = (Instant::now(), 0);
    while start.elapsed() < ROUND {
        if batch == 1 {
            insert_row(&mut connection, rows).await;
        } else {
            let mut tx = connection.begin().await.expect("its turn");
            for row in rows..rows + batch {
                insert_row(&mut tx, row).await;
            }
            tx.commit().await.expect("room");
        }
        rows += batch;
    }
    f64::from(rows) / start.elapsed().as_secs_f64()
}

async fn connect(path: &Path) -> SqliteConnection {
    let url = format!("sqlite://{}", path.display());
    let mut connection = SqliteConnection::connect(&url).await.expect("a connection");
    let pragmas =
        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192";
    connection.execute(pragmas).await.expect("pragmas");
    connection
}

async fn insert_row(connection: &mut SqliteConnection, number: u32) {
    let (name, email) = (
        format!("Contact number {number}"),
        format!("contact-{number}@example.com"),
    );
    let now = jiff::Timestamp::now().as_millisecond();
    sqlx::query(
        "INSERT INTO contacts
             (id, version, created_at, updated_at, search_key, name, email, phone, company)
         VALUES (?, 1, ?, ?, ?, ?, ?, '+44 20 7946 0000', 'Analytical Engines')",
    )
    .bind(&Uuid::now_v7().as_bytes()[..])
    .bind(now)
    .bind(now)
    .bind(format!("{}\n{email}", name.to_lowercase()))
    .bind(&name)
    .bind(&email)
    .execute(connection)
    .await
    .expect("a new row");
}

/// A Kith of its own, ended when dropped.
struct Kith {
    process: Child,
    origin: String,
    data: tempfile::TempDir,
}

impl Kith {
    async fn start(welcome: &str) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(env!("CARGO_BIN_EXE_kith"));
        command
            .args(["--config", "/dev/null"])
            .env("KITH_SERVER_ADDR", &address)
            .env("KITH_DATA_DIR", data.path())
            .env("KITH_LIMITS_API_LIMIT", "1000000000")
            .env("KITH_WELCOME_ENABLED", welcome)
            // The emails are written down, and go out after the measurement.
            .env("KITH_WELCOME_DELAY", "1h")
            .stdout(Stdio::null());
        let kith = Self {
            process: command.spawn().expect("the server starts"),
            origin: format!("http://{address}"),
            data,
        };
        let ready = format!("{}/readyz", kith.origin);
        while reqwest::get(&ready).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        kith
    }

    /// Contacts per second.
    async fn load(&self, clients: &str) -> f64 {
        let script = self.data.path().join("contacts.lua");
        std::fs::write(&script, SCRIPT).expect("a script");
        let mut wrk = Command::new("wrk");
        wrk.args(["-t1", "-c", clients, "-d"])
            .arg(format!("{}s", ROUND.as_secs()))
            .arg("-s")
            .arg(script)
            .arg(format!("{}/api/contacts", self.origin));
        let output = tokio::task::spawn_blocking(move || wrk.output());
        let output = output.await.expect("no panic");
        let output = output.expect("wrk; `cargo xtask bench` installs it").stdout;
        let text = String::from_utf8_lossy(&output);
        assert!(!text.contains("Non-2xx"), "{text}");
        let mut lines = text.lines();
        let rate = lines.find_map(|line| line.trim().strip_prefix("Requests/sec:"));
        let rate = rate.unwrap_or_else(|| panic!("no rate in {text}"));
        rate.trim().parse().expect("a number")
    }
}

impl Drop for Kith {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
