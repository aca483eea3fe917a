//! How a job is published.

use std::time::Duration;

use crate::destination::Destinations;
use crate::job::Job;
use crate::message::Callback;
use crate::message::DeliverySpec;
use crate::message::Publication;

/// How a job is delivered. The default is at once, with the retries that QStash documents.
#[derive(Clone, Debug, Default)]
pub struct JobOptions {
    /// How long the first delivery waits.
    pub delay: Duration,
    /// How often a delivery that failed is repeated; `None` for the default of the queue.
    pub retries: Option<u32>,
    /// The wait before a retry, as an expression of [`RetryDelay`](crate::delay::RetryDelay); `None` for
    /// the default of the queue.
    pub retry_delay: Option<String>,
}

impl JobOptions {
    /// The message of a job.
    pub(crate) fn publish<J: Job>(
        &self,
        job: &J,
        destinations: &Destinations,
    ) -> Result<Publication, serde_json::Error> {
        let delay = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX);
        Ok(Publication {
            destination: J::path(destinations),
            delivery: DeliverySpec {
                headers: vec![("content-type".to_owned(), "application/json".to_owned())],
                delay: Some(delay),
                retries: self.retries,
                retry_delay: self.retry_delay.clone(),
                ..DeliverySpec::default()
            },
            failure_callback: J::DISCARD_LABEL.map(|_| Callback {
                url: J::discard_path(destinations),
                delivery: DeliverySpec::default(),
            }),
            body: serde_json::to_vec(job)?,
            ..Publication::default()
        })
    }
}
