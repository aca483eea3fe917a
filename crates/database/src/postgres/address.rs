//! Which addresses PostgreSQL's driver understands.

use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

/// Whether the driver understands the address of one host.
pub(crate) fn is_understood(address: &str) -> bool {
    PgConnectOptions::from_str(address).is_ok()
}
