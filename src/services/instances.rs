//! The instances of Kith that work with one database.
//!
//! Each instance writes a row of its own every few seconds, and removes it when it ends. The row of a process that was
//! killed counts for a few seconds more. All times are by the clock of the database, because the instances of a server
//! run on several machines.
//!
//! - [`Instances`] writes the row of this process and reads the rows of all.
//! - [`Figures`]: what only one process knows, which the dashboard adds up.

mod figures;
mod store;

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Database;
use kith_runtime::ErrorLatch;
use kith_runtime::Tasks;
use tokio_util::sync::CancellationToken;

use crate::services::database::OpenError;
use crate::services::database::installation::Installation;

pub use self::figures::CacheFigures;
pub use self::figures::FigureSources;
pub use self::figures::Figures;
pub use self::figures::PolicyFigures;
pub use self::figures::RefusedClient;
pub use self::figures::TagFigures;
pub use self::store::Instance;

/// How often an instance writes its row.
const INTERVAL: Duration = Duration::from_secs(5);

/// An instance that has not written its row for so long has ended.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A row is removed after this time, by another instance. A process that was only suspended writes it again.
const REMOVED_AFTER: Duration = Duration::from_secs(60);

/// The release of Kith.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Every instance of a database that has not ended, the oldest first.
///
/// # Errors
/// Those of the database.
pub async fn alive(connection: &mut Connection) -> Result<Vec<Instance>, sqlx::Error> {
    store::seen_within(connection, TIMEOUT).await
}

/// The instances of the database. Cheap to clone.
#[derive(Clone)]
pub struct Instances(Arc<Inner>);

struct Inner {
    options: Options,
    id: String,
    started: Instant,
    started_at: Timestamp,
    /// See [`Instances::shut_out`].
    shut_out: CancellationToken,
    tasks: Tasks,
}

/// What is known of this instance.
pub struct Options {
    pub database: Database,
    /// The address that it listens at.
    pub address: String,
    /// See [`Config::hash`](crate::services::config::Config::hash).
    pub config_hash: String,
    /// Reads the figures of this process.
    pub figures: Box<dyn Fn() -> Figures + Send + Sync>,
}

/// Two instances would keep mails in two folders, so that each person sees a part of them only.
#[derive(Debug, thiserror::Error)]
#[error(
    "the instance at {address} works with the same database, and mails would go into two folders: set SMTP_URL for \
     every instance, or give them one folder with KITH_DATA_DIR. If that instance has ended, start this one again in \
     {} seconds",
    TIMEOUT.as_secs()
)]
pub struct MailFolders {
    /// The address of the other instance.
    address: String,
}

impl Instances {
    pub fn new(options: Options) -> Self {
        Self(Arc::new(Inner {
            options,
            id: uuid::Uuid::new_v4().simple().to_string(),
            started: Instant::now(),
            started_at: Timestamp::now(),
            shut_out: CancellationToken::new(),
            tasks: Tasks::default(),
        }))
    }

    /// Writes the row of this instance for the first time. `kith move`, and a newer version that changes the tables,
    /// either find the row or have begun before.
    ///
    /// # Errors
    /// Those of the database. The inner one is that of [`Installation::check`].
    pub async fn register(&self) -> Result<Result<(), OpenError>, sqlx::Error> {
        let installation = self.write_row().await?;
        Ok(self.check(&installation))
    }

    /// Waits until this program cannot work with the database any more, because its data has moved or its tables have
    /// changed. Both can happen while the process of this instance is suspended. The instance must end then.
    pub async fn shut_out(&self) {
        self.0.shut_out.cancelled().await;
    }

    fn check(&self, installation: &Installation) -> Result<(), OpenError> {
        installation.check(&self.0.options.database)
    }

    /// Refuses an instance that keeps mails in a folder that is not the folder of the others. Each instance asks after
    /// its row is written, so of two that start together at least one is refused.
    pub fn check_mail_folders(&self, instances: &[Instance]) -> Result<(), MailFolders> {
        let own = instances.iter().find(|instance| self.is_own(instance));
        let own = own.and_then(|own| own.figures.mail_folder.as_ref());
        let mut others = instances.iter().filter(|instance| !self.is_own(instance));
        match others.find(|other| other.figures.mail_folder.as_ref() != own) {
            Some(other) => Err(MailFolders {
                address: other.address.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Writes the row again and again until [`close`](Self::close).
    pub fn start(&self) {
        let instances = self.clone();
        self.0.tasks.spawn(async move {
            let latch = ErrorLatch::default();
            while instances.0.tasks.sleep(INTERVAL).await {
                let beat = instances.beat().await;
                let installation = latch.check("other instances do not see this one", beat);
                if let Some(Err(reason)) = installation.map(|found| instances.check(&found)) {
                    tracing::error!("this instance ends: {reason}");
                    instances.0.shut_out.cancel();
                    return;
                }
            }
        });
    }

    /// Removes the row.
    pub async fn close(&self) {
        self.0.tasks.close().await;
        let id = self.0.id.clone();
        let remove = self.0.options.database.change(move |tx| {
            let id = id.clone();
            Box::pin(async move { store::remove(tx, &id).await })
        });
        if let Err(error) = remove.await {
            tracing::warn!(%error, "other instances see this one for a few seconds more");
        }
    }

    /// Every instance that has not ended, this one included, the oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn all(&self) -> Result<Vec<Instance>, sqlx::Error> {
        let mut connection = self.0.options.database.reader().await?;
        alive(&mut connection).await
    }

    /// This instance as it is now, whether or not the others see it.
    pub fn own(&self) -> Instance {
        let Options {
            address,
            config_hash,
            figures,
            ..
        } = &self.0.options;
        Instance {
            id: self.0.id.clone(),
            started_at: self.0.started_at,
            uptime: self.0.started.elapsed(),
            unseen: Duration::ZERO,
            version: VERSION.to_owned(),
            address: address.clone(),
            config_hash: config_hash.clone(),
            figures: figures(),
        }
    }

    fn is_own(&self, instance: &Instance) -> bool {
        instance.id == self.0.id
    }

    async fn beat(&self) -> Result<Installation, sqlx::Error> {
        let installation = self.write_row().await?;
        // In a transaction of its own: two instances that wait for each other's row would never end.
        let change = self.0.options.database.change(|tx| {
            Box::pin(async move { store::remove_unseen_for(tx, REMOVED_AFTER).await })
        });
        change.await?;
        Ok(installation)
    }

    /// Writes the row if this program can work with the database.
    async fn write_row(&self) -> Result<Installation, sqlx::Error> {
        let Options {
            database,
            address,
            config_hash,
            figures,
        } = &self.0.options;
        let row = store::Entry {
            id: self.0.id.clone(),
            version: VERSION,
            schema: database.schema(),
            address: address.clone(),
            config_hash: config_hash.clone(),
            figures: figures().to_json(),
        };
        let opened = database.clone();
        let write = database.change(move |tx| {
            let (row, opened) = (row.clone(), opened.clone());
            Box::pin(async move {
                let installation = Installation::hold(tx).await?;
                if installation.check(&opened).is_ok() {
                    row.write(tx).await?;
                }
                Ok::<_, sqlx::Error>(installation)
            })
        });
        write.await
    }
}

#[cfg(test)]
mod tests;
