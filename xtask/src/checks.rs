//! What must hold before a change is accepted: formatting, lints and tests.

use std::fs;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread::available_parallelism;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;
use anyhow::ensure;

use crate::contract;
use crate::setup;
use crate::shell::command;
use crate::shell::quiet;
use crate::shell::root;
use crate::shell::run;
use crate::shell::stage;
use crate::shell::with_npm_tools;
use crate::site;
use crate::site::Package;
use crate::site::TARGET;

const FORMAT: &str = "cargo fmt --all --check";

/// The unit and integration tests.
pub const TEST: &str = "cargo test --workspace";

/// The integration tests once more, with a PostgreSQL server for the database. Those that are left out start the
/// program with a file, or are about files.
const ON_SERVER: &str = "cargo test --workspace --test integration -- \
     --skip crash:: --skip readiness:: --skip upgrade::";

/// Those that write most, with a pooler of transactions before that server.
const ON_POOLER: &str = "cargo test --workspace --test integration -- rest:: queue::";

/// The server half without its default feature `postgres`.
const LINT_WITHOUT_POSTGRES: &str =
    "cargo clippy --package kith --lib --bins --no-default-features --features ssr";

const DENY_WARNINGS: [&str; 3] = ["--", "--deny", "warnings"];

/// Files in such a build, and what it says of a server.
const TEST_WITHOUT_POSTGRES: &str =
    "cargo test --package kith-database --lib --no-default-features";

/// Most tests wait for servers, so there are more of them at a time than cores.
const TESTS_PER_CORE: usize = 2;

/// What the browser half writes and reads, compiled for this machine. `TEST` runs the same tests in the server
/// half.
const WIRE: &str =
    "cargo test --package kith --lib --no-default-features --features hydrate model::wire";

/// The tests that kill processes of Kith, and PostgreSQL, again and again. `KITH_TEST_KILLS` says how often.
const CRASHES: &str = "cargo test --test integration every_acknowledged -- --nocapture";

/// The test that kills primaries and promotes standbys. `KITH_TEST_FAILOVERS` says how often.
const FAILOVERS: &str = "cargo test --package kith --lib failover::every_acknowledged";

/// Where the output of the server under test goes.
const SERVER_LOG: &str = "target/e2e-server.log";

/// How long the server may take to answer its first request, and to stop.
const SERVER_TIMEOUT: Duration = Duration::from_secs(20);

/// All checks, those that fail most often first. The first that fails ends the run.
pub fn test() -> Result<()> {
    setup::test_tools()?;
    let start = Instant::now();
    check("formatting", FORMAT, || run(command(FORMAT)))?;
    check("lints", "cargo xtask lint", lint)?;
    check("unit and integration tests", TEST, || {
        run(many_at_a_time(&mut command(TEST)))
    })?;
    for (engine, tests) in [("postgres", ON_SERVER), ("pgbouncer", ON_POOLER)] {
        let alone = format!("KITH_TEST_ENGINE={engine} {tests}");
        check(&format!("integration tests, on {engine}"), &alone, || {
            run(many_at_a_time(&mut command(tests)).env("KITH_TEST_ENGINE", engine))
        })?;
    }
    let server = check("site", "cargo xtask e2e", site::build_for_tests)?;
    check("generated requests", "cargo xtask contract", || {
        contract::check(&server)
    })?;
    check("browser tests", "cargo xtask e2e", || browser(&server, &[]))?;
    println!("All checks passed in {} s.", start.elapsed().as_secs());
    Ok(())
}

fn many_at_a_time(tests: &mut Command) -> &mut Command {
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    tests.env("RUST_TEST_THREADS", (cores * TESTS_PER_CORE).to_string())
}

