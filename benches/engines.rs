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

#[path = "common/load.rs"]
mod load;
#[path = "common/server.rs"]
mod server;

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use kith::services::database;
use kith_database::Database;
use kith_database::Engine;
use kith_database::query;
use kith_test_support::measure::median;
use kith_test_support::postgres_server::PostgresServer;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::SqliteConnection;
use tempfile::TempDir;
use uuid::Uuid;

use self::load::add_contacts;
use self::load::wrk;
use self::server::Server;

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
        let kith = write(&places, welcome, clients).await;
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
    let (place, data) = (places.place(), tempfile::tempdir().expect("a directory"));
    let kith = start(&place, data.path(), "false").await;
    add_contacts(&kith.origin).await;
    let url = format!("{}/api/contacts", kith.origin);
    let answer = reqwest::get(&url).await.expect("an answer");
    let body = answer.bytes().await.expect("a body");
    let handler = load::handler(body.clone(), async || ()).await;
    let other = places.place();
    let database = other.open().await;
    let with_statement = load::handler(body, move || ask_generation(database.clone())).await;
    let mut rounds = Rounds::default();
    for _ in 0..ROUNDS {
        rounds.0.push([
            requests(&handler, clients, None).await,
            requests(&with_statement, clients, None).await,
            requests(&url, clients, None).await,
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
    async fn open(&self) -> Database {
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

/// Executes the statement that says whether a cached read is current.
async fn ask_generation(database: Database) {
    let mut reader = database.reader().await.expect("a connection");
    let generation = query("SELECT generation FROM generations WHERE tag = 'contacts'");
    let _: i64 = generation.fetch_one(&mut reader).await.expect("a number");
}

/// Starts Kith with this database.
async fn start(place: &Place, data: &Path, welcome: &str) -> Server {
    let settings = [
        ("DATABASE_URL", place.url.as_str()),
        ("KITH_WELCOME_ENABLED", welcome),
        // The emails are written down, and go out after the measurement.
        ("KITH_WELCOME_DELAY", "1h"),
    ];
    Server::start(data, &settings).await
}

/// New contacts per second, in a database of its own.
async fn write(places: &Places, welcome: &str, clients: u32) -> f64 {
    let (place, data) = (places.place(), tempfile::tempdir().expect("a directory"));
    let kith = start(&place, data.path(), welcome).await;
    let script = data.path().join("contacts.lua");
    std::fs::write(&script, SCRIPT).expect("a script");
    let script = script.to_string_lossy();
    let url = format!("{}/api/contacts", kith.origin);
    requests(&url, clients, Some(&script)).await
}

/// Requests per second.
async fn requests(url: &str, clients: u32, script: Option<&str>) -> f64 {
    let (clients, duration) = (clients.to_string(), format!("{}s", ROUND.as_secs()));
    let mut arguments = vec!["-c", &clients, "-d", &duration];
    arguments.extend(script.into_iter().flat_map(|script| ["-s", script]));
    arguments.push(url);
    wrk(&arguments).await.rate()
}
