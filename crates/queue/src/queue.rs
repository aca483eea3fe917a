//! The queue as a whole: an outbox, and the publisher that delivers what the outbox hands over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::broker::Broker;
use crate::broker::BrokerError;
use crate::broker::Trouble;
use crate::message::Publication;
use crate::outbox;
use crate::outbox::Dispatched;
use crate::outbox::Publisher;
use crate::qstash::PublishError;
use kith_database::Database;
use kith_runtime::HealthRecorder;

/// How often the outbox is looked into without being told to.
const POLL: Duration = Duration::from_secs(1);

/// How long QStash is left alone after it did not take a schedule.
const SCHEDULE_WAIT: Duration = Duration::from_secs(30);

/// The outbox and whoever delivers what it hands over. Cheap to clone.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    database: Database,
    publisher: Publisher,
    /// Always there: its API is served, and what it still has is delivered, though QStash be used.
    broker: Broker,
    wake: Notify,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Queue {
    pub fn new(database: Database, broker: Broker, publisher: Publisher) -> Self {
        Self(Arc::new(Inner {
            database,
            publisher,
            broker,
            wake: Notify::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }))
    }

    /// Hands over and delivers until [`close`](Self::close).
    pub fn start(&self) {
        self.0.broker.start();
        self.0.tasks.spawn(self.clone().dispatch_all());
    }

    /// Begins nothing new and waits for what is under way.
    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.broker.stop();
        self.0.tasks.close();
        self.0.tasks.wait().await;
        self.0.broker.close().await;
    }

    /// Says that the outbox has got something.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    pub fn broker(&self) -> &Broker {
        &self.0.broker
    }

    /// How QStash is, where it is used.
    pub fn qstash(&self) -> Option<&HealthRecorder> {
        match &self.0.publisher {
            Publisher::QStash(qstash) => Some(qstash.health()),
            Publisher::Broker(_) => None,
        }
    }

    /// Creates a schedule under a fixed id, or replaces it, however long that takes: at once on the
    /// broker in this process, and on QStash as soon as it takes it.
    pub fn keep_schedule(&self, id: &'static str, cron: String, publication: Publication) {
        let queue = self.clone();
        self.0.tasks.spawn(async move {
            loop {
                match queue.schedule(id, &cron, &publication).await {
                    Ok(()) => return tracing::info!(schedule = id, cron, "scheduled"),
                    Err(said) => tracing::warn!(schedule = id, "not scheduled yet: {said}"),
                }
                tokio::select! {
                    () = tokio::time::sleep(SCHEDULE_WAIT) => {}
                    () = queue.0.stop.cancelled() => return,
                }
            }
        });
    }

    async fn schedule(
        &self,
        id: &str,
        cron: &str,
        publication: &Publication,
    ) -> Result<(), String> {
        let Inner {
            publisher, broker, ..
        } = &*self.0;
        match publisher {
            Publisher::Broker(broker) => {
                let id = Some(id.to_owned());
                let done = broker.schedule(id, cron, publication, None).await;
                done.map(drop).map_err(|error| error.to_string())
            }
            Publisher::QStash(qstash) => {
                // What was scheduled here before would fire as well.
                match broker.delete_schedule(id).await {
                    Ok(()) | Err(BrokerError::Rejected(_)) => {}
                    Err(error) => return Err(error.to_string()),
                }
                let done = qstash.schedule(id, cron, publication).await;
                done.map_err(|PublishError { said, .. }| said)
            }
        }
    }

    async fn dispatch_all(self) {
        let Inner {
            database,
            publisher,
            broker,
            wake,
            stop,
            ..
        } = &*self.0;
        let trouble = Trouble::default();
        loop {
            let dispatched = tokio::select! {
                dispatched = outbox::dispatch(database, publisher, broker.clock()) => dispatched,
                // What QStash has not answered for is published again; it knows it by its id.
                () = stop.cancelled() => return,
            };
            if trouble.heed("the outbox waits", dispatched) == Some(Dispatched::Full) {
                continue;
            }
            tokio::select! {
                () = wake.notified() => {}
                () = tokio::time::sleep(POLL) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}
