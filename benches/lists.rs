//! What the reads of a long list cost, beside bare queries of the same database.
//!
//! Kith reads a page of 50 of 100 000 contacts, past the cache, as a page of the browser needs it: with where it stands in
//! the list, how long the list is, and where a search has found each contact. The baselines only select the same columns of
//! the same 50 rows and read their values by the same driver, from the index that leads to them, and count what stands before
//! a jump. Both take turns. Of a search that finds nothing, Kith looks for words that are near, and the baseline does not.

use std::num::NonZeroU32;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use kith::services::contacts::ContactQuery;
use kith::services::contacts::frecency::Frecency;
use kith::services::contacts::letters::Letter;
use kith::services::contacts::letters::LetterOrder;
use kith::services::contacts::query::Cursor;
use kith::services::contacts::query::Scope;
use kith::services::contacts::store::ContactStore;
use kith::services::contacts::store::sql::SqlStore;
use kith::services::database;
use kith_database::Database;
use kith_database::Engine;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use kith_test_support::postgres_server::PostgresServer;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// As many contacts as `KITH_BENCH_CONTACTS` says.
const CONTACTS: u32 = 100_000;
/// How long and how often each is asked at least.
const TIME: Duration = Duration::from_secs(4);
const ROUNDS: usize = 40;
const PAGE: NonZeroU32 = NonZeroU32::new(50).expect("it is not 0");
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(4).expect("it is not 0");

/// What a row of a list shows.
macro_rules! rows {
    ($rest:literal) => {
        concat!(
            "SELECT id, version, created_at, updated_at, name, email, phone, company, photo FROM contacts ",
            $rest
        )
    };
}

const FIRST: Sql = Sql::new(rows!(
    "WHERE book = 1 AND in_trash = FALSE ORDER BY search_key, id LIMIT 50"
));
/// With how many contacts stand before them.
const FROM_M: Sql = Sql::new(
    "SELECT id, version, created_at, updated_at, name, email, phone, company, photo,
         (SELECT count(*) FROM contacts WHERE book = 1 AND in_trash = FALSE AND search_key < 'm') AS stand_before
     FROM contacts WHERE book = 1 AND in_trash = FALSE AND search_key >= 'm' ORDER BY search_key, id LIMIT 50",
);
/// Behind so many others.
const MIDDLE: Sql = Sql::each(
    rows!(
        "WHERE book = 1 AND in_trash = FALSE ORDER BY search_key, id LIMIT 50 OFFSET CAST($1 AS INTEGER)"
    ),
    rows!(
        "WHERE book = 1 AND in_trash = FALSE ORDER BY search_key, id LIMIT 50 OFFSET CAST($1::text AS BIGINT)"
    ),
);
const FREQUENT: Sql = Sql::new(rows!(
    "WHERE book = 1 AND in_trash = FALSE ORDER BY frecency DESC, id DESC LIMIT 50"
));
/// The contacts that have a word, by name.
const SEARCH: Sql = Sql::each(
    rows!(
        "WHERE seq IN (SELECT rowid FROM contact_texts WHERE contact_texts MATCH $1)
         ORDER BY search_key, id LIMIT 50"
    ),
    rows!(
        "WHERE seq IN (SELECT contact FROM contact_search WHERE NOT in_trash AND grams @> $1::int4[])
         ORDER BY search_key, id LIMIT 50"
    ),
);

#[tokio::main]
async fn main() {
    kith_runtime::install_crypto_provider();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let server = (engine == Engine::Postgres).then(PostgresServer::start);
        let directory = tempfile::tempdir().expect("a directory");
        let url = match &server {
            Some(server) => server.database().url().to_owned(),
            None => format!("sqlite://{}", directory.path().join("kith.db").display()),
        };
        let count = contacts();
        fill(&url, directory.path(), count);
        let url: database::DatabaseUrl = url.parse().expect("an address");
        let database = database::open(url, CONNECTIONS).await.expect("a database");
        println!("\nA page of {PAGE} of {count} contacts, {engine:?}, in milliseconds");
        println!(
            "{:<36}{:>12}{:>12}{:>12}{:>12}{:>8}",
            "", "bare p50", "Kith p50", "bare p95", "Kith p95", "ratio"
        );
        Bench::new(database).await.run().await;
    }
}

fn contacts() -> u32 {
    std::env::var("KITH_BENCH_CONTACTS").map_or(CONTACTS, |count| count.parse().expect("a number"))
}

