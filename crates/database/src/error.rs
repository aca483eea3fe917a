//! Which errors of SQLite may pass, and which are defects.

use sqlx::sqlite::SqliteError;

/// The primary result code of SQLite behind an error: the low byte, since the rest tells variants of the
/// same kind apart. `None` for errors that SQLite did not report. See
/// <https://www.sqlite.org/rescode.html>.
pub fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let error = error
        .as_database_error()?
        .try_downcast_ref::<SqliteError>()?;
    let code: u32 = sqlx::error::DatabaseError::code(error)?.parse().ok()?;
    Some(code & 0xFF)
}

pub(crate) const BUSY: u32 = 5;
pub(crate) const LOCKED: u32 = 6;
pub(crate) const NOMEM: u32 = 7;
pub(crate) const READONLY: u32 = 8;
pub(crate) const IOERR: u32 = 10;
pub(crate) const CORRUPT: u32 = 11;
pub(crate) const FULL: u32 = 13;
pub(crate) const CANTOPEN: u32 = 14;
pub(crate) const NOTADB: u32 = 26;

/// Whether an error may pass by itself: another writer has its turn, the database is closing, or the
/// machine is short of memory, of disk space or of the disk. Others are defects.
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(_) => matches!(
            primary_code(error),
            Some(BUSY | LOCKED | NOMEM | READONLY | IOERR | FULL | CANTOPEN)
        ),
        _ => false,
    }
}
