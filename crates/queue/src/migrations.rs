//! The tables of the queue. The application runs these migrations, at numbers of its own choice, in this
//! order.

/// The outbox, the broker with its messages, and what consumers have done.
pub const QUEUE: &str = include_str!("../migrations/queue.sql");

/// Where each message goes, so that a receiver that hangs holds up no others.
pub const ORIGINS: &str = include_str!("../migrations/origins.sql");
