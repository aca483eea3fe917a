//! A PostgreSQL server.
//!
//! [`server`]: what is kept open of one. [`pool`]: its connections, which lead to one of its [`hosts`]. [`handle`]: one
//! of them in use. [`driver`]: how a statement runs on it. [`address`] and [`error`]: what the driver says of them.
//!
//! No other module of this crate names sqlx's types for PostgreSQL. So a build without the feature `postgres` has
//! `without_postgres.rs` in place of this module.

mod address;
mod driver;
mod error;
mod handle;
mod hosts;
mod pool;
mod server;

pub(crate) use sqlx::postgres::{PgListener, PgRow};

pub(crate) use self::address::is_understood;
pub(crate) use self::driver::PostgresDriver;
pub(crate) use self::error::sqlstate;
pub(crate) use self::handle::PostgresHandle;
pub(crate) use self::hosts::Hosts;
pub(crate) use self::pool::{PostgresPool, Timeouts};
pub(crate) use self::server::{BEGIN_READ, PostgresServer};

#[cfg(test)]
mod tests;
