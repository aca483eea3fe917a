//! Any trace, any algorithm, any cost: the local limiter and Redis decide alike, and both agree with a
//! definition that is too slow and too plain to be wrong.

use std::time::Duration;

use kith_redis::Redis;
use kith_test_support::redis_server::RedisServer;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::local::{self, Assessment};
use crate::script::{self, Operation, Rule};
use crate::{
    Algorithm, DecidedBy, Decision, FailMode, Identifier, Limiter, Millis, Options, Outcome,
    Policy, PolicyId, Quota,
};

/// Some time in 2026, in the middle of every window.
const START: Millis = 1_767_225_600_123;

/// A client of the server, with a timeout that no call exceeds on a busy machine.
async fn reach(server: &RedisServer) -> Redis {
    let address = server.url().parse().expect("an address");
    let redis = Redis::connect(kith_redis::Options {
        timeout: Duration::from_secs(5),
        ..kith_redis::Options::new(address)
    });
    redis.wait_until_up().await;
    redis
}

/// Everything that was ever charged, and what the algorithm is meant to make of it.
struct Oracle {
    algorithm: Algorithm,
    quota: Quota,
    charges: Vec<(Millis, u64)>,
}

impl Oracle {
    fn allows(&self, now: Millis, cost: u64) -> bool {
        let (limit, window) = (self.quota.limit(), self.quota.window());
        let sum = |counts: &dyn Fn(Millis) -> bool| -> u64 {
            let charges = self.charges.iter();
            charges
                .filter(|(at, _)| counts(*at))
                .map(|(_, cost)| cost)
                .sum()
        };
        match self.algorithm {
            Algorithm::FixedWindow => sum(&|at| at / window == now / window) + cost <= limit,
            Algorithm::SlidingWindow => {
                let current = sum(&|at| at / window == now / window);
                let last = sum(&|at| at / window + 1 == now / window);
                last * (window - now % window) / window + current + cost <= limit
            }
            Algorithm::SlidingLog => sum(&|at| at + window > now) + cost <= limit,
            Algorithm::TokenBucket => {
                // In parts of a token, `window` to each; `limit` of them come back a millisecond.
                let mut missing = 0_u64;
                let mut last = 0;
                for (at, cost) in &self.charges {
                    missing = missing.saturating_sub((at - last) * limit) + cost * window;
                    last = *at;
                }
                missing = missing.saturating_sub((now - last) * limit);
                missing + cost * window <= limit * window
            }
        }
    }

    /// Holds an answer against the definition, and counts the charge if it was one.
    fn verify(&mut self, now: Millis, cost: u64, found: Assessment) {
        let limit = self.quota.limit();
        match found.wait {
            Some(0) => {
                assert!(self.allows(now, cost), "allowed beyond the limit");
                self.charges.push((now, cost));
            }
            Some(wait) => {
                assert!(
                    self.allows(now + wait, cost),
                    "refused after waiting as told"
                );
                assert!(!self.allows(now + wait - 1, cost), "told to wait too long");
            }
            None => assert!(cost > limit, "refused for ever"),
        }
        assert!(
            self.allows(now, found.remaining),
            "more remaining than there is"
        );
        assert!(
            !self.allows(now, found.remaining + 1),
            "less remaining than there is"
        );
        assert!(self.allows(now + found.reset, limit), "reset too early");
        assert!(
            found.reset == 0 || !self.allows(now + found.reset - 1, limit),
            "reset too late"
        );
    }
}

fn quota(limit: u64, window: Millis) -> Quota {
    Quota::new(limit, Duration::from_millis(window)).expect("a quota")
}

/// A pause before each request, as a share of the window in per mille, and its cost.
fn trace() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let pause = prop_oneof![3 => Just(0), 3 => 0..50_u64, 2 => 50..1000_u64, 1 => 1000..3000_u64];
    prop::collection::vec((pause, 1..6_u64), 1..60)
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(&Algorithm::ALL[..])
}

