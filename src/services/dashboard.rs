//! The dashboard: everything that is known about Kith at one instant.
//!
//! - [`Dashboard`] takes a [`Snapshot`] of its sources.
//! - [`redis_info`]: what Redis says about itself.
//!
//! A snapshot costs the same however many clients ask for one. Kith reads the database and Redis at most
//! once a second, and all clients that ask meanwhile get the same values.

mod memo;
pub mod redis_info;
mod service;
mod snapshot;

pub use self::service::Dashboard;
pub use self::service::Options;
pub use self::snapshot::PolicyState;
pub use self::snapshot::Snapshot;
pub use self::snapshot::StoredMetrics;
