//! What admins have changed while Kith runs: limits and who is denied. It takes the place of what is
//! configured until it is taken back, is kept in the database, and is in force on every instance
//! within about a second.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use sqlx::SqliteConnection;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::services::health::NO_DATABASE;
use kith_database::Database;
use crate::services::health::DatabaseHealth;
use crate::services::policies::RequestClass;
use kith_database::Database;
use kith_limit::Limiter;
use kith_limit::Quota;

/// How often an instance looks for what was changed on another.
const POLL: Duration = Duration::from_secs(1);

/// The most networks that may be denied: every request is held against each.
pub const MOST_DENIED: usize = 1000;

const DENIED: &str = "limits.deny";

/// Cheap to clone.
#[derive(Clone)]
pub struct Settings(Arc<Inner>);

struct Inner {
    database: Database,
    limiter: Limiter,
    /// How the database is, of which this is the one that asks it again and again.
    health: DatabaseHealth,
    /// What holds where nothing was changed.
    configured: Configured,
    tasks: TaskTracker,
    stop: CancellationToken,
}

#[derive(Clone, Debug)]
struct Configured {
    quotas: [Quota; RequestClass::ALL.len()],
    denied: Vec<IpNet>,
}

/// A quota as it is kept. The window is in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KeptQuota {
    limit: u64,
    window: u64,
}

/// What was changed, by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Changes(BTreeMap<String, String>);

impl Changes {
    async fn read(connection: &mut SqliteConnection) -> Result<Self, sqlx::Error> {
        let rows: Vec<(String, String)> = sqlx::query_as("SELECT name, value FROM settings")
            .fetch_all(connection)
            .await?;
        Ok(Self(rows.into_iter().collect()))
    }

    fn quota(&self, class: RequestClass) -> Option<Quota> {
        let kept: KeptQuota = serde_json::from_str(self.0.get(&quota_of(class))?).ok()?;
        Quota::new(kept.limit, Duration::from_millis(kept.window)).ok()
    }

    fn denied(&self) -> Option<Vec<IpNet>> {
        serde_json::from_str(self.0.get(DENIED)?).ok()
    }
}

fn quota_of(class: RequestClass) -> String {
    format!("limits.{}", class.name())
}

impl Settings {
    /// What `limiter` holds to now counts as configured.
    pub fn new(database: Database, limiter: Limiter, health: DatabaseHealth) -> Self {
        let configured = Configured {
            quotas: RequestClass::ALL.map(|class| limiter.policy(class.policy()).1),
            denied: limiter.denied(),
        };
        Self(Arc::new(Inner {
            database,
            limiter,
            health,
            configured,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// Puts in force what was changed before, and what will be changed elsewhere, until
    /// [`close`](Self::close).
    ///
    /// # Errors
    /// Those of the database; what was changed is put in force as soon as it answers.
    pub async fn start(&self) -> Result<(), sqlx::Error> {
        let applied = self.apply().await;
        let settings = self.clone();
        self.0.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = tokio::time::sleep(POLL) => {}
                    () = settings.0.stop.cancelled() => return,
                }
                // A database that does not answer is complained of by those who need it more.
                let applied = settings.apply().await;
                settings.0.health.record(applied.is_ok());
            }
        });
        applied
    }

    pub async fn close(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// The quota that is configured.
    pub fn configured(&self, class: RequestClass) -> Quota {
        self.0.configured.quotas[class as usize]
    }

    /// Changes a quota, or takes that back with `None`, in the transaction of whoever writes it down.
    /// It is in force after [`apply`](Self::apply).
    pub async fn set_quota(
        &self,
        tx: &mut SqliteConnection,
        class: RequestClass,
        quota: Option<Quota>,
    ) -> Result<(), sqlx::Error> {
        let value = quota.map(|quota| KeptQuota {
            limit: quota.limit(),
            window: quota.window(),
        });
        set(tx, &quota_of(class), value.as_ref()).await
    }

    /// Who is denied, as of a transaction.
    pub async fn denied(&self, tx: &mut SqliteConnection) -> Result<Vec<IpNet>, sqlx::Error> {
        let kept = Changes::read(tx).await?.denied();
        Ok(kept.unwrap_or_else(|| self.0.configured.denied.clone()))
    }

    /// Changes who is denied, like a [quota](Self::set_quota). To deny whom the configuration does
    /// takes the change back.
    pub async fn set_denied(
        &self,
        tx: &mut SqliteConnection,
        denied: &[IpNet],
    ) -> Result<(), sqlx::Error> {
        let changed = (denied != self.0.configured.denied).then_some(denied);
        set(tx, DENIED, changed.as_ref()).await
    }

    /// Puts in force what is kept.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn apply(&self) -> Result<(), sqlx::Error> {
        let Inner {
            database,
            limiter,
            configured,
            ..
        } = &*self.0;
        let mut connection = database.reader().await?;
        let changes = Changes::read(&mut connection).await?;
        for class in RequestClass::ALL {
            let quota = changes.quota(class);
            let quota = quota.unwrap_or(configured.quotas[class as usize]);
            if limiter.policy(class.policy()).1 != quota {
                limiter.set_quota(class.policy(), quota);
            }
        }
        let denied = changes.denied();
        let denied = denied.unwrap_or_else(|| configured.denied.clone());
        if limiter.denied() != denied {
            limiter.set_denied(denied);
        }
        Ok(())
    }
}

async fn set(
    tx: &mut SqliteConnection,
    name: &str,
    value: Option<&impl Serialize>,
) -> Result<(), sqlx::Error> {
    let Some(value) = value else {
        sqlx::query("DELETE FROM settings WHERE name = ?")
            .bind(name)
            .execute(tx)
            .await?;
        return Ok(());
    };
    let value = serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query(
        "INSERT INTO settings (name, value, changed_at) VALUES (?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
    )
    .bind(name)
    .bind(value)
    .bind(Timestamp::now().as_millisecond())
    .execute(tx)
    .await?;
    Ok(())
}