proptest! {
    #[test]
    fn the_local_limiter_is_exact(
        algorithm in algorithm(),
        limit in 1..20_u64,
        window in 1..5000_u64,
        trace in trace(),
    ) {
        let quota = quota(limit, window);
        let limiter = local::local_limiter(algorithm, quota, 4096);
        let mut oracle = Oracle { algorithm, quota, charges: Vec::new() };
        let mut now = START;
        for (pause, cost) in trace {
            now += pause * window / 1000;
            oracle.verify(now, cost, limiter.decide(7, now, quota, cost));
        }
    }

    /// Answers of Redis arrive in any order within a short time. None of them may be refused by a
    /// local limiter that has heard of nothing else.
    #[test]
    fn the_local_limiter_never_contradicts_a_redis_that_remembers(
        algorithm in algorithm(),
        limit in 1..20_u64,
        window in 10..5000_u64,
        trace in trace(),
        shuffle in prop::collection::vec(0..4_usize, 60),
    ) {
        let quota = quota(limit, window);
        let redis = local::local_limiter(algorithm, quota, 4096);
        let mut answers = Vec::new();
        let mut now = START;
        for (pause, cost) in trace {
            now += pause * window / 1000;
            if redis.decide(7, now, quota, cost).wait == Some(0) {
                answers.push((now, cost));
            }
        }
        for (index, by) in shuffle.into_iter().enumerate() {
            if index + by < answers.len() {
                answers.swap(index, index + by);
            }
        }
        let limiter = local::local_limiter(algorithm, quota, 4096);
        for (at, cost) in answers {
            prop_assert_eq!(limiter.reconcile(7, at, quota, cost).wait, Some(0));
        }
    }
}

#[test]
fn redis_and_the_local_limiter_decide_alike() {
    let server = RedisServer::start();
    let runtime = Runtime::new().expect("a runtime");
    let redis = runtime.block_on(reach(&server));
    let identifiers = std::cell::Cell::new(0_u64);
    // Keys live in real time and these traces do not, so windows are long.
    let strategy = (
        algorithm(),
        1..20_u64,
        600_000..3_600_000_u64,
        trace(),
        any::<[bool; 8]>(),
    );
    let mut runner = proptest::test_runner::TestRunner::default();
    runner
        .run(&strategy, |(algorithm, limit, window, trace, refunds)| {
            let identifier = identifiers.get();
            identifiers.set(identifier + 1);
            let quota = quota(limit, window);
            let limiter = local::local_limiter(algorithm, quota, 4096);
            let mut oracle = Oracle {
                algorithm,
                quota,
                charges: Vec::new(),
            };
            let mut refunded = false;
            let mut now = START;
            for (index, (pause, cost)) in trace.into_iter().enumerate() {
                now += pause * window / 1000;
                // Some traces give back, which the oracle has no definition of.
                let refund = refunds[0] && refunds[index % refunds.len()];
                refunded |= refund;
                let operation = if refund {
                    Operation::Refund
                } else {
                    Operation::Charge
                };
                let rule = Rule {
                    algorithm,
                    quota,
                    shadow: false,
                };
                let script = script::script(operation, &[rule]);
                let key = format!("test:{{{identifier}}}");
                let keys = [key.as_str()].into_iter();
                let call = script::call(&script, keys, &[cost], Some(now));
                let answer: Vec<i64> = runtime.block_on(redis.call(&call)).expect("an answer");
                let found = script::read(&answer).expect("three numbers for a policy");
                prop_assert_eq!(found.at, now);
                let there = found.assessments[0];
                if refund {
                    let here = limiter.entry(7).refund(now, quota, cost);
                    prop_assert_eq!((here.remaining, here.reset), (there.remaining, there.reset));
                } else {
                    prop_assert_eq!(limiter.decide(7, now, quota, cost), there);
                    if !refunded {
                        oracle.verify(now, cost, there);
                    }
                }
            }
            Ok(())
        })
        .expect("no counterexample");
}