/// The checks that take too long for every change: ten thousand new requests, lints and tests of a build without
/// PostgreSQL, the JSON of the browser half, servers that are killed 500 times, and 10 failovers of PostgreSQL.
pub fn soak(server: &Path, seed: Option<u64>) -> Result<()> {
    check(
        "generated requests, 10,000",
        "cargo xtask soak <seed>",
        || contract::soak(server, seed),
    )?;
    // Other features compile nearly all dependencies again.
    check("JSON of the browser half", WIRE, || run(command(WIRE)))?;
    check("lints without PostgreSQL", LINT_WITHOUT_POSTGRES, || {
        run(command(LINT_WITHOUT_POSTGRES).args(DENY_WARNINGS))
    })?;
    check("tests without PostgreSQL", TEST_WITHOUT_POSTGRES, || {
        run(command(TEST_WITHOUT_POSTGRES))
    })?;
    check("crashes, 500", CRASHES, || {
        run(command(CRASHES).env("KITH_TEST_KILLS", "500"))
    })?;
    check("failovers, 10", FAILOVERS, || {
        run(command(FAILOVERS).env("KITH_TEST_FAILOVERS", "10"))
    })
}

/// Runs one check. When it fails, the error says how to repeat it alone.
fn check<T>(name: &str, alone: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    stage(name, Some(alone), work).with_context(|| format!("{name} failed; `{alone}` repeats it"))
}

/// Runs Clippy on each half with the features it is built with, and `tsc` on the browser tests.
pub fn lint() -> Result<()> {
    run(command("cargo clippy --workspace --all-targets").args(DENY_WARNINGS))?;
    run(Package::read()?
        .cargo_browser_half("clippy")
        .args(DENY_WARNINGS))?;
    run(with_npm_tools("tsc --project end2end"))
}

/// Runs the benchmarks. They assert nothing, because speed differs from machine to machine.
pub fn bench() -> Result<()> {
    run(command(
        "cargo bench --workspace --bench limit --bench cache --bench http --bench engines --bench queue \
         --bench lists --bench memory --bench sign_in",
    ))
}

/// Runs the browser tests against a server with nothing beside it, and those that depend on what is beside it once
/// more, against a server with Redis and PostgreSQL. Each server has its own data.
pub fn browser(server: &Path, args: &[&str]) -> Result<()> {
    stage("browser tests, embedded", Some("twenty minutes"), || {
        browser_once(&Server::start(server, &Services::default())?, args, &[])
    })?;
    stage(
        "browser tests, with Redis and PostgreSQL",
        Some("five minutes"),
        || {
            let services = Services {
                redis: Some(Redis::start()?),
                postgres: Some(Postgres::start()?),
            };
            let server = Server::start(server, &services)?;
            // What is beside the server shows in each browser alike. The arguments may name tests that are not run again.
            let args = [args, &["--project=hydrated", "--pass-with-no-tests"]].concat();
            browser_once(&server, &args, &[("PLAYWRIGHT_AGAIN", "1")])
        },
    )
}

fn browser_once(server: &Server, args: &[&str], settings: &[(&str, &str)]) -> Result<()> {
    let mut playwright = with_npm_tools("playwright test");
    playwright
        .env("PLAYWRIGHT_BASE_URL", format!("http://{}", server.address))
        .env("PLAYWRIGHT_KITH", root().join(&server.program))
        .envs(settings.iter().copied());
    run(playwright.args(args).current_dir("end2end"))
        .inspect_err(|_| eprintln!("{}", server.last_words()))
}

/// What a server works with beside its own files.
#[derive(Default)]
pub struct Services {
    redis: Option<Redis>,
    postgres: Option<Postgres>,
}

/// A PostgreSQL server with an empty database, ended when dropped.
struct Postgres {
    process: Child,
    url: String,
}

