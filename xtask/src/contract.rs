//! Checks Kith's answers against its OpenAPI description. Schemathesis generates the requests from the
//! description: valid ones, and ones that are almost valid.

use std::fs;
use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use anyhow::Context;
use anyhow::Result;
use anyhow::bail;
use anyhow::ensure;

use crate::checks::Server;
use crate::checks::Services;
use crate::setup::VENV;
use crate::shell::root;
use crate::shell::run;

/// The working directory of Schemathesis. Its files stay in there.
const DIRECTORY: &str = "target/contract";

/// The output of Schemathesis.
const LOG: &str = "target/contract/log.txt";

/// For `cargo xtask test`: the same requests each time, so that a run that has passed passes again.
const SEED: u64 = 14;
const EXAMPLES: u64 = 50;
const MIN_REQUESTS: u64 = 1_000;
const CHECK_TIMEOUT: Duration = Duration::from_secs(1200);

/// For `cargo xtask soak`: new requests, at least so many in all.
const SOAK_EXAMPLES: u64 = 700;
const MIN_SOAK_REQUESTS: u64 = 10_000;
const SOAK_TIMEOUT: Duration = Duration::from_secs(3600);

/// The script that makes a token for the API, and the admin whom it belongs to.
const MAKE_TOKEN: &str = "xtask/contract/make_token.py";
const ADMIN: &str = "soak";
const PASSWORD: &str = "kettle violin marmot";

/// Sends the same requests each time.
pub fn check(server: &Path) -> Result<()> {
    let server = Server::start(server, &Services::default())?;
    let sent = send(&server, None, SEED, EXAMPLES, CHECK_TIMEOUT)?;
    ensure!(
        sent >= MIN_REQUESTS,
        "only {sent} requests were sent; see {LOG}"
    );
    eprintln!("{sent} requests were answered as described.");
    Ok(())
}

/// Sends ten thousand new requests, with a token to a Kith that has an account. It prints the seed, with which the same
/// requests can be sent again.
pub fn soak(server: &Path, seed: Option<u64>) -> Result<()> {
    let fresh = || SystemTime::now().duration_since(UNIX_EPOCH);
    let mut seed = seed.map_or_else(|| fresh().map(|time| time.as_secs()), Ok)?;
    let mut sent = 0;
    while sent < MIN_SOAK_REQUESTS {
        eprintln!("The seed is {seed}.");
        let server = Server::start(server, &Services::default())?;
        let token = make_token(&server)?;
        sent += send(&server, Some(&token), seed, SOAK_EXAMPLES, SOAK_TIMEOUT)?;
        seed += 1;
    }
    eprintln!("{sent} requests were answered as described.");
    Ok(())
}

/// Adds an account, from which on Kith asks everyone to sign in, and returns a token of it for everything.
fn make_token(server: &Server) -> Result<String> {
    let mut added = server.command();
    added.args(["user", "add", ADMIN, "--role", "admin"]);
    run(added.env("KITH_USER_PASSWORD", PASSWORD))?;
    let made = Command::new(root().join(VENV).join("bin/python"))
        .arg(MAKE_TOKEN)
        .arg(format!("http://{}", server.address))
        .env("KITH_USER_PASSWORD", PASSWORD)
        .output()
        .context("cannot start Python; `cargo xtask setup` installs Schemathesis with it")?;
    let errors = String::from_utf8_lossy(&made.stderr);
    ensure!(made.status.success(), "no token was made\n{errors}");
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

/// Sends requests to a server, and returns how many.
fn send(
    server: &Server,
    token: Option<&str>,
    seed: u64,
    examples: u64,
    timeout: Duration,
) -> Result<u64> {
    let mut requests = schemathesis(server, seed, examples);
    if let Some(token) = token {
        requests.args(["--header", &format!("Authorization: Bearer {token}")]);
    }
    finish(requests, timeout)
        .inspect_err(|_| eprintln!("{}", server.last_words()))
        .with_context(|| format!("see {LOG}"))
}

fn schemathesis(server: &Server, seed: u64, examples: u64) -> Command {
    let contract = root().join("xtask/contract");
    let mut schemathesis = Command::new(root().join(VENV).join("bin/python"));
    schemathesis
        .args(["-m", "schemathesis.cli", "--no-color", "--config-file"])
        .arg(contract.join("schemathesis.toml"))
        .args(["run", "--checks", "all"])
        .args(["--seed", &seed.to_string()])
        .args(["--max-examples", &examples.to_string()])
        .arg(format!("http://{}/api/openapi.json", server.address))
        .env("SCHEMATHESIS_HOOKS", contract.join("hooks.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(DIRECTORY);
    schemathesis
}

fn finish(mut requests: Command, timeout: Duration) -> Result<u64> {
    fs::create_dir_all(DIRECTORY).with_context(|| format!("cannot make {DIRECTORY}"))?;
    let log = File::create(LOG).with_context(|| format!("cannot write {LOG}"))?;
    let mut process = requests
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start Schemathesis; `cargo xtask setup` installs it")?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = process.try_wait()? {
            break status;
        }
        if start.elapsed() > timeout {
            process.kill()?;
            process.wait()?;
            bail!("Schemathesis has not finished in {} s", timeout.as_secs());
        }
        sleep(Duration::from_millis(50));
    };
    let log = fs::read_to_string(LOG).with_context(|| format!("cannot read {LOG}"))?;
    ensure!(
        status.success(),
        "Kith does not answer as it describes\n{log}"
    );
    // As in "1127 generated, 1127 passed".
    let sent = log.lines().find_map(|line| {
        let (number, _) = line.split_once(" generated")?;
        number.trim().parse().ok()
    });
    sent.context("Schemathesis does not say how many requests it has sent")
}
