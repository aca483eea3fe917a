//! What keeps the database from doing its work: noticed where it happens, reported to operators, and over
//! once a probe has written to the database again.
//!
//! A healthy database is not probed. While a fault stands, one task probes, so that the fault ends without a
//! request.

use std::fmt;
use std::io;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use kith_runtime::ComponentHealth;
use sqlx::ConnectOptions;
use sqlx::Connection;
use tokio::time::Instant;

use crate::connection::Observer;
use crate::database::Database;
use crate::database::connect_options;
use crate::error;
use crate::query::query;

/// The shortest pause between two probes.
const MIN_PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// The pause is at least this many times as long as the probe took, which may read the whole file.
const PROBE_INTERVAL_FACTOR: u32 = 20;

/// How many bytes a probe writes: more pages than adding a contact takes.
const PROBE_BYTES: u32 = 64 * 1024;

/// Why the database cannot do its work. Displayed, it is a sentence without any text of the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full.
    Full,
    /// The file may not be written.
    ReadOnly,
    /// Reading or writing fails below SQLite.
    Disk,
    /// The file holds what SQLite did not write.
    Damaged,
    /// Memory is short.
    Memory,
    /// Another process holds the lock to write.
    Locked,
    /// A writer of this process waited too long for its turn.
    Slow,
    /// The path leads to another file, or to none.
    FileGone,
    /// The path of the log or of its index leads to another file, or to none.
    LogGone,
}

/// The fault that stands, shared by everything that uses the database.
#[derive(Debug)]
pub(crate) struct Faults(Mutex<State>);

#[derive(Debug)]
struct State {
    health: ComponentHealth<Fault>,
    /// How many faults were recorded. A fault that was recorded while a probe ran is not over.
    recorded: u64,
    /// Whether the file must be read whole before it counts as good.
    suspect: bool,
}

impl Fault {
    /// The fault behind an error; `None` for errors that say nothing about the next read or write.
    pub(crate) fn of(error: &sqlx::Error) -> Option<Self> {
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Some(Self::Slow);
        }
        Some(match error::primary_code(error)? {
            error::FULL => Self::Full,
            error::READONLY => Self::ReadOnly,
            error::IOERR | error::CANTOPEN => Self::Disk,
            error::CORRUPT | error::NOTADB => Self::Damaged,
            error::NOMEM => Self::Memory,
            error::BUSY | error::LOCKED => Self::Locked,
            _ => return None,
        })
    }

    /// What it means, and what to do.
    pub fn effect(self) -> &'static str {
        match self {
            Self::Full => "Nothing can be changed until there is room on the disk.",
            Self::ReadOnly => {
                "Nothing can be changed. Make the file, its directory and its file system writable."
            }
            Self::Disk => {
                "Some of it cannot be read or changed. Check the disk and the file system."
            }
            Self::Damaged => {
                "Some of it cannot be read or changed. Stop this server and restore a backup."
            }
            Self::Memory => "Some reads and changes fail.",
            Self::Locked => "Nothing can be changed until the other program lets go of it.",
            Self::Slow => "Some changes are refused.",
            Self::FileGone => {
                "Nothing can be changed. Move the file back, or restart this server to use the \
                 file that is there now."
            }
            Self::LogGone => {
                "Nothing can be changed. Stop this server, which saves what it has, and start it \
                 again."
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "There is no room left for the database.",
            Self::ReadOnly => "The database may not be written to.",
            Self::Disk => "The system reports errors when the database is read or written.",
            Self::Damaged => "The database file is damaged.",
            Self::Memory => "There is no memory left for the database.",
            Self::Locked => "Another program keeps the database locked.",
            Self::Slow => "Changes wait too long for their turn.",
            Self::FileGone => {
                "The database file was moved, deleted or replaced while it was in use."
            }
            Self::LogGone => {
                "The log of the database (-wal or -shm) was moved, deleted or replaced while it \
                 was in use."
            }
        })
    }
}

