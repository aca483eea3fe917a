//! Decisions per second of the rate limiter, each beside a baseline measured in the same run.
//!
//! - In this process: beside the `governor` crate's keyed limiter.
//! - On Redis: beside a script that does nothing, with the same keys on the same connection.
//!
//! Baseline and limiter take turns, so that what else the machine does meets both. The ratio is
//! the median of the rounds' ratios; the rates are medians too.

#[path = "../src/tests/redis_server.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod redis_server;

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use governor::DefaultKeyedRateLimiter;
use kith::server::limit::Algorithm;
use kith::server::limit::DecidedBy;
use kith::server::limit::Limiter;
use kith::server::limit::OnLoss;
use kith::server::limit::Policy;
use kith::server::limit::PolicyId;
use kith::server::limit::Quota;
use kith::server::limit::Setup;
use kith::server::limit::Subject;
use kith::server::redis::Redis;
use kith::server::redis::Script;
use redis_server::RedisServer;

const CALLERS: [usize; 3] = [1, 32, 256];
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(400);

/// Callers give way after this many calls that never had to wait.
const TURN: usize = 64;

const SUBJECTS: usize = 10_000;
const POLICY: PolicyId = PolicyId(0);

/// Longer than any call takes here: the connection is measured, not the circuit breaker.
const BUDGET: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    println!(
        "Decisions per second: {SUBJECTS} subjects, all allowed unless it says otherwise; \
         medians of {ROUNDS} rounds of {} ms.",
        ROUND.as_millis()
    );
    in_this_process().await;
    on_redis().await;
}

async fn in_this_process() {
    heading("In this process", "governor");
    for (quota, note) in [(generous(), ""), (tight(), ", refused")] {
        let governed = governed(quota);
        let (names, subjects) = (names(), subjects());
        for algorithm in Algorithm::ALL {
            if algorithm == Algorithm::SlidingLog && quota == generous() {
                // Its table would have room for the log of 200 subjects.
                continue;
            }
            let limiter = limiter(algorithm, quota, None);
            for callers in CALLERS {
                compare(
                    &format!("{algorithm}{note}"),
                    callers,
                    move |index| async move {
                        let _ = black_box(governed.check_key(&names[index % SUBJECTS]));
                    },
                    move |index| async move {
                        black_box(limiter.check(POLICY, &subjects[index % SUBJECTS], 1).await);
                    },
                )
                .await;
            }
        }
    }
}

async fn on_redis() {
    heading("On Redis", "no-op");
    let server = RedisServer::start();
    let redis = Redis::new(server.url().parse().expect("a URL of Redis"), BUDGET);
    redis.wait_until_up().await;
    let noop: &Script = Box::leak(Box::new(Script::new("return {0, 0, 0, 0}")));
    let (names, subjects) = (names(), subjects());
    for algorithm in Algorithm::ALL {
        let limiter = limiter(algorithm, generous(), Some(redis.clone()));
        let bare: &Redis = Box::leak(Box::new(redis.clone()));
        for callers in CALLERS {
            compare(
                algorithm.name(),
                callers,
                move |index| async move {
                    let key = format!("bench:{{{}}}", names[index % SUBJECTS]);
                    let call = noop.call([key.as_str()].into_iter());
                    let answer = bare.call::<Vec<i64>>(&call).await;
                    black_box(answer.expect("an answer of Redis"));
                },
                move |index| async move {
                    let decision = limiter.check(POLICY, &subjects[index % SUBJECTS], 1).await;
                    assert_eq!(decision.decided_by, DecidedBy::Redis);
                },
            )
            .await;
        }
    }
}

/// So much that nobody is refused while this runs.
fn generous() -> Quota {
    Quota::new(10_000, Duration::from_secs(1)).expect("a quota")
}

/// So little that nearly everybody is.
fn tight() -> Quota {
    Quota::new(1, Duration::from_secs(1000)).expect("a quota")
}

fn names() -> &'static [String] {
    let name = |index: usize| format!("10.0.{}.{}", index / 256, index % 256);
    Vec::leak((0..SUBJECTS).map(name).collect())
}

fn subjects() -> &'static [Subject] {
    Vec::leak(names().iter().map(Subject::new).collect())
}

fn governed(quota: Quota) -> &'static DefaultKeyedRateLimiter<String> {
    let burst = u32::try_from(quota.limit()).ok().and_then(NonZeroU32::new);
    let burst = burst.expect("a limit that governor knows");
    let period = Duration::from_millis(quota.window()) / burst.get();
    let quota = governor::Quota::with_period(period).expect("a period");
    Box::leak(Box::new(DefaultKeyedRateLimiter::keyed(
        quota.allow_burst(burst),
    )))
}

fn limiter(algorithm: Algorithm, quota: Quota, redis: Option<Redis>) -> &'static Limiter {
    Box::leak(Box::new(Limiter::new(Setup {
        policies: vec![Policy {
            name: "bench",
            algorithm,
            quota,
            on_loss: OnLoss::Local,
            shadow: false,
        }],
        redis,
        prefix: "bench".into(),
        table_bytes: 4 << 20,
        denied: Vec::new(),
    })))
}

fn heading(place: &str, baseline: &str) {
    println!(
        "\n{place:<26}{:>8}{baseline:>14}{:>14}{:>8}",
        "callers", "Kith", "ratio"
    );
}

/// Prints the rate of both and the ratio of Kith's to the baseline's.
async fn compare<B, K>(
    name: &str,
    callers: usize,
    baseline: impl Fn(usize) -> B + Copy + Send + 'static,
    kith: impl Fn(usize) -> K + Copy + Send + 'static,
) where
    B: Future<Output = ()> + Send,
    K: Future<Output = ()> + Send,
{
    // Warms both up.
    rate(callers, baseline).await;
    rate(callers, kith).await;
    let (mut baselines, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (baseline, kith) = (rate(callers, baseline).await, rate(callers, kith).await);
        baselines.push(baseline);
        ours.push(kith);
        ratios.push(kith / baseline);
    }
    println!(
        "{name:<26}{callers:>8}{:>14.0}{:>14.0}{:>8.2}",
        median(baselines),
        median(ours),
        median(ratios)
    );
}

/// How often a second so many callers together are answered in one round.
async fn rate<F>(callers: usize, call: impl Fn(usize) -> F + Copy + Send + 'static) -> f64
where
    F: Future<Output = ()> + Send,
{
    let over = Arc::new(AtomicBool::new(false));
    let start = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let over = over.clone();
            tokio::spawn(async move {
                let mut calls = 0;
                while !over.load(Ordering::Relaxed) {
                    // Each caller begins elsewhere and jumps about, as strangers do.
                    call(caller * 37 + calls * 7919).await;
                    calls += 1;
                    if calls % TURN == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                calls
            })
        })
        .collect();
    tokio::time::sleep(ROUND).await;
    over.store(true, Ordering::Relaxed);
    let mut calls = 0;
    for task in tasks {
        calls += task.await.expect("a caller that ends");
    }
    calls as f64 / start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
