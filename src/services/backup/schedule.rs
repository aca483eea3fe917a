//! [`Backups`]: the backups that Kith makes while it runs.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use kith_database::Database;
use kith_database::sqlite_file;
use kith_runtime::Backoff;
use kith_runtime::Clock;
use kith_runtime::ErrorLatch;
use kith_runtime::Tasks;

use super::error::BackupError;
use super::names;
use super::record::LastBackup;
use super::restore::make_folder;
use crate::services::config::Config;
use crate::services::database::DatabaseUrl;
use crate::services::database::installation::Installation;
use crate::services::lease;
use crate::services::lease::Lease;

/// The folder in that of the data, unless another is configured.
const FOLDER: &str = "backups";

/// The longest pause between two looks at when the last backup was made, by any instance or by `kith backup`.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The shortest one.
const MIN_PAUSE: Duration = Duration::from_millis(100);

/// Waits after a backup has failed.
const BACKOFF: Backoff = Backoff::new(Duration::from_secs(60), Duration::from_secs(3600));

/// Makes backups on schedule, and knows the last one. Cheap to clone.
#[derive(Clone)]
pub struct Backups(Arc<Inner>);

struct Inner {
    options: Options,
    lease: Lease,
    tasks: Tasks,
}

/// What [`Backups`] are made of.
pub struct Options {
    pub database: Database,
    /// The clock of the database, by which all instances agree.
    pub clock: Arc<dyn Clock>,
    /// The file of the database; `None` on a server, which has tools of its own.
    pub file: Option<PathBuf>,
    /// The folder of the backups.
    pub folder: PathBuf,
    /// How often Kith makes a backup; zero for never.
    pub interval: Duration,
    /// How many backups are kept.
    pub keep: usize,
}

impl Options {
    /// As the operator has configured it.
    pub fn new(config: &Config, database: Database) -> Self {
        let file = match config.data.database() {
            DatabaseUrl::File(path) => Some(path),
            DatabaseUrl::Server(_) => None,
        };
        let folder = config.backup.dir.clone();
        Self {
            clock: database.clock(),
            database,
            file,
            folder: folder.unwrap_or_else(|| config.data.dir.join(FOLDER)),
            interval: config.backup.interval.0,
            keep: config.backup.keep.get() as usize,
        }
    }
}

/// What is known of backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupStatus {
    /// Whether Kith can make backups; on a server, the tools of that do.
    pub is_possible: bool,
    /// The last one, by schedule or by command.
    pub last: Option<LastBackup>,
    /// How often Kith makes one; `None` for never.
    pub interval: Option<Duration>,
    /// Whether the last one is older than two intervals, or there is none though there should be.
    pub is_overdue: bool,
}

impl BackupStatus {
    /// What operators should know; `None` if all is well.
    pub fn warning(&self) -> Option<&'static str> {
        match (self.is_overdue, &self.last) {
            (false, _) => None,
            (true, Some(_)) => Some(
                "The last backup is older than two intervals of backup.interval. The log says why there is no newer one.",
            ),
            (true, None) => Some(
                "There is no backup yet. If this does not change within minutes, the log says why.",
            ),
        }
    }
}

/// Why a scheduled backup was not made.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the folder of backup.dir cannot be used")]
    Folder(#[source] io::Error),
    #[error("the database does not answer")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Backup(#[from] BackupError),
}

/// How the last attempts have ended.
#[derive(Default)]
pub(super) struct Attempts {
    latch: ErrorLatch,
    /// In a row.
    failures: u32,
}

