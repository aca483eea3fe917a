//! What Kith counts and measures: requests and how long they take, refusals, new contacts, reads of the
//! cache, deliveries, mails.
//!
//! - [`Metrics`]: counts, and stores the counts. [`values`]: what is counted. [`latency`]: histograms. [`store`]: minutes, hours and days in the
//!   database. [`series`]: metrics over time.
//!
//! Each part of Kith counts in memory. About once a second a task stores the counts in one transaction, so
//! metrics of several processes add up and outlive them. A process that is killed loses at most the counts of
//! the last second; a process that is stopped loses nothing.

pub mod latency;
pub mod series;
mod service;
pub mod store;
pub mod values;

pub use self::service::Metrics;
pub use self::service::Options;
pub use self::service::Totals;
pub use self::values::Counter;
pub use self::values::Gauge;
pub use self::values::MetricValues;
