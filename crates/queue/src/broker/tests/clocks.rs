//! Processes whose clocks disagree.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;
use kith_database::Engine;
use kith_runtime::Clock;

use super::rig::Rig;
use super::rig::publication;
use crate::broker::Broker;
use crate::broker::accept::Provenance;
use crate::broker::claim::Claimed;
use crate::broker::lane::LaneKind;

/// How long a message may take to be due on a busy machine: less than the clocks are wrong by.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(5);

/// A broker of a process whose clock is wrong by this.
async fn broker(rig: &Rig, wrong_by: SignedDuration) -> Broker {
    let clock: Arc<dyn Clock> = Arc::new(move || Timestamp::now() + wrong_by);
    let database = rig.place.open_with(clock).await;
    let clock = database.clock();
    let options = rig.options("http://127.0.0.1:1", &[]);
    Broker::new(database, clock, options)
}

async fn claimed(broker: &Broker) -> bool {
    let claimed = broker.claim(LaneKind::Webhooks).await;
    matches!(claimed, Ok(Claimed::Messages(messages)) if !messages.is_empty())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_whose_clock_is_hours_ahead_takes_no_lease_of_another() {
    let rig = Rig::new(Engine::Postgres).await;
    let right = broker(&rig, SignedDuration::ZERO).await;
    let ahead = broker(&rig, SignedDuration::from_hours(3)).await;
    let behind = broker(&rig, SignedDuration::from_hours(-3)).await;
    for (publisher, first, others) in [
        (&right, &right, [&ahead, &behind]),
        (&ahead, &behind, [&ahead, &right]),
        (&behind, &ahead, [&behind, &right]),
    ] {
        let message = [publication("/hooks/a")];
        let taken = publisher.publish(&message, Provenance::default()).await;
        taken.expect("taken");
        // Their clocks agree but for milliseconds.
        let due = async {
            while !claimed(first).await {
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::time::timeout(TIMEOUT, due).await.expect("it is due");
        for other in others {
            assert!(!claimed(other).await, "it is leased");
        }
        rig.execute("DELETE FROM messages").await;
    }
}