#[test]
fn several_policies_are_all_or_nothing_on_redis_as_in_this_process() {
    let server = RedisServer::start();
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let redis = reach(&server).await;
        for redis in [None, Some(redis)] {
            let limiter = Limiter::new(Options {
                policies: Algorithm::ALL
                    .into_iter()
                    .zip([3, 4, 5, 6])
                    .map(|(algorithm, limit)| Policy {
                        name: algorithm.name(),
                        algorithm,
                        quota: quota(limit, 3_600_000),
                        fail_mode: FailMode::Local,
                        shadow: false,
                    })
                    .collect(),
                redis,
                prefix: "test".to_owned(),
                table_bytes: 4096,
                denied: Vec::new(),
            });
            let identifier = Identifier::new("Ada");
            let charges: Vec<_> = (0..4).rev().map(|policy| (PolicyId(policy), 1)).collect();
            let mut allowed = 0;
            for _ in 0..10 {
                let decisions = limiter.check_all(&identifier, &charges).await;
                allowed += u32::from(decisions.iter().all(Decision::is_allowed));
            }
            assert_eq!(allowed, 3, "the smallest quota decides");
            // What was refused by one was charged by none.
            for (policy, remaining) in [(0, 0), (1, 1), (2, 2), (3, 3)] {
                let decision = limiter.peek(PolicyId(policy), &identifier).await;
                assert_eq!(decision.remaining, remaining);
            }
            limiter.refund(PolicyId(0), &identifier, 9).await;
            assert_eq!(limiter.peek(PolicyId(0), &identifier).await.remaining, 3);
            let reset = limiter.reset(PolicyId(1), &identifier).await;
            reset.expect("Redis is up");
            assert_eq!(limiter.peek(PolicyId(1), &identifier).await.remaining, 4);
        }
    });
}

#[test]
fn a_request_that_the_local_limiter_refuses_is_not_charged_on_a_redis_that_has_forgotten() {
    let server = RedisServer::start();
    let runtime = Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let redis = reach(&server).await;
        let instance = || {
            Limiter::new(Options {
                policies: Algorithm::ALL
                    .into_iter()
                    .map(|algorithm| Policy {
                        name: algorithm.name(),
                        algorithm,
                        quota: quota(3, 3_600_000),
                        fail_mode: FailMode::Local,
                        shadow: false,
                    })
                    .collect(),
                redis: Some(redis.clone()),
                prefix: "test".to_owned(),
                table_bytes: 4096,
                denied: Vec::new(),
            })
        };
        let identifier = Identifier::new("Ada");
        for policy in (0..4).map(PolicyId) {
            let limiter = instance();
            for _ in 0..2 {
                assert!(limiter.check(policy, &identifier, 1).await.is_allowed());
            }
            server.command("FLUSHALL");
            let refused = limiter.check(policy, &identifier, 2).await;
            assert_eq!(refused.decided_by, DecidedBy::Local);
            assert!(!refused.is_allowed());
            // One refuses, so that none of them all is charged.
            let others = (0..4).map(PolicyId).filter(|other| *other != policy);
            let charges: Vec<_> = [policy]
                .into_iter()
                .chain(others)
                .map(|policy| (policy, 2))
                .collect();
            let decisions = limiter.check_all(&identifier, &charges).await;
            assert!(!decisions[0].is_allowed());
            let stranger = instance();
            for policy in (0..4).map(PolicyId) {
                assert_eq!(stranger.peek(policy, &identifier).await.remaining, 3);
            }
            assert!(limiter.check(policy, &identifier, 1).await.is_allowed());
            server.command("FLUSHALL");
        }
    });
}

fn one_policy(policy: Policy) -> Limiter {
    Limiter::new(Options {
        policies: vec![policy],
        redis: None,
        prefix: "test".to_owned(),
        table_bytes: 64 * 1024,
        denied: Vec::new(),
    })
}

