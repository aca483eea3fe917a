//! Several policies in one decision, and the calls that do more than charge once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kith_redis::Redis;

use crate::decision::{DecidedBy, Decision, Outcome};
use crate::identifier::Identifier;
use crate::limiter::{Active, Limiter, Managed, PolicyId, Shared, rule};
use crate::local::LockedEntry;
use crate::policy::Quota;
use crate::remote::cache_refusal;
use crate::script::{self, Operation, Rule};

impl Limiter {
    /// Charges `identifier` under several policies, each with a cost: under all of them or, if one refuses,
    /// under none. The decisions come in the order of the charges.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use kith_limit::{Algorithm, Identifier, Limiter, Options, Policy, PolicyId, Quota};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), kith_limit::QuotaError> {
    /// let (burst, day) = (PolicyId(0), PolicyId(1));
    /// let limiter = Limiter::new(Options::new(vec![
    ///     Policy::new("burst", Algorithm::TokenBucket, Quota::new(5, Duration::from_secs(1))?),
    ///     Policy::new("day", Algorithm::FixedWindow, Quota::new(1000, Duration::from_secs(86_400))?),
    /// ]));
    /// let client = Identifier::new("account 7");
    /// let decisions = limiter.check_all(&client, &[(burst, 1), (day, 10)]).await;
    /// assert!(decisions.iter().all(|decision| decision.is_allowed()));
    /// assert_eq!(limiter.peek(day, &client).await.remaining, 990);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// If a policy is named twice.
    pub async fn check_all(
        &self,
        identifier: &Identifier,
        charges: &[(PolicyId, u64)],
    ) -> Vec<Decision> {
        let shared = &*self.shared;
        for (index, (policy, _)) in charges.iter().enumerate() {
            let again = charges[..index].iter().any(|(other, _)| other == policy);
            assert!(!again, "each policy is charged once");
        }
        let decisions = shared.decide(Operation::Charge, identifier, charges).await;
        let hash = shared.hash(identifier);
        for ((policy, _), decision) in charges.iter().zip(&decisions) {
            shared.count(*policy, identifier, hash, decision);
        }
        decisions
    }

    /// What [`check`](Self::check) would decide on a cost of 1. Charges nothing.
    pub async fn peek(&self, policy: PolicyId, identifier: &Identifier) -> Decision {
        let charges = [(policy, 1)];
        self.shared
            .decide(Operation::Peek, identifier, &charges)
            .await[0]
    }

    /// Gives back a `cost` that was charged before, for example for a request that was not carried out. It
    /// never leads to more than the whole quota. The local limiters of other instances do not learn of it:
    /// one that has charged this identifier may refuse it until its window ends.
    pub async fn refund(&self, policy: PolicyId, identifier: &Identifier, cost: u64) -> Decision {
        let charges = [(policy, cost)];
        self.shared
            .decide(Operation::Refund, identifier, &charges)
            .await[0]
    }

    /// Forgets all charges of `identifier` under `policy`, on Redis and in this process. The local limiters of
    /// other instances do not learn of it, as with a [refund](Self::refund).
    ///
    /// # Errors
    /// If Redis cannot be used. Then only this process has forgotten.
    pub async fn reset(
        &self,
        policy: PolicyId,
        identifier: &Identifier,
    ) -> Result<(), kith_redis::Error> {
        let shared = &*self.shared;
        let active = shared.policies[policy.0].active.load_full();
        let forgotten = match &shared.redis {
            Some(redis) => {
                let key = shared.key(&active, identifier);
                redis.query::<()>(redis::cmd("UNLINK").arg(key)).await
            }
            None => Ok(()),
        };
        // Last, so that no answer that is under way brings a refusal back.
        active.local.entry(shared.hash(identifier)).forget();
        forgotten
    }

    /// Charges like [`check`](Self::check), and waits up to `timeout` until the cost fits. A request that would
    /// have to wait longer is refused at once.
    pub async fn block_until_ready(
        &self,
        policy: PolicyId,
        identifier: &Identifier,
        cost: u64,
        timeout: Duration,
    ) -> Decision {
        let start = Instant::now();
        loop {
            let decision = self.check(policy, identifier, cost).await;
            match decision.outcome {
                Outcome::Refused {
                    retry_after: Some(wait),
                } if start.elapsed() + wait <= timeout => {
                    tokio::time::sleep(wait).await;
                }
                _ => return decision,
            }
        }
    }
}

/// A charge that is decided in this process.
struct Part<'a> {
    /// Its index in the charges.
    index: usize,
    managed: &'a Managed,
    quota: Quota,
    cost: u64,
    /// `None` if the policy does not count while Redis is down.
    entry: Option<Box<dyn LockedEntry + 'a>>,
    decision: Decision,
}

impl Shared {
    pub(crate) async fn decide(
        &self,
        operation: Operation,
        identifier: &Identifier,
        charges: &[(PolicyId, u64)],
    ) -> Vec<Decision> {
        if let Some(redis) = &self.redis
            && let Some(decisions) = self
                .decide_remote(redis, operation, identifier, charges)
                .await
        {
            return decisions;
        }
        self.decide_local(operation, identifier, charges)
    }

