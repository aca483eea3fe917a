//! [`WelcomeHook`]: what new contacts bring about.

use super::message;
use crate::model::contact::ContactId;
use crate::services::config::WelcomeConfig;
use crate::services::contacts::CreationHook;
use crate::services::metrics::Counter;
use crate::services::metrics::Metrics;
use kith_queue::Queue;
use kith_queue::outbox::Outgoing;

/// Counts new contacts, and queues a welcome email to each that gets one.
pub struct WelcomeHook {
    pub config: WelcomeConfig,
    pub metrics: Metrics,
    pub queue: Queue,
}

impl CreationHook for WelcomeHook {
    fn message(&self, contact: ContactId, welcome: Option<bool>) -> Option<Outgoing> {
        let is_wanted = welcome.unwrap_or(self.config.enabled);
        is_wanted.then(|| message(contact, &self.config))
    }

    fn created(&self, with_message: bool) {
        self.metrics.count(Counter::NewContacts);
        if with_message {
            self.queue.wake();
        }
    }
}
