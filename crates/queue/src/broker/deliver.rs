//! The loop that delivers the messages of a lane.
//!
//! A delivery has four steps, and the process may end after any of them. The broker claims a message that is due
//! for [`LEASE`](super::LEASE), sends it, settles the outcome, many in one transaction, and in that transaction
//! enqueues the callbacks. If the process ends between sending and settling, the message is delivered again.

use kith_runtime::ErrorLatch;
use tokio::sync::mpsc;

use super::Broker;
use super::claim::Claimed;
use super::claim::POLL_INTERVAL;
use super::lane::LaneKind;
use super::send::failed_by_panic;
use super::settle::MAX_BATCH;

impl Broker {
    pub(super) async fn deliver_all(self, kind: LaneKind) {
        let (sender, outcomes) = mpsc::channel(MAX_BATCH);
        self.0.tasks.spawn(self.clone().settle_all(outcomes));
        self.0.tasks.spawn(self.clone().renew_all(kind));
        let latch = ErrorLatch::default();
        loop {
            let claimed = latch.check("messages wait", self.claim(kind).await);
            let wait = match claimed {
                Some(Claimed::Messages(messages)) => {
                    for (message, permit) in messages {
                        let (broker, sender) = (self.clone(), sender.clone());
                        self.0.tasks.spawn(async move {
                            let outcome = broker.send_in_turn(kind, &message);
                            let outcome = failed_by_panic(outcome).await;
                            // Only the end of the process closes the channel.
                            let _ = sender.send((message, outcome, permit)).await;
                        });
                    }
                    continue;
                }
                Some(Claimed::NothingUntil(wait)) => wait,
                None => POLL_INTERVAL,
            };
            tokio::select! {
                () = self.lane(kind).wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
                () = self.0.tasks.stopped() => return,
            }
        }
    }
}
