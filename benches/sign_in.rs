//! Whether the time of a sign-in tells which names have an account.
//!
//! Attempts with a wrong password, with names that have an account and with names that have none, in turns, each
//! from an address of its own. The Mann-Whitney test says whether the two distributions differ: a |z| below 2 is what
//! chance makes of equal ones. The baseline of the same run is a second set of names that have no account.

#[path = "common/server.rs"]
mod server;

use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use kith_test_support::measure::median;
use reqwest::Client;
use reqwest::StatusCode;

use self::server::Server;

/// As many attempts with a name as cost no wait.
const ATTEMPTS_EACH: usize = 4;

const ACCOUNTS: usize = 50;

/// Sets of names, and what they are called in the table.
const SETS: [(&str, &str); 3] = [
    ("known", "with an account"),
    ("other", "without one"),
    ("third", "without one, again"),
];

#[tokio::main]
async fn main() {
    kith_runtime::install_crypto_provider();
    let data = tempfile::tempdir().expect("a directory");
    for number in 0..ACCOUNTS {
        add_account(data.path(), &format!("known{number}"), number == 0);
    }
    let settings = [
        ("KITH_SERVER_TRUSTED_PROXIES", "127.0.0.1"),
        ("KITH_LOG_FILTER", "error"),
    ];
    let kith = Server::start(data.path(), &settings).await;
    let client = Client::new();
    let mut times: [Vec<Duration>; SETS.len()] = Default::default();
    let mut address = 0_u32;
    for _ in 0..ATTEMPTS_EACH {
        for number in 0..ACCOUNTS {
            for (times, (set, _)) in times.iter_mut().zip(SETS) {
                address += 1;
                let name = format!("{set}{number}");
                times.push(attempt(&client, &kith.origin, &name, address).await);
            }
        }
    }
    println!(
        "\n{:<34}{:>10}{:>10}{:>16}",
        "Sign-in with a wrong password", "median", "p95", "z beside the 2nd"
    );
    for (times_of, (_, what)) in times.iter().zip(SETS) {
        println!(
            "{what:<34}{:>7.1} ms{:>7.1} ms{:>16.2}",
            median(milliseconds(times_of)),
            p95(times_of),
            mann_whitney(times_of, &times[1]),
        );
    }
}

fn add_account(data: &Path, name: &str, is_admin: bool) {
    let role = if is_admin { "admin" } else { "member" };
    let status = Command::new(env!("CARGO_BIN_EXE_kith"))
        .args(["user", "add", "--config", "/dev/null", "--role", role, name])
        .env("KITH_DATA_DIR", data)
        .env("KITH_USER_PASSWORD", "seven brass lanterns")
        .status();
    assert!(status.expect("it runs").success(), "{name}");
}

/// How long an attempt takes that is refused.
async fn attempt(client: &Client, origin: &str, name: &str, address: u32) -> Duration {
    let form = format!("name={name}&password=a+wrong+password&next=%2F");
    let [_, high, middle, low] = address.to_be_bytes();
    let request = client
        .post(format!("{origin}/sign-in"))
        .header("x-forwarded-for", format!("10.{high}.{middle}.{low}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    let start = Instant::now();
    let response = request.send().await.expect("an answer");
    let status = response.status();
    response.bytes().await.expect("a body");
    let time = start.elapsed();
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
    time
}

fn milliseconds(times: &[Duration]) -> Vec<f64> {
    times
        .iter()
        .map(|time| time.as_secs_f64() * 1000.0)
        .collect()
}

fn p95(times: &[Duration]) -> f64 {
    let mut sorted = milliseconds(times);
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() * 95 / 100]
}

/// The z of the Mann-Whitney test: how many standard deviations the ranks of `one` lie from those of an equal distribution.
fn mann_whitney(one: &[Duration], other: &[Duration]) -> f64 {
    let wins: f64 = one
        .iter()
        .flat_map(|one| other.iter().map(move |other| one.cmp(other)))
        .map(|order| match order {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
        .sum();
    let (m, n) = (one.len() as f64, other.len() as f64);
    (wins - m * n / 2.0) / (m * n * (m + n + 1.0) / 12.0).sqrt()
}
