//! A PostgreSQL server.
//!
//! [`server`]: what is kept open of one. [`pool`]: its connections, which lead to one of its [`hosts`]. [`handle`]: one
//! of them in use. [`driver`]: how a statement runs on it.

mod driver;
mod handle;
mod hosts;
mod pool;
mod server;

pub(crate) use self::driver::PostgresDriver;
pub(crate) use self::handle::PostgresHandle;
pub(crate) use self::hosts::Hosts;
pub(crate) use self::pool::PostgresPool;
pub(crate) use self::server::{BEGIN_READ, PostgresServer};

#[cfg(test)]
mod tests;