impl From<Fault> for sqlx::Error {
    fn from(fault: Fault) -> Self {
        Self::Io(io::Error::other(fault.to_string()))
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self(Mutex::new(State {
            health: ComponentHealth::new(None),
            recorded: 0,
            suspect: false,
        }))
    }
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the database was healthy until now.
    fn record(&self, fault: Fault) -> bool {
        let mut state = self.lock();
        let before = state.health.failure;
        state.health.update(Some(fault));
        state.recorded += 1;
        state.suspect |= matches!(fault, Fault::Disk | Fault::Damaged);
        if before != Some(fault) {
            tracing::error!("{fault} {}", fault.effect());
        }
        before.is_none()
    }

    /// Ends the fault that stands, unless another was recorded since this count. Whether it ended.
    fn heal(&self, recorded: u64) -> bool {
        let mut state = self.lock();
        if state.recorded != recorded {
            return false;
        }
        state.suspect = false;
        state.health.update(None);
        tracing::info!("the database works again");
        true
    }
}

impl Observer for Database {
    fn record_error(&self, error: &sqlx::Error) {
        if let Some(fault) = Fault::of(error) {
            self.record_fault(fault);
        }
    }
}

impl Database {
    /// The health of the database: what the last reads and writes met, and whether its path still leads to
    /// its file.
    pub fn health(&self) -> ComponentHealth<Fault> {
        // A file that is gone is recorded, which is all that counts here.
        let _ = self.check_files();
        self.monitor.faults.lock().health
    }

    /// Fails when the paths no longer lead to the files that are open.
    pub(crate) fn check_files(&self) -> Result<(), sqlx::Error> {
        // The last process to close removes the log itself.
        if self.monitor.tasks.is_stopped() {
            return Ok(());
        }
        let Some(fault) = self.monitor.files.gone() else {
            return Ok(());
        };
        self.record_fault(fault);
        Err(fault.into())
    }

    pub(crate) fn record_fault(&self, fault: Fault) {
        if self.monitor.faults.record(fault) {
            let probing = self.clone().probe_until_healed();
            self.monitor.tasks.spawn_until_stopped(probing);
        }
    }

    async fn probe_until_healed(self) {
        let mut pause = MIN_PROBE_INTERVAL;
        loop {
            tokio::time::sleep(pause).await;
            let recorded = self.monitor.faults.lock().recorded;
            let start = Instant::now();
            let good = self.probe().await.unwrap_or(false);
            if good && self.monitor.faults.heal(recorded) {
                return;
            }
            pause = MIN_PROBE_INTERVAL.max(start.elapsed() * PROBE_INTERVAL_FACTOR);
        }
    }

    /// Writes as much as a change does, and reads the whole file if it is suspect. Whether it is good.
    async fn probe(&self) -> Result<bool, sqlx::Error> {
        if self.monitor.files.gone() == Some(Fault::LogGone) {
            self.save_log().await?;
        }
        // No other transaction ever sees the table.
        let mut tx = self.write().await?;
        query("CREATE TABLE write_probe (bytes BLOB NOT NULL) STRICT")
            .execute(&mut tx)
            .await?;
        query("INSERT INTO write_probe (bytes) VALUES (zeroblob($1))")
            .bind(PROBE_BYTES)
            .execute(&mut tx)
            .await?;
        query("DROP TABLE write_probe").execute(&mut tx).await?;
        tx.commit().await?;
        let suspect = self.monitor.faults.lock().suspect;
        Ok(!suspect || self.is_whole().await?)
    }

    /// Whether SQLite finds no damage in what is on the disk, rather than in what a connection
    /// remembers of it.
    async fn is_whole(&self) -> Result<bool, sqlx::Error> {
        let path = self.monitor.files.database();
        let mut connection = connect_options(path).read_only(true).connect().await?;
        let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(found == "ok")
    }

    /// Writes what was acknowledged from a log that has no path any more into the database file, which is
    /// still in its place.
    async fn save_log(&self) -> Result<(), sqlx::Error> {
        let mut writer = self.writer.acquire().await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut *writer)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
