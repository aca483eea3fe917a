//! Two processes act at the same time on one PostgreSQL server. In a SQLite file they take turns.
//!
//! Each test repeats its race, because a single round may go well by chance.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::Database;
use kith_database::Engine;
use kith_database::query;
use tokio::sync::Barrier;

use super::rig::DELIVERED;
use super::rig::Rig;
use super::rig::publication;
use crate::broker::Broker;
use crate::broker::LEASE;
use crate::broker::accept::Provenance;
use crate::broker::attempt::Outcome;
use crate::broker::claim::Claimed;
use crate::broker::filter::Filter;
use crate::broker::lane::LaneKind;
use crate::broker::messages::Stored;
use crate::broker::permits::Permit;
use crate::broker::settle::Sent;
use crate::inbox;
use crate::inbox::Claim;
use crate::inbox::Lease;
use crate::message::Publication;
use crate::outbox;
use crate::signature::SigningKeys;

const ROUNDS: usize = 30;

/// As many as a broker of the rig claims at once.
const MESSAGES: usize = 32;

/// A broker in each of two processes, and what they share.
struct Race {
    rig: Rig,
    one: Broker,
    other: Broker,
}

impl Race {
    async fn new() -> Self {
        let rig = Rig::new(Engine::Postgres).await;
        let options = rig.options("http://127.0.0.1:1", &[]);
        let other = rig.place.open().await;
        Self {
            one: rig.broker_with(options.clone()),
            other: Broker::new(other, rig.clock(), options),
            rig,
        }
    }

    /// The connections of the two processes.
    fn databases(&self) -> (Database, Database) {
        (self.one.database().clone(), self.other.database().clone())
    }

    async fn publish(&self) {
        let messages = vec![publication("/hooks/a"); MESSAGES];
        let published = self.one.publish(&messages, Provenance::default()).await;
        published.expect("taken");
    }

    /// What one process has claimed, as if it had delivered it.
    async fn deliver(&self) -> Vec<Sent> {
        let claimed = claim(self.one.clone()).await;
        assert_eq!(claimed.len(), MESSAGES);
        let sent = |(message, permit)| (message, Outcome::Delivered(Default::default()), permit);
        claimed.into_iter().map(sent).collect()
    }
}

/// Begins both at the same time, on two threads.
async fn at_once<A, B>(
    one: impl Future<Output = A> + Send + 'static,
    other: impl Future<Output = B> + Send + 'static,
) -> (A, B)
where
    A: Send + 'static,
    B: Send + 'static,
{
    let start = Arc::new(Barrier::new(2));
    let begin = start.clone();
    let one = tokio::spawn(async move {
        begin.wait().await;
        one.await
    });
    let other = tokio::spawn(async move {
        start.wait().await;
        other.await
    });
    (one.await.expect("no panic"), other.await.expect("no panic"))
}

