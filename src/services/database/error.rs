//! Which errors of `SQLite` may pass, and which are defects.

use sqlx::sqlite::SqliteError;

/// The low byte of `SQLite`'s result code; the rest tells variants of the same kind apart.
/// <https://www.sqlite.org/rescode.html>
pub fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let error = error
        .as_database_error()?
        .try_downcast_ref::<SqliteError>()?;
    let code: u32 = sqlx::error::DatabaseError::code(error)?.parse().ok()?;
    Some(code & 0xFF)
}

pub const BUSY: u32 = 5;
pub const LOCKED: u32 = 6;
pub const NOMEM: u32 = 7;
pub const READONLY: u32 = 8;
pub const IOERR: u32 = 10;
pub const CORRUPT: u32 = 11;
pub const FULL: u32 = 13;
pub const CANTOPEN: u32 = 14;
pub const NOTADB: u32 = 26;

/// Whether an error may pass by itself: somebody else is writing, the database is closing, or the
/// machine is short of memory, of disk space or of the disk. Others are defects.
pub fn may_pass(error: &sqlx::Error) -> bool {
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
