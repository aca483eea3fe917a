//! [`AdminService`]: what the actions of admins share, how it is made and closed.

use std::sync::Arc;
use std::time::Duration;

use kith_cache::Cache;
use kith_cache::Tag;
use kith_database::Database;
use kith_database::Tx;
use kith_queue::broker::Broker;
use kith_runtime::Clock;
use kith_runtime::Tasks;

use super::Admin;
use super::audit_log;
use super::audit_log::Action;
use super::audit_log::AuditLogEntry;
use super::audit_log::Outcome;
use super::audit_log::unavailable;
use crate::model::error::AppError;
use crate::model::language::Language;
use crate::services::audit_log::Kind;
use crate::services::overrides::RuntimeOverrides;

/// What admins can do. Each action returns its entry in the audit log. Cheap to clone.
#[derive(Clone)]
pub struct AdminService {
    pub(super) database: Database,
    pub(super) overrides: RuntimeOverrides,
    cache: Cache,
    pub(super) broker: Broker,
    pub(super) poll_interval: Duration,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
}

/// What an [`AdminService`] is made of.
pub struct Options {
    pub database: Database,
    pub overrides: RuntimeOverrides,
    pub cache: Cache,
    pub broker: Broker,
    /// How often an open dashboard asks for news.
    pub poll_interval: Duration,
    /// Tells when an action is made.
    pub clock: Arc<dyn Clock>,
}

impl AdminService {
    pub fn new(options: Options) -> Self {
        let Options {
            database,
            overrides,
            cache,
            broker,
            poll_interval,
            clock,
        } = options;
        Self {
            database,
            overrides,
            cache,
            broker,
            poll_interval,
            clock,
            tasks: Tasks::default(),
        }
    }

    /// Waits for what is under way.
    pub async fn close(&self) {
        self.tasks.close().await;
    }

    /// Runs `work` to its end, even if the client hangs up. Its errors are in the language of the reader.
    pub(super) async fn run_to_end(
        &self,
        work: impl Future<Output = Outcome> + Send + 'static,
    ) -> Outcome {
        let work = Language::current().scope(work);
        let outcome = self.tasks.run_to_end(work).await;
        outcome.unwrap_or(Err(AppError::Internal))
    }

    /// Makes everything that is cached under a tag old, on every instance.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn invalidate(&self, admin: &Admin, tag: Tag) -> Outcome {
        if !self.cache.invalidate(tag).await {
            return Err(AppError::Unavailable);
        }
        let action = Action {
            kind: Kind::CacheInvalidated,
            text: format!(
                "Cache of {} invalidated: it is read anew from now on.",
                tag.kind()
            ),
        };
        self.log_action(admin, action).await
    }

    /// Commits an action of an admin now, together with its entry.
    pub(super) async fn commit(&self, tx: Tx, admin: &Admin, action: Action) -> Outcome {
        let committed = audit_log::commit(tx, admin, action, self.clock.now()).await;
        committed.map_err(unavailable)
    }

    pub(super) async fn log_action(&self, admin: &Admin, action: Action) -> Outcome {
        let tx = self.database.write().await.map_err(unavailable)?;
        self.commit(tx, admin, action).await
    }

    /// The last `limit` actions of admins, the latest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn last_actions(&self, limit: u32) -> Result<Vec<AuditLogEntry>, sqlx::Error> {
        audit_log::last(&self.database, limit).await
    }
}
