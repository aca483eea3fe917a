//! What an operator chooses for the broker.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::destination::Destinations;

/// What an operator may choose.
#[derive(Clone, Debug)]
pub struct Settings {
    pub destinations: Destinations,
    /// Deliveries at the same time: so many to webhooks, and so many elsewhere.
    pub concurrency: NonZeroU32,
    /// The longest that one may take.
    pub timeout: Duration,
    /// How long delivered messages, dead letters and events are kept.
    pub retention: Duration,
}
