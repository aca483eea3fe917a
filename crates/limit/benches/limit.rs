//! Decisions per second of the rate limiter, each beside a baseline measured in the same run.
//!
//! - In this process: beside the `governor` crate's keyed limiter.
//! - On Redis: beside a script that does nothing, with the same keys on the same connection.
//!
//! How that is measured: `measure`.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::DefaultKeyedRateLimiter;
use kith_limit::Algorithm;
use kith_limit::DecidedBy;
use kith_limit::FailMode;
use kith_limit::Identifier;
use kith_limit::Limiter;
use kith_limit::Options;
use kith_limit::Policy;
use kith_limit::PolicyId;
use kith_limit::Quota;
use kith_redis::Redis;
use kith_redis::Script;
use kith_test_support::measure::CALLERS;
use kith_test_support::measure::compare;
use kith_test_support::measure::heading;
use kith_test_support::redis_server::RedisServer;

const SUBJECTS: usize = 10_000;
const POLICY: PolicyId = PolicyId(0);

/// Longer than any call takes here: the connection is measured, not the circuit breaker.
const REDIS_TIMEOUT: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    kith_test_support::measure::introduce(&format!(
        "Decisions per second: {SUBJECTS} identifiers, all allowed unless it says otherwise"
    ));
    in_this_process().await;
    on_redis().await;
}

async fn in_this_process() {
    heading("In this process", "governor");
    for (quota, note) in [(generous(), ""), (tight(), ", refused")] {
        let governed = governed(quota);
        let (names, identifiers) = (names(), identifiers());
        for algorithm in Algorithm::ALL {
            if algorithm == Algorithm::SlidingLog && quota == generous() {
                // Its table would have room for the logs of some hundred identifiers.
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
                        black_box(
                            limiter
                                .check(POLICY, &identifiers[index % SUBJECTS], 1)
                                .await,
                        );
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
    let redis = Redis::connect(kith_redis::Options {
        timeout: REDIS_TIMEOUT,
        ..kith_redis::Options::new(server.url().parse().expect("a URL of Redis"))
    });
    redis.wait_until_up().await;
    let noop: &Script = Box::leak(Box::new(Script::new("return {0, 0, 0, 0}")));
    let (names, identifiers) = (names(), identifiers());
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
                    let decision = limiter
                        .check(POLICY, &identifiers[index % SUBJECTS], 1)
                        .await;
                    assert_eq!(decision.decided_by, DecidedBy::Redis);
                },
            )
            .await;
        }
    }
}

/// So much that no request is refused while this runs.
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

fn identifiers() -> &'static [Identifier] {
    Vec::leak(names().iter().map(Identifier::new).collect())
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
    Box::leak(Box::new(Limiter::new(Options {
        policies: vec![Policy {
            name: "bench",
            algorithm,
            quota,
            fail_mode: FailMode::Local,
            shadow: false,
        }],
        redis,
        prefix: "bench".into(),
        table_bytes: 4 << 20,
        denied: Vec::new(),
    })))
}