    /// Decides in this process, under several policies at once.
    fn decide_local(
        &self,
        operation: Operation,
        identifier: &Identifier,
        charges: &[(PolicyId, u64)],
    ) -> Vec<Decision> {
        let now = self.redis_now();
        let hash = self.hash(identifier);
        let actives: Vec<_> = charges
            .iter()
            .map(|(policy, _)| self.policies[policy.0].active.load_full())
            .collect();
        // Locked in the order of the policies, whatever the order of the charges, so that two
        // calls cannot wait for each other.
        let mut order: Vec<usize> = (0..charges.len()).collect();
        order.sort_by_key(|index| charges[*index].0);
        let mut parts: Vec<Part> = Vec::with_capacity(charges.len());
        for index in order {
            let (policy, cost) = charges[index];
            let (managed, active) = (&self.policies[policy.0], &actives[index]);
            let quota = active.quota;
            let fail_mode_decision = self
                .redis
                .as_ref()
                .and_then(|_| managed.fail_mode_decision(quota));
            let (entry, decision) = match fail_mode_decision {
                Some(decision) => (None, decision),
                None => {
                    let mut entry = active.local.entry(hash);
                    let found = entry.assess(now, quota, cost);
                    (
                        Some(entry),
                        managed.decision(quota, found, DecidedBy::Local),
                    )
                }
            };
            parts.push(Part {
                index,
                managed,
                quota,
                cost,
                entry,
                decision,
            });
        }

        let allowed = parts.iter().all(|part| part.decision.is_allowed());
        for part in &mut parts {
            let Some(entry) = &mut part.entry else {
                continue;
            };
            let fits = allowed && part.decision.outcome == Outcome::Allowed;
            let found = match operation {
                Operation::Charge if fits => entry.charge(now, part.quota, part.cost),
                Operation::Refund => entry.refund(now, part.quota, part.cost),
                _ => continue,
            };
            part.decision = part.managed.decision(part.quota, found, DecidedBy::Local);
        }
        parts.sort_by_key(|part| part.index);
        parts.into_iter().map(|part| part.decision).collect()
    }

    /// Decides on Redis, under several policies at once; `None` if Redis cannot be used.
    pub(crate) async fn decide_remote(
        &self,
        redis: &Redis,
        operation: Operation,
        identifier: &Identifier,
        charges: &[(PolicyId, u64)],
    ) -> Option<Vec<Decision>> {
        let parts: Vec<(&Managed, Arc<Active>, u64)> = charges
            .iter()
            .map(|(policy, cost)| {
                let managed = &self.policies[policy.0];
                (managed, managed.active.load_full(), *cost)
            })
            .collect();
        let rules: Vec<Rule> = parts
            .iter()
            .map(|(managed, active, _)| rule(&managed.policy, active.quota))
            .collect();
        let keys: Vec<String> = parts
            .iter()
            .map(|(_, active, _)| self.key(active, identifier))
            .collect();
        let costs: Vec<u64> = parts.iter().map(|(.., cost)| *cost).collect();
        // Made anew, in a few microseconds: calls other than single charges are rare.
        let script = script::script(operation, &rules);
        let call = script::call(&script, keys.iter().map(String::as_str), &costs, None);
        // The time before the call, so that a wait that is counted from it never ends too late.
        let sent_at = (self.clock)();
        let found = self.ask(redis, &call).await?;

        let hash = self.hash(identifier);
        let mut decisions: Vec<Decision> = parts
            .iter()
            .zip(&found.assessments)
            .map(|((managed, active, _), assessment)| {
                managed.decision(active.quota, *assessment, DecidedBy::Redis)
            })
            .collect();
        if operation == Operation::Refund {
            for (_, active, cost) in &parts {
                let mut here = active.local.entry(hash);
                here.refund(found.at, active.quota, *cost);
            }
        }
        if operation == Operation::Charge {
            let allowed = decisions.iter().all(Decision::is_allowed);
            let mut confirmed = allowed;
            for ((managed, active, cost), decision) in parts.iter().zip(&mut decisions) {
                confirmed &=
                    !allowed || managed.apply_locally(active, hash, *cost, found.at, decision);
            }
            if allowed && !confirmed {
                // If one refuses, none is charged: neither in this process nor on Redis.
                for ((_, active, cost), decision) in parts.iter().zip(&decisions) {
                    if decision.outcome == Outcome::Allowed {
                        let mut here = active.local.entry(hash);
                        here.refund(found.at, active.quota, *cost);
                    }
                }
                self.refund_remote(redis, &rules, &keys, &costs).await;
            }
            for ((_, active, cost), decision) in parts.iter().zip(&decisions) {
                let times = (sent_at, (self.clock)());
                if *cost == 1 {
                    cache_refusal(active, hash, times, decision, self.ahead());
                }
            }
        }
        Some(decisions)
    }
}
