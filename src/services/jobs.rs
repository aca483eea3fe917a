//! The jobs of Kith: what it does later, by its queue. A job is one file here, and one line below.

mod daily_report;
mod welcome_email;

use kith_queue::Job;
use kith_queue::Jobs;
use kith_queue::inbox;
use kith_queue::receiver::Receiver;
use tokio_util::sync::CancellationToken;

use crate::services::mail;

pub use daily_report::DailyReport;
pub use daily_report::ReportContext;
pub use welcome_email::WelcomeContext;
pub use welcome_email::WelcomeEmail;

// A job must end well before the lease of its message, or another consumer runs it at the same time.
const _: () = assert!(2 * mail::SEND_TIMEOUT.as_secs() <= inbox::LEASE_DURATION.as_secs());

/// What the paths begin with that the queue delivers to.
pub const WEBHOOKS: &str = "/api/webhooks/";

/// The kinds of jobs, each with the field of [`Contexts`] that holds what it needs to run.
macro_rules! jobs {
    ($($Job:ty => $context:ident,)+) => {
        /// What the jobs need to run.
        pub struct Contexts {
            $(pub $context: <$Job as Job>::Context,)+
        }

        /// The registry of all jobs.
        pub fn registry(
            receiver: Receiver,
            stopping: CancellationToken,
            contexts: Contexts,
        ) -> Jobs {
            Jobs::new(receiver, stopping)$(.register::<$Job>(contexts.$context))+
        }

        /// What people call a message to `destination`, a path or a URL; `None` where it is no job's.
        pub fn label(destination: &str) -> Option<&'static str> {
            let (_, path) = destination.split_once(WEBHOOKS)?;
            None$(.or_else(|| <$Job>::label_of(path)))+
        }
    };
}

jobs! {
    WelcomeEmail => welcome_email,
    DailyReport => daily_report,
}
