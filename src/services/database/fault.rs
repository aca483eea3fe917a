//! What keeps the database from doing its work: noticed where it happens, told to operators, and over
//! once a probe has written to the database again.
//!
//! While all is well nothing is written for this. While a fault stands one task probes, so that it
//! ends without anybody's request.

use std::fmt;
use std::io;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::ConnectOptions;
use sqlx::Connection;
use sqlx::SqliteConnection;
use tokio::time::Instant;

use super::Database;
use super::connect_options;
use super::error;

/// The shortest pause between two probes.
const PAUSE: Duration = Duration::from_secs(1);

/// The pause is at least this many times as long as the probe took, which may read the whole file.
const PAUSE_FACTOR: u32 = 20;

/// How many bytes a probe writes: more pages than adding a contact takes.
const PROBE_BYTES: u32 = 64 * 1024;

/// Why the database cannot do its work. Displayed, it is a sentence without any text of the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Full,
    ReadOnly,
    /// Reading or writing fails below SQLite.
    Disk,
    Damaged,
    Memory,
    /// Another process does not let go of its turn to write.
    Locked,
    /// This process does not come to its turn to write.
    Slow,
    FileGone,
    LogGone,
}

/// How the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Since when it is so.
    pub since: Timestamp,
    pub fault: Option<Fault>,
}

/// What was met.
#[derive(Debug)]
pub(super) struct Faults(Mutex<State>);

#[derive(Debug)]
struct State {
    condition: Condition,
    /// How often a fault was met. One that was met while a probe ran is not over.
    met: u64,
    /// Whether the file must be read whole before it counts as good.
    suspect: bool,
}

impl Fault {
    /// The fault behind an error; `None` for errors that say nothing about the next read or write.
    pub(super) fn of(error: &sqlx::Error) -> Option<Self> {
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
                "Some of it cannot be read or changed. Stop Kith and restore a backup."
            }
            Self::Memory => "Some reads and changes fail.",
            Self::Locked => "Nothing can be changed until the other program lets go of it.",
            Self::Slow => "Some changes are refused.",
            Self::FileGone => {
                "Nothing can be changed. Move the file back, or restart Kith to use the file that \
                 is there now."
            }
            Self::LogGone => {
                "Nothing can be changed. Stop Kith, which saves what it has, and start it again."
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
                "The database file was moved, deleted or replaced while Kith was running."
            }
            Self::LogGone => {
                "The log of the database (-wal or -shm) was moved, deleted or replaced while Kith \
                 was running."
            }
        })
    }
}

/// For who asked for a change.
impl From<Fault> for sqlx::Error {
    fn from(fault: Fault) -> Self {
        Self::Io(io::Error::other(fault.to_string()))
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self(Mutex::new(State {
            condition: Condition {
                since: Timestamp::now(),
                fault: None,
            },
            met: 0,
            suspect: false,
        }))
    }
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is the first.
    fn meet(&self, fault: Fault) -> bool {
        let mut state = self.lock();
        let before = state.condition.fault.replace(fault);
        if before.is_none() {
            state.condition.since = Timestamp::now();
        }
        state.met += 1;
        state.suspect |= matches!(fault, Fault::Disk | Fault::Damaged);
        if before != Some(fault) {
            tracing::error!("{fault} {}", fault.effect());
        }
        before.is_none()
    }

    /// Ends what stands unless something was met since this count. Whether nothing stands any more.
    fn heal(&self, met: u64) -> bool {
        let mut state = self.lock();
        if state.met != met {
            return false;
        }
        state.suspect = false;
        state.condition = Condition {
            since: Timestamp::now(),
            fault: None,
        };
        tracing::info!("the database works again");
        true
    }
}

impl Database {
    /// How the database is, as the last reads and writes met it, and whether its path still leads to
    /// it.
    pub fn condition(&self) -> Condition {
        // It is noted, which is all that is asked for.
        let _ = self.look();
        self.watch.faults.lock().condition
    }

    /// Fails when the paths no longer lead to the files that are open.
    pub(super) fn look(&self) -> Result<(), sqlx::Error> {
        // The last to close removes the log itself.
        if self.watch.stop.is_cancelled() {
            return Ok(());
        }
        let Some(fault) = self.watch.files.gone() else {
            return Ok(());
        };
        self.meet(fault);
        Err(fault.into())
    }

    pub(super) fn heed(&self, error: &sqlx::Error) {
        if let Some(fault) = Fault::of(error) {
            self.meet(fault);
        }
    }

    pub(super) fn meet(&self, fault: Fault) {
        if self.watch.faults.meet(fault) {
            self.watch.tasks.spawn(self.clone().probe_until_healed());
        }
    }

    async fn probe_until_healed(self) {
        let mut pause = PAUSE;
        loop {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.watch.stop.cancelled() => return,
            }
            let met = self.watch.faults.lock().met;
            let start = Instant::now();
            let good = tokio::select! {
                good = self.probe() => good.unwrap_or(false),
                () = self.watch.stop.cancelled() => return,
            };
            if good && self.watch.faults.heal(met) {
                return;
            }
            pause = PAUSE.max(start.elapsed() * PAUSE_FACTOR);
        }
    }

    /// Writes as much as a change does, and reads the whole file if it is suspect. Whether it is good.
    async fn probe(&self) -> Result<bool, sqlx::Error> {
        if self.watch.files.gone() == Some(Fault::LogGone) {
            self.save_log().await?;
        }
        // No other transaction ever sees it.
        let mut tx = self.write().await?;
        sqlx::query(
            "INSERT INTO settings (name, value, changed_at) VALUES ('probe', hex(zeroblob(?)), 0)",
        )
        .bind(PROBE_BYTES / 2)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM settings WHERE name = 'probe'")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        let suspect = self.watch.faults.lock().suspect;
        Ok(!suspect || self.is_whole().await?)
    }

    /// Whether SQLite finds no damage in what is on the disk, rather than in what a connection
    /// remembers of it.
    async fn is_whole(&self) -> Result<bool, sqlx::Error> {
        let path = self.watch.files.database();
        let mut connection = connect_options(path).read_only(true).connect().await?;
        let found: String = sqlx::query_scalar("PRAGMA integrity_check(1)")
            .fetch_one(&mut connection)
            .await?;
        connection.close().await?;
        Ok(found == "ok")
    }

    /// Writes what was acknowledged from a log that nobody will find into the database, which is
    /// still where it was.
    async fn save_log(&self) -> Result<(), sqlx::Error> {
        let mut writer = self.writer.acquire().await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .execute(&mut *writer)
            .await?;
        Ok(())
    }
}

/// The fault that the last statement on a connection met.
pub(super) async fn last_fault(connection: &mut SqliteConnection) -> Option<Fault> {
    let error = connection.lock_handle().await.ok()?.last_error()?;
    Fault::of(&error.into())
}

#[cfg(test)]
mod tests;
