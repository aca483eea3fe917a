//! Which errors may pass, and which are defects.

use std::io;

use sqlx::sqlite::SqliteError;

use crate::postgres::sqlstate;

/// The primary result code of SQLite behind an error: the low byte, since the rest tells variants of the
/// same kind apart. `None` for errors that SQLite did not report. See
/// <https://www.sqlite.org/rescode.html>.
pub fn primary_code(error: &sqlx::Error) -> Option<u32> {
    extended_code(error).map(|code| code & 0xFF)
}

fn extended_code(error: &sqlx::Error) -> Option<u32> {
    let error = error
        .as_database_error()?
        .try_downcast_ref::<SqliteError>()?;
    sqlx::error::DatabaseError::code(error)?.parse().ok()
}

/// Whether the system has not taken what SQLite wrote, for another reason than a full disk: a quota, a limit on the
/// size of files, or a disk that fails.
pub(crate) fn is_failed_write(error: &sqlx::Error) -> bool {
    const WRITE: u32 = IOERR | (3 << 8);
    const FSYNC: u32 = IOERR | (4 << 8);
    const DIR_FSYNC: u32 = IOERR | (5 << 8);
    const TRUNCATE: u32 = IOERR | (6 << 8);
    matches!(
        extended_code(error),
        Some(WRITE | FSYNC | DIR_FSYNC | TRUNCATE)
    )
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
        sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(_) => match sqlstate(error) {
            Some(state) => is_passing_state(state),
            None => matches!(
                primary_code(error),
                Some(BUSY | LOCKED | NOMEM | READONLY | IOERR | FULL | CANTOPEN)
            ),
        },
        _ => false,
    }
}

/// Whether the server is starting, stopping, overloaded or a standby, or met another transaction.
fn is_passing_state(state: &str) -> bool {
    let classes = ["08", "40", "53", "57", "58"];
    classes.iter().any(|class| state.starts_with(class))
        || [READ_ONLY, LOCK_TIMEOUT, CHANGED_TABLE].contains(&state)
}

/// Whether two transactions of a PostgreSQL server met in a way that the next attempt need not.
pub fn is_conflict(error: &sqlx::Error) -> bool {
    matches!(sqlstate(error), Some("40001" | "40P01"))
}

/// Whether the connection is of no use any more: it ended, it did not answer in time, or it leads to a server that
/// cannot be written to.
pub(crate) fn is_disconnection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        _ => sqlstate(error).is_some_and(|state| {
            let is_of_connection = state.starts_with("08") || state.starts_with("57P0");
            is_of_connection || [READ_ONLY, CHANGED_TABLE].contains(&state)
        }),
    }
}

/// The error of a statement that was not answered in time.
pub(crate) fn timed_out() -> sqlx::Error {
    sqlx::Error::Io(io::ErrorKind::TimedOut.into())
}

/// Whether a read that met this error may be made again on another connection. One that took too long would take as
/// long again.
pub(crate) fn may_be_made_again(error: &sqlx::Error) -> bool {
    let took_too_long =
        matches!(error, sqlx::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut);
    is_disconnection(error) && !took_too_long
}

/// A prepared statement does not fit any more: another instance has brought the tables up to date.
pub(crate) const CHANGED_TABLE: &str = "0A000";

/// The transaction may only read, as on a standby.
pub(crate) const READ_ONLY: &str = "25006";

/// Another transaction kept a lock for too long.
pub(crate) const LOCK_TIMEOUT: &str = "55P03";
