//! [`WelcomeHook`]: what the creation of a contact brings about.

use std::sync::Arc;

use kith_database::TransactionStep;
use kith_queue::Queue;
use kith_runtime::Clock;

use crate::model::contact::ContactId;
use crate::services::config::WelcomeConfig;
use crate::services::contacts::CreationHook;
use crate::services::contacts::activity::Event;
use crate::services::contacts::store::ContactStore;
use crate::services::jobs::WelcomeEmail;
use crate::services::metrics::Counter;
use crate::services::metrics::Metrics;

/// Counts new contacts, and enqueues a welcome email to each that gets one.
pub struct WelcomeHook {
    pub config: Arc<WelcomeConfig>,
    /// Counts new contacts; `None` in a command, which counts nothing.
    pub metrics: Option<Metrics>,
    pub queue: Queue,
    /// Keeps the activities of contacts.
    pub store: Arc<dyn ContactStore>,
    pub clock: Arc<dyn Clock>,
}

impl CreationHook for WelcomeHook {
    fn step(&self, contact: ContactId, welcome: Option<bool>) -> Option<TransactionStep> {
        if !welcome.unwrap_or(self.config.enabled) {
            return None;
        }
        let job = WelcomeEmail::new(contact);
        let options = WelcomeEmail::options(&self.config);
        let queue = self.queue.clone();
        let now = self.clock.now();
        let record = self.store.recording(contact, Event::WelcomeQueued, now);
        Some(Arc::new(move |tx| {
            let (job, options) = (job.clone(), options.clone());
            let (queue, record) = (queue.clone(), record.clone());
            Box::pin(async move {
                queue.enqueue(tx, &job, &options).await?;
                record(tx).await
            })
        }))
    }

    fn created(&self, had_step: bool) {
        if let Some(metrics) = &self.metrics {
            metrics.count(Counter::NewContacts);
        }
        if had_step {
            self.queue.wake();
        }
    }
}
