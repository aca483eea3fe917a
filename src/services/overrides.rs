//! [`RuntimeOverrides`]: what admins have changed while Kith runs, which is limits and the deny list.
//!
//! An override takes the place of the configured value until an admin takes it back. It is kept in the table
//! `settings` of the database, and every instance applies it within about a second.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Database;
use kith_database::Engine;
use kith_database::query;
use kith_limit::Limiter;
use kith_limit::Quota;
use kith_runtime::Clock;
use kith_runtime::Tasks;
use serde::Deserialize;
use serde::Serialize;

use crate::services::health::DatabaseHealth;
use crate::services::policies::RequestClass;

/// How often an instance looks for overrides that another has made.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The most networks of the deny list. The limiter compares every request with each of them.
pub const MAX_DENIED_NETWORKS: usize = 1000;

/// The name of the override of the deny list.
const DENIED: &str = "limits.deny";

/// Applies overrides to the limiter. Cheap to clone.
#[derive(Clone)]
pub struct RuntimeOverrides(Arc<Inner>);

struct Inner {
    database: Database,
    limiter: Limiter,
    /// The task of [`start`](RuntimeOverrides::start) reads the database all the time, so it records here
    /// whether the database answers.
    health: DatabaseHealth,
    clock: Arc<dyn Clock>,
    /// The values that hold without overrides.
    configured: Configured,
    tasks: Tasks,
}

/// What [`RuntimeOverrides`] are made of.
pub struct Options {
    pub database: Database,
    /// Its present quotas and its present deny list count as configured.
    pub limiter: Limiter,
    pub health: DatabaseHealth,
    /// Tells when an override was made.
    pub clock: Arc<dyn Clock>,
}

#[derive(Clone, Debug)]
struct Configured {
    quotas: [Quota; RequestClass::ALL.len()],
    denied: Vec<IpNet>,
}

/// A quota as the database keeps it. The window is in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredQuota {
    limit: u64,
    window: u64,
}

/// The overrides of the database, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct StoredOverrides(BTreeMap<String, String>);

impl StoredOverrides {
    async fn read(connection: &mut Connection) -> Result<Self, sqlx::Error> {
        let rows: Vec<(String, String)> = query("SELECT name, value FROM settings")
            .fetch_all(connection)
            .await?;
        Ok(Self(rows.into_iter().collect()))
    }

    fn quota(&self, class: RequestClass) -> Option<Quota> {
        let stored: StoredQuota = serde_json::from_str(self.0.get(&quota_of(class))?).ok()?;
        Quota::new(stored.limit, Duration::from_millis(stored.window)).ok()
    }

    fn denied(&self) -> Option<Vec<IpNet>> {
        serde_json::from_str(self.0.get(DENIED)?).ok()
    }
}

fn quota_of(class: RequestClass) -> String {
    format!("limits.{}", class.name())
}

impl RuntimeOverrides {
    pub fn new(options: Options) -> Self {
        let Options {
            database,
            limiter,
            health,
            clock,
        } = options;
        let configured = Configured {
            quotas: RequestClass::ALL.map(|class| limiter.policy(class.policy()).1),
            denied: limiter.denied(),
        };
        Self(Arc::new(Inner {
            database,
            limiter,
            health,
            clock,
            configured,
            tasks: Tasks::default(),
        }))
    }

    /// Applies all overrides now, and those of other instances until [`close`](Self::close).
    ///
    /// # Errors
    /// Those of the database. A task applies the overrides as soon as the database answers.
    pub async fn start(&self) -> Result<(), sqlx::Error> {
        let applied = self.apply().await;
        let overrides = self.clone();
        self.0.tasks.spawn(async move {
            while overrides.0.tasks.sleep(POLL_INTERVAL).await {
                // The error is not logged here: the parts of Kith that need the database log it.
                let applied = overrides.apply().await;
                overrides.0.health.record(applied.is_ok());
            }
        });
        applied
    }

    pub async fn close(&self) {
        self.0.tasks.close().await;
    }

    /// The quota that is configured.
    pub fn configured(&self, class: RequestClass) -> Quota {
        self.0.configured.quotas[class as usize]
    }

    /// Overrides a quota in the caller's transaction; `None` removes the override. The limiter learns of it
    /// from [`apply`](Self::apply).
    pub async fn set_quota(
        &self,
        tx: &mut Connection,
        class: RequestClass,
        quota: Option<Quota>,
    ) -> Result<(), sqlx::Error> {
        let value = quota.map(|quota| StoredQuota {
            limit: quota.limit(),
            window: quota.window(),
        });
        set(tx, &quota_of(class), value.as_ref(), self.0.clock.now()).await
    }

    /// The deny list, for a transaction that changes it. Another one waits for its end.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn denied(&self, tx: &mut Connection) -> Result<Vec<IpNet>, sqlx::Error> {
        // In a file, writers take turns. On a server, there may be no row yet to lock.
        if tx.engine() == Engine::Postgres {
            query("LOCK TABLE settings IN SHARE ROW EXCLUSIVE MODE")
                .execute(tx)
                .await?;
        }
        let stored = StoredOverrides::read(tx).await?.denied();
        Ok(stored.unwrap_or_else(|| self.0.configured.denied.clone()))
    }

    /// Overrides the deny list, like a [quota](Self::set_quota). The list of the configuration removes the
    /// override.
    pub async fn set_denied(
        &self,
        tx: &mut Connection,
        denied: &[IpNet],
    ) -> Result<(), sqlx::Error> {
        let changed = (denied != self.0.configured.denied).then_some(denied);
        set(tx, DENIED, changed.as_ref(), self.0.clock.now()).await
    }

    /// Applies the overrides of the database to the limiter.
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
        let stored = StoredOverrides::read(&mut connection).await?;
        for class in RequestClass::ALL {
            let quota = stored.quota(class);
            let quota = quota.unwrap_or(configured.quotas[class as usize]);
            if limiter.policy(class.policy()).1 != quota {
                limiter.set_quota(class.policy(), quota);
            }
        }
        let denied = stored.denied();
        let denied = denied.unwrap_or_else(|| configured.denied.clone());
        if limiter.denied() != denied {
            limiter.set_denied(denied);
        }
        Ok(())
    }
}

async fn set(
    tx: &mut Connection,
    name: &str,
    value: Option<&impl Serialize>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let Some(value) = value else {
        query("DELETE FROM settings WHERE name = $1")
            .bind(name)
            .execute(tx)
            .await?;
        return Ok(());
    };
    let value = serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))?;
    query(
        "INSERT INTO settings (name, value, changed_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at",
    )
    .bind(name)
    .bind(value)
    .bind(now.as_millisecond())
    .execute(tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
