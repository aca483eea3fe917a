#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod change;
mod database;
mod error;
mod fault;
mod files;
mod monitored;
mod open;

pub use database::Database;
pub use error::{is_transient, primary_code};
pub use fault::Fault;
pub use monitored::{Monitored, Reader, Tx};
pub use open::{Migration, OpenError, Options};

#[cfg(test)]
mod tests;
