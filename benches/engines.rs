//! What a new contact and a cached read cost over HTTP on each engine, beside baselines measured in the same run.
//!
//! As shipped but for the limits, from 1, 16 and 64 clients. Each round has a database of its own, in the system's
//! directory for temporary files. A PostgreSQL server has its settings of the factory and waits for the disk.
//!
//! - `POST /api/contacts`. The baselines insert the same row into the same table, with its indexes and triggers, by the
//!   same driver: a commit for each row through one connection, as a plain program does it, and *together* what the
//!   engine does best: in SQLite a commit for 64 rows, in PostgreSQL a connection for each client. They write no search
//!   index, no activity and no message, and speak no HTTP.
//! - `GET /api/contacts` with 50 contacts. The baselines are axum handlers that send the same bytes: one does only
//!   that, and one executes the statement first that says whether a cached read is current.

use std::num::NonZeroU32;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use kith::services::database;
use kith_database::Engine;
use kith_database::query;
use kith_test_support::measure::median;
use kith_test_support::postgres_server::PostgresServer;
use kith_test_support::redis_server::free_port;
use serde_json::json;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::SqliteConnection;
use tempfile::TempDir;
use tokio::net::TcpListener;
use uuid::Uuid;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);
const CLIENTS: [u32; 3] = [1, 16, 64];
const BATCH: u32 = 64;

/// How many connections Kith makes to a server as shipped, and reads a file by.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(10).expect("it is not 0");

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

const INSERT: &str = "INSERT INTO contacts
         (id, version, created_at, updated_at, search_key, name, email, phone, company)
     VALUES ($1, 1, $2, $2, $3, $4, $5, '+44 20 7946 0000', 'Analytical Engines')";

#[tokio::main]
async fn main() {
    kith_runtime::install_crypto_provider();
    let engines = [("SQLite", Engine::Sqlite), ("PostgreSQL", Engine::Postgres)];
    println!(
        "\nMedians of {ROUNDS} rounds of {} s, for each second.",
        ROUND.as_secs()
    );
    heading("New contacts", "bare", "together");
    for (name, engine) in engines {
        for (mail, welcome) in [("", "false"), (", with an email", "true")] {
            for clients in CLIENTS {
                let name = format!("{name}{mail}");
                compare_writes(engine, &name, welcome, clients).await;
            }
        }
    }
    heading("Cached reads", "handler", "statement");
    for (name, engine) in engines {
        for clients in CLIENTS {
            compare_reads(engine, name, clients).await;
        }
    }
}

fn heading(what: &str, first: &str, second: &str) {
    println!(
        "\n{what:<26}{:>8}{first:>10}{second:>11}{:>9}{:>9}{:>11}",
        "clients",
        "Kith",
        format!("/{first}"),
        format!("/{second}"),
    );
}

/// What was reached in each round: by both baselines, and by Kith.
#[derive(Default)]
struct Rounds(Vec<[f64; 3]>);

impl Rounds {
    fn print(&self, name: &str, clients: u32) {
        let middle = |value: fn(&[f64; 3]) -> f64| median(self.0.iter().map(value).collect());
        println!(
            "{name:<26}{clients:>8}{:>10.0}{:>11.0}{:>9.0}{:>9.2}{:>11.2}",
            middle(|round| round[0]),
            middle(|round| round[1]),
            middle(|round| round[2]),
            middle(|round| round[2] / round[0]),
            middle(|round| round[2] / round[1]),
        );
    }
}

/// Prints how many contacts Kith and the baselines write, in turns.
async fn compare_writes(engine: Engine, name: &str, welcome: &str, clients: u32) {
    let places = Places::new(engine);
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        let bare = insert(&places.place(), 1, 1).await;
        let kith = Kith::start(places.place(), welcome)
            .await
            .write(clients)
            .await;
        let together = match engine {
            Engine::Sqlite => insert(&places.place(), 1, BATCH).await,
            Engine::Postgres => insert(&places.place(), clients, 1).await,
        };
        rounds.0.push([bare, together, kith]);
    }
    rounds.print(name, clients);
}

/// Prints how often Kith and the baselines answer, in turns.
async fn compare_reads(engine: Engine, name: &str, clients: u32) {
    let places = Places::new(engine);
    let kith = Kith::start(places.place(), "false").await;
    kith.fill().await;
    let url = format!("{}/api/contacts", kith.origin);
    let answer = reqwest::get(&url).await.expect("an answer");
    let body = answer.bytes().await.expect("a body");
    let handler = handler(body.clone(), None).await;
    let place = places.place();
    let with_statement = self::handler(body, Some(place.open().await)).await;
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds.0.push([
            load(&handler, clients, None).await,
            load(&with_statement, clients, None).await,
            load(&url, clients, None).await,
        ]);
    }
    rounds.print(name, clients);
}

/// Where databases are made.
struct Places {
    server: Option<PostgresServer>,
}

/// A new database.
struct Place {
    url: String,
    _directory: Option<TempDir>,
}

impl Places {
    fn new(engine: Engine) -> Self {
        Self {
            server: (engine == Engine::Postgres).then(PostgresServer::start),
        }
    }

    fn place(&self) -> Place {
        if let Some(server) = &self.server {
            return Place {
                url: server.database().url().to_owned(),
                _directory: None,
            };
        }
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("kith.db");
        Place {
            url: format!("sqlite://{}", path.display()),
            _directory: Some(directory),
        }
    }
}

impl Place {
    async fn open(&self) -> kith_database::Database {
        let url: database::DatabaseUrl = self.url.parse().expect("an address");
        database::open(url, CONNECTIONS).await.expect("a database")
    }
}

