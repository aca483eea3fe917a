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
use tokio::time::Instant;

use crate::connection::Observer;
use crate::database::Backend;
use crate::database::Database;
use crate::error;
use crate::postgres::sqlstate;
use crate::statement::Engine;

/// The shortest pause between two probes.
const MIN_PROBE_INTERVAL: Duration = Duration::from_secs(1);

/// For a file, the pause is at least this many times as long as the probe took, which may read the whole file.
const PROBE_INTERVAL_FACTOR: u32 = 20;

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
    /// The database server does not answer.
    Unreachable,
    /// The database server may only be read.
    Standby,
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

    /// The fault of a server behind an error, in the same way.
    pub(crate) fn of_server(error: &sqlx::Error) -> Option<Self> {
        let Some(state) = sqlstate(error) else {
            return match error {
                sqlx::Error::PoolTimedOut => Some(Self::Slow),
                error => error::is_disconnection(error).then_some(Self::Unreachable),
            };
        };
        Some(match state {
            "53100" => Self::Full,
            error::READ_ONLY => Self::Standby,
            _ if state.starts_with("53") => Self::Memory,
            _ if state.starts_with("58") => Self::Disk,
            _ if state.starts_with("XX") => Self::Damaged,
            _ if state.starts_with("08") || state.starts_with("57P0") => Self::Unreachable,
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
            Self::Unreachable => "Nothing can be read or changed until it does.",
            Self::Standby => {
                "Nothing can be changed. Name the primary, or wait until this one is promoted."
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
            Self::Unreachable => "The database server does not answer.",
            Self::Standby => "The database server may only be read.",
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
        let fault = match &self.shared.backend {
            Backend::Sqlite(_) => Fault::of(error),
            Backend::Postgres(_) => Fault::of_server(error),
        };
        if let Some(fault) = fault {
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
        self.shared.faults.lock().health
    }

    /// Fails when the paths no longer lead to the files that are open.
    pub(crate) fn check_files(&self) -> Result<(), sqlx::Error> {
        // The last process to close removes the log itself.
        if self.shared.tasks.is_stopped() {
            return Ok(());
        }
        let gone = match &self.shared.backend {
            Backend::Sqlite(file) => file.files.gone(),
            Backend::Postgres(_) => None,
        };
        let Some(fault) = gone else {
            return Ok(());
        };
        self.record_fault(fault);
        Err(fault.into())
    }

    pub(crate) fn record_fault(&self, fault: Fault) {
        if self.shared.faults.record(fault) {
            let probing = self.clone().probe_until_healed();
            self.shared.tasks.spawn_until_stopped(probing);
        }
    }

    async fn probe_until_healed(self) {
        let mut pause = MIN_PROBE_INTERVAL;
        loop {
            tokio::time::sleep(pause).await;
            let recorded = self.shared.faults.lock().recorded;
            let start = Instant::now();
            let good = self.probe().await.unwrap_or(false);
            if good && self.shared.faults.heal(recorded) {
                return;
            }
            pause = probe_interval(self.engine(), start.elapsed());
        }
    }

    /// Writes to the database, and reads the whole file if it is suspect. Whether it is good.
    async fn probe(&self) -> Result<bool, sqlx::Error> {
        match &self.shared.backend {
            Backend::Sqlite(file) => {
                if file.files.gone() == Some(Fault::LogGone) {
                    file.save_log().await?;
                }
                self.check_files()?;
                file.probe().await?;
                self.check_files()?;
                let suspect = self.shared.faults.lock().suspect;
                Ok(!suspect || file.is_whole().await?)
            }
            Backend::Postgres(server) => server.probe().await.map(|()| true),
        }
    }
}

/// The pause after a probe that took this long. A probe of a server that is frozen takes long and costs nothing.
fn probe_interval(engine: Engine, took: Duration) -> Duration {
    match engine {
        Engine::Sqlite => MIN_PROBE_INTERVAL.max(took * PROBE_INTERVAL_FACTOR),
        Engine::Postgres => MIN_PROBE_INTERVAL,
    }
}

#[cfg(test)]
mod tests;