async fn claim(broker: Broker) -> Vec<(Stored, Permit)> {
    match broker.claim(LaneKind::Webhooks).await.expect("it is open") {
        Claimed::Messages(messages) => messages,
        Claimed::NothingUntil(_) => Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_claimed_by_one_of_two_processes() {
    let race = Race::new().await;
    for _ in 0..ROUNDS {
        race.publish().await;
        let (mut claimed, more) = at_once(claim(race.one.clone()), claim(race.other.clone())).await;
        claimed.extend(more);
        let mut claimed: Vec<i64> = claimed.iter().map(|(message, _)| message.seq).collect();
        claimed.sort_unstable();
        claimed.dedup();
        let events = "SELECT count(*) FROM events WHERE state = 'ACTIVE'";
        assert_eq!(race.rig.count(events).await, MESSAGES as i64);
        assert_eq!(claimed.len(), MESSAGES);
        race.rig.execute("DELETE FROM messages").await;
        race.rig.execute("DELETE FROM events").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_the_outbox_is_taken_by_one_of_two_processes() {
    async fn take(database: Database, now: Timestamp) -> usize {
        let mut tx = database.write().await.expect("it is open");
        let taken = outbox::take(&mut tx, 8, now).await.expect("taken");
        tx.commit().await.expect("there is room");
        taken.rows.len()
    }

    let race = Race::new().await;
    let now = race.rig.now();
    for round in 0..ROUNDS {
        for number in 0..8 {
            race.rig
                .write_outgoing(&format!("{round}-{number}"), "/hooks/a")
                .await;
        }
        let (one, other) = race.databases();
        let (some, others) = at_once(take(one, now), take(other, now)).await;
        assert_eq!(some + others, 8);
        race.rig.execute("DELETE FROM outbox").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_is_fired_by_one_of_two_processes() {
    async fn fire(broker: Broker) {
        broker.fire().await.expect("fired");
    }

    let race = Race::new().await;
    for id in ["a", "b", "c"] {
        let message = publication("/hooks/a");
        let id = Some(id.to_owned());
        let put = race.one.schedule(id, "*/5 * * * *", &message, None).await;
        put.expect("a schedule");
    }
    for round in 1..=ROUNDS as i64 {
        race.rig.pass(Duration::from_secs(300));
        at_once(fire(race.one.clone()), fire(race.other.clone())).await;
        let fired = race.rig.count("SELECT count(*) FROM messages").await;
        assert_eq!(fired, 3 * round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivered_message_is_not_cancelled() {
    let race = Race::new().await;
    for _ in 0..ROUNDS {
        race.publish().await;
        let mut sent = race.deliver().await;
        // Settling puts them into the order in which cancelling locks them; otherwise each would wait for the other.
        sent.reverse();
        let (one, other) = (race.one.clone(), race.other.clone());
        let (settled, cancelled) = at_once(
            async move { one.settle_batch(&mut sent).await },
            async move { other.cancel(&Filter::default()).await },
        )
        .await;
        settled.expect("written");
        let cancelled = cancelled.expect("written") as i64;
        let delivered = race.rig.count(DELIVERED).await;
        assert_eq!(delivered + cancelled, MESSAGES as i64);
        let both = "SELECT count(*) FROM messages WHERE state = 'canceled' AND id IN (
                        SELECT message_id FROM events WHERE state = 'DELIVERED')";
        assert_eq!(race.rig.count(both).await, 0);
        race.rig.execute("DELETE FROM messages").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_are_renewed_beside_a_message_that_is_being_settled() {
    let race = Race::new().await;
    race.publish().await;
    let _claimed = claim(race.one.clone()).await;
    race.rig.pass(LEASE / 3);
    let mut tx = race.other.database().write().await.expect("it is open");
    let settled = query("UPDATE messages SET state = 'delivered' WHERE seq = 1").execute(&mut tx);
    assert_eq!(settled.await.expect("written"), 1);
    // It waits for nothing: the other transaction ends after it.
    race.one.renew(LaneKind::Webhooks).await.expect("renewed");
    tx.commit().await.expect("there is room");
    let renewed = "SELECT count(*) FROM messages WHERE due_at = 1000000000000 + 12000";
    assert_eq!(race.rig.count(renewed).await, MESSAGES as i64 - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_sign_with_the_same_keys() {
    let race = Race::new().await;
    for _ in 0..ROUNDS {
        race.rig.execute("DELETE FROM signing_keys").await;
        let (one, other) = (race.one.clone(), race.other.clone());
        let keys = at_once(async move { one.keys().await }, async move {
            other.keys().await
        });
        let (one, other) = keys.await;
        assert_eq!(one.expect("keys"), other.expect("keys"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_rotated_one_after_the_other() {
    async fn rotate(broker: Broker) -> Vec<SigningKeys> {
        let mut rotated = Vec::new();
        for _ in 0..ROUNDS {
            rotated.push(broker.rotate_keys().await.expect("keys"));
        }
        rotated
    }

    let race = Race::new().await;
    let mut last = race.one.keys().await.expect("keys");
    let (mut rotated, more) = at_once(rotate(race.one.clone()), rotate(race.other.clone())).await;
    rotated.extend(more);
    // Each makes the key the current one that was next before it.
    for _ in 0..2 * ROUNDS {
        let after_last = |keys: &SigningKeys| keys.current == last.next;
        let found = rotated.iter().position(after_last).expect("no key is lost");
        last = rotated.swap_remove(found);
    }
}

async fn claim_key(database: Database, now: Timestamp) -> Claim {
    let mut tx = database.write().await.expect("it is open");
    let claim = inbox::claim(&mut tx, "message", now).await;
    let claim = claim.expect("a claim");
    tx.commit().await.expect("there is room");
    claim
}

async fn end(database: Database, lease: Lease, is_done: bool, now: Timestamp) -> bool {
    let mut tx = database.write().await.expect("it is open");
    let ended = match is_done {
        true => inbox::complete(&mut tx, &lease, now).await,
        false => inbox::release(&mut tx, &lease).await,
    };
    tx.commit().await.expect("there is room");
    ended.expect("written")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_is_executed_by_one_of_two_consumers() {
    let race = Race::new().await;
    let now = race.rig.now();
    for round in 0..2 * ROUNDS {
        let is_done = round % 2 == 0;
        let (one, other) = race.databases();
        let lease = match at_once(claim_key(one, now), claim_key(other, now)).await {
            (Claim::Granted(lease), Claim::Busy(_)) | (Claim::Busy(_), Claim::Granted(lease)) => {
                lease
            }
            claims => panic!("{claims:?}"),
        };
        // The next consumer comes while the first ends.
        let (one, other) = race.databases();
        let (ended, next) = at_once(end(one, lease, is_done, now), claim_key(other, now)).await;
        assert!(ended);
        let is_right = match next {
            Claim::Busy(_) => true,
            Claim::Done => is_done,
            Claim::Granted(_) => !is_done,
        };
        assert!(is_right, "{next:?}");
        race.rig.execute("DELETE FROM consumptions").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_is_refused_reads_a_row_that_nothing_removes() {
    let race = Race::new().await;
    let now = race.rig.now();
    let (one, other) = race.databases();
    assert!(matches!(
        claim_key(one.clone(), now).await,
        Claim::Granted(_)
    ));
    let mut tx = one.write().await.expect("it is open");
    let refused = inbox::claim(&mut tx, "message", now).await;
    assert!(matches!(refused, Ok(Claim::Busy(_))));
    let mut others = other.write().await.expect("it is open");
    let removable = query(
        "DELETE FROM consumptions WHERE key IN (
                               SELECT key FROM consumptions FOR UPDATE SKIP LOCKED)",
    );
    assert_eq!(removable.execute(&mut others).await.expect("valid"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_batches_with_the_same_ids_are_accepted_once() {
    async fn publish(broker: Broker, batch: Vec<Publication>) -> usize {
        let accepted = broker.publish(&batch, Provenance::default()).await;
        let accepted = accepted.expect("taken");
        accepted.iter().filter(|one| !one.deduplicated).count()
    }

    let race = Race::new().await;
    for round in 0..30 {
        let once = |number: usize| Publication {
            deduplication: Some(format!("{round}-{number}")),
            ..publication("/hooks/a")
        };
        let forwards: Vec<Publication> = (0..50).map(once).collect();
        let backwards: Vec<Publication> = forwards.iter().rev().cloned().collect();
        let (some, others) = at_once(
            publish(race.one.clone(), forwards),
            publish(race.other.clone(), backwards),
        )
        .await;
        assert_eq!(some + others, 50);
    }
}
