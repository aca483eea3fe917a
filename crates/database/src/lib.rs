#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod attempts;
mod clock;
mod connection;
mod database;
mod error;
// Without PostgreSQL, the same names have no values.
#[cfg_attr(not(feature = "postgres"), path = "without_postgres.rs")]
mod postgres;
mod query;
mod row;
mod server_address;
pub mod sqlite_file;
mod statement;
mod step;
mod warning;

pub use attempts::Attempts;
pub use connection::Connection;
pub use database::Database;
pub use database::fault::Fault;
pub use database::notify::Notifications;
pub use database::open::{Migration, OpenError, Options, ServerProblem};
pub use database::transaction::{Reader, Tx};
pub use database::wal_index::CommitMark;
pub use error::{is_conflict, is_transient, primary_code};
pub use query::{Query, QueryBuilder, query};
pub use row::{Column, FromRow, Index, Row};
pub use server_address::{InvalidServerAddress, ServerAddress};
pub use statement::{Engine, Sql, Value};
pub use step::{StepError, TransactionStep};
pub use warning::Warning;

#[cfg(test)]
mod tests;
