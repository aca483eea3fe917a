//! The queue as a whole: what the application publishes with, and the tasks that publish and deliver.

use std::sync::Arc;
use std::time::Duration;

use kith_database::Connection;
use kith_database::StepError;
use kith_runtime::ErrorLatch;
use kith_runtime::HealthRecorder;
use kith_runtime::Tasks;
use tokio::sync::Notify;

use crate::broker::Broker;
use crate::broker::BrokerError;
use crate::broker::accept::Provenance;
use crate::broker::accept::accept;
use crate::dispatcher::Dispatched;
use crate::dispatcher::dispatch;
use crate::job::Job;
use crate::job::JobOptions;
use crate::message::Publication;
use crate::outbox;
use crate::outbox::OutboxMessage;
use crate::qstash::QStash;

/// How often the dispatcher looks into the outbox without being woken.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How long QStash is left alone after it did not take a schedule.
const SCHEDULE_RETRY_INTERVAL: Duration = Duration::from_secs(30);

/// The queue. Cheap to clone.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    /// There is always a broker: its API is served, and it delivers what it still has, even where QStash is
    /// used.
    broker: Broker,
    qstash: Option<QStash>,
    wake: Notify,
    tasks: Tasks,
}

impl Queue {
    /// A queue whose messages `broker` delivers, or QStash where it is given. It does nothing before
    /// [`start`](Self::start).
    pub fn new(broker: Broker, qstash: Option<QStash>) -> Self {
        Self(Arc::new(Inner {
            broker,
            qstash,
            wake: Notify::new(),
            tasks: Tasks::default(),
        }))
    }

    /// Publishes and delivers until [`close`](Self::close).
    pub fn start(&self) {
        self.0.broker.start();
        // What QStash has not answered for at the end is published again; QStash knows it by its id.
        self.0
            .tasks
            .spawn_until_stopped(self.clone().dispatch_all());
    }

    /// Begins nothing new and waits for what is under way.
    pub async fn close(&self) {
        // First, so that the broker begins no delivery while the dispatcher ends.
        self.0.broker.stop();
        self.0.tasks.close().await;
        self.0.broker.close().await;
    }

    /// Publishes a job in the transaction of what it belongs to, so that there is either both or neither.
    /// With the broker in this process the job goes straight into the broker's table. For QStash it goes
    /// into the outbox. Call [`wake`](Self::wake) after the commit.
    ///
    /// # Errors
    /// [`sqlx::Error`] where the database fails; [`BrokerError`] for a job that cannot be delivered.
    pub async fn enqueue<J: Job>(
        &self,
        tx: &mut Connection,
        job: &J,
        options: &JobOptions,
    ) -> Result<(), StepError> {
        let broker = &self.0.broker;
        let now = broker.clock().now();
        let publication = options.publish(job, broker.destinations())?;
        if self.0.qstash.is_some() {
            // Jobs of two kinds may have the same id.
            let id = format!("{}:{}", J::KIND, job.id());
            outbox::insert(tx, &OutboxMessage { id, publication }, now).await?;
            return Ok(());
        }
        let (destinations, provenance) = (broker.destinations(), Provenance::default());
        match accept(tx, destinations, &publication, provenance, now).await {
            Ok(_) => Ok(()),
            Err(BrokerError::Database(cause)) => Err(cause.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Wakes the tasks that publish and deliver, after a commit with a job in it.
    pub fn wake(&self) {
        match &self.0.qstash {
            Some(_) => self.0.wake.notify_one(),
            None => self.0.broker.wake(),
        }
    }

    /// The broker in this process.
    pub fn broker(&self) -> &Broker {
        &self.0.broker
    }

    /// The health of QStash; `None` where it is not used.
    pub fn qstash(&self) -> Option<&HealthRecorder> {
        self.0.qstash.as_ref().map(QStash::health)
    }

    /// Creates a schedule of a job under a fixed id, or replaces it: at once on the broker in this process,
    /// and on QStash as soon as QStash takes it. The message that it publishes has no body, so [`Job::parse`] must
    /// accept an empty one.
    pub fn keep_schedule<J: Job>(&self, id: &'static str, cron: String) {
        let queue = self.clone();
        let publication = Publication {
            destination: J::path(queue.0.broker.destinations()),
            ..Publication::default()
        };
        self.0.tasks.spawn(async move {
            loop {
                match queue.schedule(id, &cron, &publication).await {
                    Ok(()) => return tracing::info!(schedule = id, cron, "scheduled"),
                    Err(reason) => tracing::warn!(schedule = id, "not scheduled yet: {reason}"),
                }
                if !queue.0.tasks.sleep(SCHEDULE_RETRY_INTERVAL).await {
                    return;
                }
            }
        });
    }

    pub(crate) async fn schedule(
        &self,
        id: &str,
        cron: &str,
        publication: &Publication,
    ) -> Result<(), String> {
        let Inner { broker, qstash, .. } = &*self.0;
        let Some(qstash) = qstash else {
            let id = Some(id.to_owned());
            let done = broker.schedule(id, cron, publication, None).await;
            return done.map(drop).map_err(|error| error.to_string());
        };
        // A schedule that an earlier configuration has left on the broker would fire as well.
        match broker.delete_schedule(id).await {
            Ok(()) | Err(BrokerError::Rejected(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
        match broker.is_paused().await {
            Ok(false) => {}
            Ok(true) => return Err("the queue is paused".to_owned()),
            Err(error) => return Err(error.to_string()),
        }
        let done = qstash.schedule(id, cron, publication).await;
        done.map_err(|error| error.reason)
    }

    async fn dispatch_all(self) {
        let Inner {
            broker,
            qstash,
            wake,
            ..
        } = &*self.0;
        let latch = ErrorLatch::default();
        loop {
            let dispatched = dispatch(broker, qstash.as_ref()).await;
            if latch.check("the outbox waits", dispatched) == Some(Dispatched::Full) {
                continue;
            }
            tokio::select! {
                () = wake.notified() => {}
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
        }
    }
}
