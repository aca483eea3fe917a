#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod database;
mod error;
mod step;

pub use database::Database;
pub use database::fault::Fault;
pub use database::monitored::{Monitored, Reader, Tx};
pub use database::open::{Migration, OpenError, Options};
pub use database::wal_index::CommitMark;
pub use error::{is_transient, primary_code};
pub use step::{StepError, TransactionStep};

#[cfg(test)]
mod tests;