impl Postgres {
    /// Starts it with the program that starts those of other tests.
    fn start() -> Result<Self> {
        // With the features of the tests, which have compiled it.
        quiet(command(
            "cargo build --quiet --workspace --example postgres",
        ))?;
        let mut process = command(format!("{TARGET}/debug/examples/postgres"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start PostgreSQL")?;
        let mut url = String::new();
        if let Some(output) = process.stdout.take() {
            BufReader::new(output).read_line(&mut url)?;
        }
        ensure!(
            !url.is_empty(),
            "PostgreSQL does not start; `cargo xtask setup` installs it"
        );
        Ok(Self {
            process,
            url: url.trim().to_owned(),
        })
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// A Redis that keeps nothing on disk, ended when dropped.
struct Redis {
    process: Child,
    address: SocketAddr,
}

impl Redis {
    /// Does not wait until Redis answers, because Kith starts without Redis.
    fn start() -> Result<Self> {
        let address = free_address()?;
        let process = command("redis-server --bind 127.0.0.1 --appendonly no --dir target")
            .args(["--port", &address.port().to_string(), "--save", ""])
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start redis-server; `cargo xtask setup` installs it")?;
        Ok(Self { process, address })
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_address() -> Result<SocketAddr> {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    address.context("no free port on 127.0.0.1")
}

/// A running server, stopped when dropped.
pub struct Server {
    program: PathBuf,
    process: Child,
    pub address: SocketAddr,
    data: PathBuf,
}

impl Server {
    /// Starts the server on a free port and waits until it answers. With a Redis, it also waits until the server
    /// uses that Redis.
    pub fn start(program: &Path, services: &Services) -> Result<Self> {
        let address = free_address()?;
        let data = PathBuf::from(format!("target/e2e-data-{}", address.port()));
        let log = File::create(SERVER_LOG).with_context(|| format!("cannot write {SERVER_LOG}"))?;
        // A run that was killed leaves its data, and these tests begin with an empty directory. The
        // developer's configuration is left out, so that the tests never touch the developer's contacts.
        let _ = fs::remove_dir_all(&data);
        let mut kith = Command::new(program);
        kith.args(["--config", "/dev/null"])
            .env_clear()
            .env("KITH_SERVER_ADDR", address.to_string())
            .env("KITH_DATA_DIR", &data)
            // Several browsers at once send more requests than one person.
            .env("KITH_LIMITS_UI_LIMIT", "1000000")
            .env("KITH_LIMITS_API_LIMIT", "1000000")
            .env("KITH_LIMITS_TOKEN_LIMIT", "1000000")
            .stdout(log.try_clone()?)
            .stderr(log);
        if let Some(redis) = &services.redis {
            kith.env("REDIS_URL", format!("redis://{}", redis.address));
        }
        if let Some(postgres) = &services.postgres {
            kith.env("DATABASE_URL", &postgres.url);
        }
        let process = kith
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;

        let mut server = Self {
            program: program.to_owned(),
            process,
            address,
            data,
        };
        // Without Redis, `/readyz` has no such part. With Redis, the server must use it; otherwise both runs
        // would test the same thing.
        let ready = match &services.redis {
            None => r#""ready":true"#,
            Some(_) => r#""redis":{"state":"up""#,
        };
        let start = Instant::now();
        while !server.is(ready) {
            if let Some(status) = server.process.try_wait()? {
                bail!("the server has ended ({status})\n{}", server.last_words());
            }
            if start.elapsed() > SERVER_TIMEOUT {
                bail!("GET /readyz does not say {ready}\n{}", server.last_words());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// A command of the same program that works with the data of this server.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .args(["--config", "/dev/null"])
            .env("KITH_DATA_DIR", &self.data);
        command
    }

    /// Whether the answer to `GET /readyz` contains this text.
    fn is(&self, ready: &str) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            write!(
                stream,
                "GET /readyz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
                self.address
            )?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200") && answer.contains(ready))
    }

    /// The last lines of the server's output.
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(SERVER_LOG).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(20)..];
        format!(
            "the server's last lines, of {SERVER_LOG}:\n{}",
            tail.join("\n")
        )
    }
}

impl Drop for Server {
    /// Asks the server to stop, and kills it if it does not stop in time.
    fn drop(&mut self) {
        let started = Instant::now();
        let _ = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        while started.elapsed() < SERVER_TIMEOUT && matches!(self.process.try_wait(), Ok(None)) {
            sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}