impl Backups {
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner {
            lease: Lease::new(options.database.clone(), "backup.lease"),
            tasks: Tasks::default(),
            options,
        }))
    }

    /// Makes backups on schedule until [`close`](Self::close).
    pub fn start(&self) {
        let Options { file, interval, .. } = &self.0.options;
        match file {
            _ if interval.is_zero() => {}
            None => tracing::warn!(
                "backup.interval has no effect: the database is on a server. `kith backup FILE` says what makes a backup of it"
            ),
            Some(file) => {
                let (backups, file) = (self.clone(), file.clone());
                // A copy that is broken off is replaced by a later one.
                self.0
                    .tasks
                    .spawn_until_stopped(async move { backups.make_all(&file).await });
            }
        }
    }

    pub async fn close(&self) {
        self.0.tasks.close().await;
    }

    /// What is known of backups.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn status(&self) -> Result<BackupStatus, sqlx::Error> {
        let Options {
            database,
            file,
            interval,
            ..
        } = &self.0.options;
        let mut connection = database.reader().await?;
        let last = LastBackup::read(&mut connection).await?;
        let is_possible = file.is_some();
        let interval = (is_possible && !interval.is_zero()).then_some(*interval);
        let now = self.0.options.clock.now();
        let is_old = |interval: Duration| match &last {
            Some(last) => now.duration_since(last.at()) > signed(interval.saturating_mul(2)),
            None => true,
        };
        Ok(BackupStatus {
            is_possible,
            is_overdue: interval.is_some_and(is_old),
            interval,
            last,
        })
    }

    async fn make_all(&self, file: &Path) {
        let mut attempts = Attempts::default();
        loop {
            let pause = self.attempt(file, &mut attempts).await;
            tokio::time::sleep(pause).await;
        }
    }

    /// Makes a backup if it is due. Returns how long to wait until the next attempt.
    pub(super) async fn attempt(&self, file: &Path, attempts: &mut Attempts) -> Duration {
        let made = self.make_if_due(file).await;
        let Attempts { latch, failures } = attempts;
        match latch.check("scheduled backups are not made", made) {
            Some(until_due) => {
                *failures = 0;
                until_due.clamp(MIN_PAUSE, MAX_PAUSE)
            }
            None => {
                *failures += 1;
                BACKOFF.equal_jitter(*failures - 1)
            }
        }
    }

    /// Makes a backup if it is due and no other instance makes it. Returns how long it is until the next is due.
    async fn make_if_due(&self, file: &Path) -> Result<Duration, Failure> {
        let lease = &self.0.lease;
        let until_due = self.until_due().await?;
        if !until_due.is_zero() {
            return Ok(until_due);
        }
        if !lease.take(self.0.options.clock.now()).await? {
            return Ok(MAX_PAUSE);
        }
        // Another instance may have made it just before.
        let made = match self.until_due().await? {
            Duration::ZERO => self.make(file).await,
            _ => Ok(()),
        };
        lease.release().await?;
        made?;
        Ok(self.until_due().await?)
    }

    async fn until_due(&self) -> Result<Duration, sqlx::Error> {
        let Options {
            database, interval, ..
        } = &self.0.options;
        let mut connection = database.reader().await?;
        let last = LastBackup::read(&mut connection).await?;
        let now = self.0.options.clock.now();
        Ok(last.map_or(Duration::ZERO, |last| {
            // A backup from the future was made before the clock was set back.
            let age = now.duration_since(last.at()).max(SignedDuration::ZERO);
            interval.saturating_sub(age.unsigned_abs())
        }))
    }

    async fn make(&self, file: &Path) -> Result<(), Failure> {
        let Options {
            database,
            folder,
            keep,
            ..
        } = &self.0.options;
        let mut connection = database.reader().await?;
        let id = Installation::read(&mut connection).await?.id;
        drop(connection);
        make_folder(folder).map_err(Failure::Folder)?;
        let now = self.0.options.clock.now();
        let name = names::name(&id, now);
        let to = folder.join(&name);
        let copied = tokio::select! {
            copied = sqlite_file::copy(file, &to, |_| {}) => copied,
            never = self.renew_lease() => match never {},
        };
        let bytes = copied.map_err(BackupError::of_backup)?;
        LastBackup::new(now, bytes, name.clone())
            .write(database)
            .await?;
        let deleted = names::delete_old(folder, &id, *keep).map_err(Failure::Folder)?;
        tracing::info!(file = name, bytes, deleted, "backup made");
        Ok(())
    }

    /// Renews the lease while a copy is made. If the database does not answer, another instance may make a backup too,
    /// under another name.
    async fn renew_lease(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(lease::TTL / 3).await;
            let _ = self.0.lease.take(self.0.options.clock.now()).await;
        }
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
