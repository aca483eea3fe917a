//! A real PostgreSQL, started by the test that needs it and ended with it.
//!
//! ```no_run
//! use kith_test_support::postgres_server::PostgresServer;
//!
//! let database = PostgresServer::shared().database();
//! database.query("CREATE TABLE contacts (name TEXT)");
//! assert_eq!(database.query("SELECT count(*) FROM contacts"), "0");
//! println!("{}", database.url());
//! ```
//!
//! PostgreSQL does not run as root. Where the tests do, the server runs as the system user `postgres`.
//! This module needs Linux, whose `/proc` shows which processes belong to a server.

mod database;
mod directory;
mod pgbouncer;
mod programs;
mod server;
#[cfg(test)]
mod tests;

pub use database::PostgresDatabase;
pub use pgbouncer::PgBouncer;
pub use server::LOG_STATEMENTS;
pub use server::PostgresServer;
