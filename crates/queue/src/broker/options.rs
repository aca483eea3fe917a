//! What an operator chooses for the broker.

use std::num::NonZeroU32;
use std::time::Duration;

use kith_database::Sql;

use crate::destination::Destinations;

const DEFAULT_CONCURRENCY: NonZeroU32 = NonZeroU32::new(16).expect("not 0");
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_RETENTION: Duration = Duration::from_secs(72 * 3600);

/// What an operator chooses for the broker.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where messages may go.
    pub destinations: Destinations,
    /// How many messages the broker sends at the same time: so many to webhooks, and as many to other origins, of
    /// which one has at most half, rounded up. The default is 16.
    pub concurrency: NonZeroU32,
    /// The longest time that one delivery may take. The default is 30 s.
    pub timeout: Duration,
    /// How long the broker keeps delivered messages, dead letters and events. The default is 72 h.
    pub retention: Duration,
    /// A statement that finds a row while the queue is paused: then no message is delivered, and no schedule fires.
    /// What the queue accepts waits. The default is none, which never pauses it.
    pub paused: Option<Sql>,
}

impl Options {
    /// Options with the default numbers.
    pub fn new(destinations: Destinations) -> Self {
        Self {
            destinations,
            concurrency: DEFAULT_CONCURRENCY,
            timeout: DEFAULT_TIMEOUT,
            retention: DEFAULT_RETENTION,
            paused: None,
        }
    }
}
