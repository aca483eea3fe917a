//! What PostgreSQL says of an error.

use sqlx::postgres::PgDatabaseError;

/// The SQLSTATE behind an error. `None` for errors that PostgreSQL did not report. See
/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(crate) fn sqlstate(error: &sqlx::Error) -> Option<&str> {
    let error = error.as_database_error()?;
    let error = error.try_downcast_ref::<PgDatabaseError>()?;
    Some(error.code())
}
