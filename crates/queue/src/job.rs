//! Jobs: what an application does with the queue. A job is one type, in one file, registered in one line.
//!
//! - [`Job`]: what the application writes. [`Outcome`]: what came of running it.
//! - [`Jobs`]: the registry. It gives the routes that the queue delivers to, with verification and once-only
//!   execution.

mod options;
mod outcome;
mod registry;
mod runner;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use jiff::Timestamp;
use kith_database::TransactionStep;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;

use crate::destination::Destinations;

pub use options::JobOptions;
pub use outcome::Attempt;
pub use outcome::Failure;
pub use outcome::Outcome;
pub use registry::Jobs;

/// The end of the path that the queue reports to when all attempts have failed.
const DISCARD_SUFFIX: &str = "/failed";

/// Work that the queue delivers. Its JSON is the body of the message.
///
/// ```
/// use async_trait::async_trait;
/// use kith_queue::Attempt;
/// use kith_queue::Job;
/// use kith_queue::Outcome;
/// use serde::Deserialize;
/// use serde::Serialize;
///
/// #[derive(Serialize, Deserialize)]
/// struct Resize {
///     image: u64,
/// }
///
/// #[derive(Clone)]
/// struct Images;
///
/// #[async_trait]
/// impl Job for Resize {
///     type Context = Images;
///     const KIND: &'static str = "resize";
///     const LABEL: &'static str = "Resize an image";
///
///     fn id(&self) -> String {
///         format!("resize-{}", self.image)
///     }
///
///     async fn run(&self, _images: &Images, attempt: &Attempt) -> Outcome {
///         println!("attempt {} to resize image {}", attempt.number, self.image);
///         Outcome::done()
///     }
/// }
/// ```
#[async_trait]
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What the job needs to run, such as services of the application. Cheap to clone.
    type Context: Clone + Send + Sync + 'static;

    /// The kind of job. It is the end of the path that the queue delivers to, so it never changes.
    const KIND: &'static str;

    /// What people call a message of this kind.
    const LABEL: &'static str;

    /// What people call the message that all attempts have failed; `None` when the job does not want it,
    /// and [`discard`](Self::discard) is never called.
    const DISCARD_LABEL: Option<&'static str> = None;

    /// Names the job for ever: a message with the same id is the same job.
    fn id(&self) -> String;

    /// What a message is executed once under; by default the kind and the [`id`](Self::id).
    fn key(&self, _message_id: &str) -> String {
        format!("{}:{}", Self::KIND, self.id())
    }

    /// Reads the body of a message; by default as JSON. `None` where the message can never be executed.
    fn parse(body: &[u8], _now: Timestamp) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Runs the job. It may run again after a crash.
    async fn run(&self, context: &Self::Context, attempt: &Attempt) -> Outcome;

    /// The body of the answer to a message that was executed, now or before.
    ///
    /// # Errors
    /// [`Failure`] where it cannot be told.
    async fn answer(&self, _context: &Self::Context) -> Result<Value, Failure> {
        Ok(json!({ "success": true }))
    }

    /// What is written once all attempts have failed; `None` for nothing.
    ///
    /// # Errors
    /// [`Failure`] where that is not known yet.
    async fn discard(&self, _context: &Self::Context) -> Result<Option<TransactionStep>, Failure> {
        Ok(None)
    }

    /// What people call a message to `path`, which begins after the path of all webhooks; `None` where it
    /// is no message of this kind.
    fn label_of(path: &str) -> Option<&'static str> {
        match path.strip_prefix(Self::KIND)? {
            "" => Some(Self::LABEL),
            DISCARD_SUFFIX => Self::DISCARD_LABEL,
            _ => None,
        }
    }

    /// The path that the queue delivers messages of this kind to.
    fn path(destinations: &Destinations) -> String {
        format!("{}{}", destinations.webhooks, Self::KIND)
    }

    /// The path that the queue reports to when all attempts have failed.
    fn discard_path(destinations: &Destinations) -> String {
        format!("{}{DISCARD_SUFFIX}", Self::path(destinations))
    }
}