fn three_a_minute() -> Policy {
    Policy {
        name: "test",
        algorithm: Algorithm::SlidingLog,
        quota: quota(3, 60_000),
        fail_mode: FailMode::Local,
        shadow: false,
    }
}

const POLICY: PolicyId = PolicyId(0);

#[tokio::test]
async fn a_policy_in_shadow_mode_counts_and_refuses_nothing() {
    let limiter = one_policy(Policy {
        shadow: true,
        ..three_a_minute()
    });
    let identifier = Identifier::new("Ada");
    for _ in 0..5 {
        assert!(limiter.check(POLICY, &identifier, 1).await.is_allowed());
    }
    let totals = &limiter.stats().totals()[0];
    assert_eq!((totals.allowed, totals.shadowed, totals.refused), (3, 2, 0));
}

#[tokio::test]
async fn a_quota_changes_while_it_is_in_use() {
    let limiter = one_policy(three_a_minute());
    let identifier = Identifier::new("Ada");
    for _ in 0..3 {
        assert!(limiter.check(POLICY, &identifier, 1).await.is_allowed());
    }
    assert!(!limiter.check(POLICY, &identifier, 1).await.is_allowed());
    limiter.set_quota(POLICY, quota(2, 60_000));
    assert!(!limiter.check(POLICY, &identifier, 1).await.is_allowed());
    limiter.set_quota(POLICY, quota(5, 30_000));
    assert_eq!(limiter.check(POLICY, &identifier, 1).await.remaining, 4);
}

#[tokio::test]
async fn waiting_until_ready_ends_with_a_charge_or_at_once() {
    let limiter = one_policy(Policy {
        quota: quota(1, 50),
        ..three_a_minute()
    });
    let identifier = Identifier::new("Ada");
    let patient = Duration::from_secs(5);
    for _ in 0..3 {
        let decision = limiter
            .block_until_ready(POLICY, &identifier, 1, patient)
            .await;
        assert!(decision.is_allowed());
    }
    let hasty = limiter
        .block_until_ready(POLICY, &identifier, 1, Duration::ZERO)
        .await;
    assert!(!hasty.is_allowed());
    let never = limiter
        .block_until_ready(POLICY, &identifier, 2, patient)
        .await;
    assert_eq!(never.outcome, Outcome::Refused { retry_after: None });
}

#[tokio::test]
async fn the_most_refused_are_known_and_memory_stays_bounded() {
    let limiter = one_policy(Policy {
        quota: quota(1, 3_600_000),
        ..three_a_minute()
    });
    // Far more are refused than are remembered, and some of them all the time.
    let crowd: Vec<Identifier> = (0..2000)
        .map(|client| Identifier::new(client.to_string()))
        .collect();
    let stubborn: Vec<Identifier> = (0..5)
        .map(|who| Identifier::new(format!("stubborn {who}")))
        .collect();
    for client in &crowd {
        for identifier in [client, client].into_iter().chain(&stubborn) {
            limiter.check(POLICY, identifier, 1).await;
        }
    }
    let most = limiter.stats().most_refused(usize::MAX);
    assert!(most.len() <= 256, "{} are remembered", most.len());
    for refused in &most[..5] {
        assert!(refused.identifier.starts_with("stubborn"), "{refused:?}");
        // Each was refused 1,999 times.
        assert!((1800..2200).contains(&refused.count), "{refused:?}");
    }
    // Estimates, but of the right sum.
    let all: u64 = most.iter().map(|refused| refused.count).sum();
    let refused = limiter.stats().totals()[0].refused;
    assert!(all.abs_diff(refused) < refused / 10, "{all} of {refused}");
}

#[test]
fn subjects_of_a_limit_cannot_break_out_of_their_key() {
    assert_eq!(Identifier::new("a{b}c").as_str(), "a(b)c");
    assert_eq!(Identifier::new("x".repeat(1000)).as_str().len(), 64);
}
