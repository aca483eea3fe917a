//! Health: how each component of Kith is, and whether Kith is ready.
//!
//! A report says what the last reads, writes and decisions of Kith met. [`Health::readiness`] also asks the
//! database and the limiter again. [`for_reader`] says what a report says in the language of the reader.

mod database;
mod report;
mod words;

use std::sync::Arc;
use std::time::Duration;

use kith_database::Database;
use kith_limit::Limiter;
use kith_queue::Queue;
use kith_redis::Redis;
use kith_runtime::HealthRecorder;
use tokio_util::sync::CancellationToken;

use crate::services::backup::Backups;
use crate::services::contacts::ContactService;
use crate::services::mail::Mailer;
use crate::services::pause;
use crate::services::pause::Pause;
use crate::services::telemetry;

pub use self::database::DatabaseHealth;
pub use self::report::Component;
pub use self::report::ComponentStatus;
pub use self::report::Components;
pub use self::report::Readiness;
pub use self::words::for_reader;

/// How long the database may take to answer before Kith counts as not ready. What asks Kith does not wait for long.
const PING_TIMEOUT: Duration = Duration::from_secs(3);

/// Reports on the health of Kith. Cheap to clone.
#[derive(Clone)]
pub struct Health(Arc<Options>);

/// The components that a report is about.
pub struct Options {
    pub backups: Backups,
    pub contacts: ContactService,
    pub database: Database,
    pub database_health: DatabaseHealth,
    pub limiter: Limiter,
    pub redis: Option<Redis>,
    pub queue: Queue,
    pub mailer: Mailer,
    /// Cancelled when Kith receives a signal to stop.
    pub stopping: CancellationToken,
}

impl Health {
    pub fn new(options: Options) -> Self {
        Self(Arc::new(options))
    }

    /// Whether Kith can do its work now, and how each component is.
    pub async fn readiness(&self, site_is_built: bool) -> Readiness {
        let Options {
            contacts,
            database,
            database_health,
            limiter,
            stopping,
            ..
        } = &*self.0;
        let ping = tokio::time::timeout(PING_TIMEOUT, contacts.ping()).await;
        let answers = matches!(ping, Ok(Ok(())));
        limiter.probe().await;
        database_health.record(answers);
        let components = self.components();
        let has_fault = !database.health().is_up();
        let ready = answers && !has_fault && !stopping.is_cancelled();
        let warnings = database.warnings();
        let readiness = Readiness::new(ready, components, has_fault, &warnings, site_is_built);
        match answers {
            true => readiness.with_stored(self.backup_warning().await, self.pause().await),
            false => readiness,
        }
    }

    /// Unless the database fails, which a report says by itself.
    async fn backup_warning(&self) -> Option<&'static str> {
        self.0.backups.status().await.ok()?.warning()
    }

    async fn pause(&self) -> Option<Pause> {
        let mut connection = self.0.database.reader().await.ok()?;
        pause::read(&mut connection).await.ok()?
    }

    /// Every component, as Kith last found it.
    pub fn components(&self) -> Components {
        let Options {
            database,
            database_health,
            limiter,
            redis,
            queue,
            mailer,
            ..
        } = &*self.0;
        let qstash = queue.qstash().and_then(HealthRecorder::get);
        let mail = mailer.health().get();
        let redis = redis.as_ref();
        Components {
            database: Component::database(database.health(), database_health.get()),
            redis: redis.map(|redis| Component::redis(redis, limiter)),
            qstash: qstash.map(|known| {
                Component::of(
                    known,
                    "Messages wait in the outbox and are published later.",
                )
            }),
            mail: mail
                .map(|known| Component::of(known, "Mails wait in the queue and are sent again.")),
            log: telemetry::health()
                .map(|known| Component::of(known, "Lines of the log are lost.")),
        }
    }
}