/// Adds people who do not exist.
fn fill(url: &str, data: &Path, count: u32) {
    let status = Command::new(env!("CARGO_BIN_EXE_kith"))
        .args([
            "--config",
            "/dev/null",
            "demo",
            "--count",
            &count.to_string(),
        ])
        .env("DATABASE_URL", url)
        .env("KITH_DATA_DIR", data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(status.expect("the program starts").success());
}

struct Bench {
    database: Database,
    store: SqlStore,
}

impl Bench {
    async fn new(database: Database) -> Self {
        let store = SqlStore::new(database.clone(), Duration::from_secs(60));
        let bench = Self { database, store };
        let all = bench.query("", "created", None);
        let page = bench.store.list(&all).await.expect("a page");
        let uses = page.contacts.iter().zip(1..);
        let uses: Vec<_> = uses
            .map(|(contact, number)| (contact.id, Frecency(1_800_000_000_000 + number)))
            .collect();
        bench.store.add_uses(&uses).await.expect("they are there");
        if bench.database.engine() == Engine::Postgres {
            // As the server itself does it after a while.
            let mut reader = bench.database.reader().await.expect("it is open");
            let vacuum = query("VACUUM ANALYZE").execute(&mut reader);
            vacuum.await.expect("it is valid");
        }
        bench
    }

    fn query(&self, search: &str, sort: &str, cursor: Option<&Cursor>) -> ContactQuery {
        let cursor = cursor.map(Cursor::to_string);
        let query = ContactQuery::parse(search, Some(sort), cursor.as_deref(), PAGE, Scope::Live);
        query.expect("it makes sense")
    }

    async fn run(&self) {
        let letter = Letter::of(LetterOrder::Name, 'm').and_then(|letter| letter.cursor);
        let list = self.query("", "name", None);
        self.compare("list", &list, FIRST, None).await;
        let from_m = self.query("", "name", letter.as_ref());
        self.compare("jump to M", &from_m, FROM_M, None).await;
        let half = u64::from(contacts()) / 2;
        let middle = self.query("", "name", None).at(Some(half));
        let skipped = half.to_string();
        self.compare("drag to the middle", &middle, MIDDLE, Some(&skipped))
            .await;
        let frequent = self.query("", "frequent", None);
        self.compare("frequent", &frequent, FREQUENT, None).await;
        for (word, sort) in [("maria", "name"), ("maria", ""), ("lovelace", "name")] {
            let asked = self.query(word, sort, None);
            let found = self.store.list(&asked).await.expect("a page").total;
            let sought = self.sought(word);
            let order = if sort.is_empty() {
                "best first"
            } else {
                "by name"
            };
            let name = format!("search, {found} found, {order}");
            self.compare(&name, &asked, SEARCH, Some(&sought)).await;
        }
    }

    /// What the index of the engine is asked for a word.
    fn sought(&self, word: &str) -> String {
        match self.database.engine() {
            Engine::Sqlite => format!("\"{word}\""),
            Engine::Postgres => {
                let letters: Vec<char> = word.chars().collect();
                let grams = letters
                    .windows(3)
                    .map(|gram| gram.iter().collect::<String>());
                let numbers = grams.map(|gram| (fnv(&gram) ^ fnv("1")).cast_signed().to_string());
                format!("{{{}}}", numbers.collect::<Vec<_>>().join(","))
            }
        }
    }

    /// Prints how long a bare query and the page of Kith take.
    async fn compare(&self, name: &str, asked: &ContactQuery, bare: Sql, sought: Option<&str>) {
        let (mut bares, mut ours) = (Vec::new(), Vec::new());
        let end = Instant::now() + TIME;
        while ours.len() < ROUNDS || Instant::now() < end {
            let start = Instant::now();
            let mut reader = self.database.reader().await.expect("it is open");
            let query = sought
                .into_iter()
                .fold(query(bare), |query, sought| query.bind(sought));
            let rows: Vec<Row> = query.fetch_all(&mut reader).await.expect("valid");
            drop(reader);
            let texts: usize = rows.iter().map(read).sum();
            bares.push(start.elapsed());
            assert!(rows.is_empty() || texts > 0, "{name}");
            let start = Instant::now();
            let page = self.store.stretch(asked).await.expect("a page").page;
            ours.push(start.elapsed());
            assert_eq!(page.contacts.len(), rows.len(), "{name}");
        }
        let [bare, kith] = [bares, ours].map(|mut times| {
            times.sort_unstable();
            [50, 95].map(|percent| times[times.len() * percent / 100].as_secs_f64() * 1000.0)
        });
        println!(
            "{name:<36}{:>12.3}{:>12.3}{:>12.3}{:>12.3}{:>8.2}",
            bare[0],
            kith[0],
            bare[1],
            kith[1],
            kith[1] / bare[1]
        );
    }
}

/// Reads the values of a row. Returns how many bytes its texts have.
fn read(row: &Row) -> usize {
    let bytes: &[u8] = row.get("id").expect("bytes");
    let numbers = ["version", "created_at", "updated_at"];
    let numbers = numbers.map(|column| row.get::<i64>(column).expect("a number"));
    let texts = ["name", "email", "phone", "company", "photo"];
    let texts = texts.map(|column| row.get::<Option<String>>(column).expect("a text"));
    let texts = texts.iter().flatten().map(String::len);
    std::hint::black_box((bytes, numbers));
    texts.sum()
}

/// The number of a gram in the index of PostgreSQL: FNV-1a.
fn fnv(gram: &str) -> u32 {
    gram.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
