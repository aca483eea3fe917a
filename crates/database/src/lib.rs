#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod change;
mod database;
mod error;
mod fault;
mod files;
mod monitored;
mod open;
mod step;

pub use database::Database;
pub use error::{is_transient, primary_code};
pub use fault::Fault;
pub use monitored::{Monitored, Reader, Tx};
pub use open::{Migration, OpenError, Options};
pub use step::{StepError, TransactionStep};

#[cfg(test)]
mod tests;
