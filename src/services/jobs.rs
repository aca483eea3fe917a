//! The jobs of Kith: what it does later, by its queue. A job is one file here, or beside the use cases
//! that it belongs to, and one line below.

mod daily_report;
mod welcome_email;

use kith_database::Database;
use kith_queue::Job;
use kith_queue::Jobs;
use kith_queue::Queue;
use kith_queue::broker;
use kith_queue::broker::Broker;
use kith_queue::destination::Destinations;
use kith_queue::inbox;
use kith_queue::qstash::QStash;
use kith_queue::receiver::Receiver;
use tokio_util::sync::CancellationToken;

use crate::services::accounts::AccountMail;
use crate::services::accounts::BirthdayMail;
use crate::services::accounts::BirthdayRound;
use crate::services::config::Config;
use crate::services::mail;
use crate::services::origin::Origin;
use crate::services::pause;

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
    AccountMail => account_mail,
    BirthdayRound => birthday_round,
    BirthdayMail => birthday_mail,
}

/// The queue of the configuration: QStash, or the broker in this process.
pub fn open_queue(config: &Config, database: Database) -> Queue {
    let origin = config.server.origin();
    let destinations = Destinations {
        origin: origin.to_string(),
        reached_at: format!("http://{}", config.server.addr),
        webhooks: WEBHOOKS,
        allowed: config.queue.allow.0.iter().map(Origin::to_string).collect(),
        allow_setting: "queue.allow",
    };
    let clock = database.clock();
    let broker = Broker::new(
        database,
        clock,
        broker::Options {
            destinations: destinations.clone(),
            concurrency: config.queue.concurrency,
            timeout: config.queue.timeout,
            retention: config.queue.retention,
            paused: Some(pause::PAUSED),
        },
    );
    let qstash = config.queue.qstash_token.as_ref().map(|token| {
        let url = config.queue.qstash_url.as_str();
        QStash::new(url, token.reveal(), destinations)
    });
    Queue::new(broker, qstash)
}