/// Rows per second of bare loops, each with a connection, that commit every `batch` rows.
async fn insert(place: &Place, connections: u32, batch: u32) -> f64 {
    place.open().await.close().await;
    let start = Instant::now();
    let mut loops = tokio::task::JoinSet::new();
    for number in 0..connections {
        let (url, first) = (place.url.clone(), number * 1_000_000);
        loops.spawn(async move {
            match url.starts_with("sqlite") {
                true => insert_into_file(&url, batch).await,
                false => insert_into_server(&url, first).await,
            }
        });
    }
    let rows: Vec<u32> = loops.join_all().await;
    f64::from(rows.into_iter().sum::<u32>()) / start.elapsed().as_secs_f64()
}

async fn insert_into_file(url: &str, batch: u32) -> u32 {
    let mut connection = SqliteConnection::connect(url).await.expect("a connection");
    let pragmas =
        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192";
    connection.execute(pragmas).await.expect("pragmas");
    let (start, mut rows) = (Instant::now(), 0);
    while start.elapsed() < ROUND {
        if batch > 1 {
            connection.execute("BEGIN").await.expect("its turn");
        }
        for row in rows..rows + batch {
            let row = Row::new(row);
            let insert = sqlx::query(INSERT)
                .bind(&row.id.as_bytes()[..])
                .bind(row.now);
            let insert = insert.bind(&row.key).bind(&row.name).bind(&row.email);
            insert.execute(&mut connection).await.expect("a new row");
        }
        if batch > 1 {
            connection.execute("COMMIT").await.expect("room");
        }
        rows += batch;
    }
    rows
}

async fn insert_into_server(url: &str, first: u32) -> u32 {
    let mut connection = PgConnection::connect(url).await.expect("a connection");
    let (start, mut rows) = (Instant::now(), 0);
    while start.elapsed() < ROUND {
        let row = Row::new(first + rows);
        let insert = sqlx::query(INSERT)
            .bind(&row.id.as_bytes()[..])
            .bind(row.now);
        let insert = insert.bind(&row.key).bind(&row.name).bind(&row.email);
        insert.execute(&mut connection).await.expect("a new row");
        rows += 1;
    }
    rows
}

/// The values of a new contact.
struct Row {
    id: Uuid,
    now: i64,
    key: String,
    name: String,
    email: String,
}

impl Row {
    fn new(number: u32) -> Self {
        let name = format!("Contact number {number}");
        let email = format!("contact-{number}@example.com");
        Self {
            id: Uuid::now_v7(),
            now: jiff::Timestamp::now().as_millisecond(),
            key: format!("{}\n{email}", name.to_lowercase()),
            name,
            email,
        }
    }
}

/// A handler that sends these bytes. With a database it first executes the statement that says whether a cached read is
/// current.
async fn handler(body: bytes::Bytes, database: Option<kith_database::Database>) -> String {
    let handler = move || {
        let (body, database) = (body.clone(), database.clone());
        async move {
            if let Some(database) = database {
                let mut reader = database.reader().await.expect("a connection");
                let generation = query("SELECT generation FROM generations WHERE tag = 'contacts'");
                let _: i64 = generation.fetch_one(&mut reader).await.expect("a number");
            }
            ([(header::CONTENT_TYPE, "application/json")], body)
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("the address of the port");
    let router = Router::new().route("/", get(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/")
}

/// A Kith of its own, ended when dropped.
struct Kith {
    process: Child,
    origin: String,
    data: TempDir,
    _place: Place,
}

impl Kith {
    async fn start(place: Place, welcome: &str) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(env!("CARGO_BIN_EXE_kith"));
        command
            .args(["--config", "/dev/null"])
            .env("KITH_SERVER_ADDR", &address)
            .env("KITH_DATA_DIR", data.path())
            .env("DATABASE_URL", &place.url)
            .env("KITH_LIMITS_API_LIMIT", "1000000000")
            .env("KITH_WELCOME_ENABLED", welcome)
            // The emails are written down, and go out after the measurement.
            .env("KITH_WELCOME_DELAY", "1h")
            .stdout(Stdio::null());
        let kith = Self {
            process: command.spawn().expect("the server starts"),
            origin: format!("http://{address}"),
            data,
            _place: place,
        };
        let ready = format!("{}/readyz", kith.origin);
        while reqwest::get(&ready).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        kith
    }

    /// Adds the 50 contacts of a page.
    async fn fill(&self) {
        let client = reqwest::Client::new();
        for number in 0..50 {
            let contact = json!({
                "name": format!("Contact number {number}"),
                "email": format!("contact-{number}@example.com"),
                "phone": "+44 20 7946 0000",
                "company": "Analytical Engines",
            });
            let request = client.post(format!("{}/api/contacts", self.origin));
            let answer = request.json(&contact).send().await.expect("an answer");
            assert!(answer.status().is_success());
        }
    }

    /// Contacts per second.
    async fn write(&self, clients: u32) -> f64 {
        let script = self.data.path().join("contacts.lua");
        std::fs::write(&script, SCRIPT).expect("a script");
        let script = script.to_string_lossy();
        load(
            &format!("{}/api/contacts", self.origin),
            clients,
            Some(&script),
        )
        .await
    }
}

impl Drop for Kith {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Requests per second.
async fn load(url: &str, clients: u32, script: Option<&str>) -> f64 {
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", "-c", &clients.to_string(), "-d"])
        .arg(format!("{}s", ROUND.as_secs()))
        .args(script.into_iter().flat_map(|script| ["-s", script]))
        .arg(url);
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
