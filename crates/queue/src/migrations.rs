//! The tables of the queue. The application runs these migrations, at numbers of its own choice, in this
//! order: [`QUEUE`] and [`ORIGINS`] in a SQLite file, [`POSTGRES`] in a PostgreSQL server.

/// The outbox, the broker with its messages, and what consumers have done.
pub const QUEUE: &str = include_str!("../migrations/queue.sql");

/// Where each message goes, so that a receiver that hangs holds up no others.
pub const ORIGINS: &str = include_str!("../migrations/origins.sql");

/// All tables of the queue in PostgreSQL, in place of the others.
pub const POSTGRES: &str = include_str!("../migrations/postgres/0001_queue.sql");
