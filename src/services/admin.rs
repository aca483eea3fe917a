//! Admins: who may see how Kith works and change it, and the log of their actions.
//!
//! Every action takes an [`Admin`], and only [`Admin::check`] makes one. A change of limits and its entry in
//! the audit log are one transaction. Dead letters are handled page by page. A client that hangs up meanwhile
//! does not stop this, and the audit log says how far the action came.

mod audit_log;
mod identity;
mod limits;

use std::sync::Arc;
use std::time::Duration;

pub use self::audit_log::AuditLogEntry;
use self::audit_log::Outcome;
use self::audit_log::unavailable;
pub use self::identity::Admin;
pub use self::limits::describe_network;
pub use self::limits::describe_quota;
use crate::model::error::AppError;
use crate::services::format::count;
use crate::services::overrides::RuntimeOverrides;
use kith_cache::Cache;
use kith_cache::Tag;
use kith_database::Database;
use kith_database::Tx;
use kith_queue::broker::Broker;
use kith_queue::broker::BrokerError;
use kith_queue::broker::filter::Filter;
use kith_runtime::Clock;
use kith_runtime::Tasks;

/// Which dead letters an action is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeadLetterSelection {
    All,
    Ids(Vec<String>),
}

/// What admins can do. Each action returns its entry in the audit log. Cheap to clone.
#[derive(Clone)]
pub struct AdminService {
    database: Database,
    overrides: RuntimeOverrides,
    cache: Cache,
    broker: Broker,
    poll_interval: Duration,
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

    /// Runs `work` to its end, even if the client hangs up.
    async fn run_to_end(&self, work: impl Future<Output = Outcome> + Send + 'static) -> Outcome {
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
        let action = format!(
            "Cache of {} invalidated: it is read anew from now on.",
            tag.0
        );
        self.log_action(admin, action).await
    }

    /// Sends dead letters again.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn retry(&self, admin: &Admin, selection: &DeadLetterSelection) -> Outcome {
        let (service, admin, selection) = (self.clone(), admin.clone(), selection.clone());
        self.run_to_end(async move { service.retry_all(&admin, &selection).await })
            .await
    }

    async fn retry_all(&self, admin: &Admin, selection: &DeadLetterSelection) -> Outcome {
        let mut pages = Pages::new(selection)?;
        let (mut refused, mut why) = (0, None);
        while let Some(filter) = &pages.next {
            let page = self.broker.retry_dead_letters(filter, &[]).await;
            let page = page.map(|page| {
                refused += page.rejected;
                let rejection = page.rejection.map(|rejection| rejection.to_string());
                why = why.take().or(rejection);
                (page.sent.len() as u64, page.cursor)
            });
            pages.add(page)?;
        }
        let sent = pages.handled;
        let why = pages.failure.map(|failure| failure.to_string()).or(why);
        if let (0, Some(why)) = (sent, &why) {
            return Err(AppError::bad_request(format!("Nothing was sent. {why}")));
        }
        if sent == 0 {
            return Err(already_gone());
        }
        let mut action = format!("{} put back in the queue.", count(sent, "dead letter"));
        if let Some(why) = why {
            let left = count(refused, "other");
            action = format!("{action} {left} could not be: {why}");
        }
        self.log_action(admin, action).await
    }

    /// Deletes dead letters for good.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn delete(&self, admin: &Admin, selection: &DeadLetterSelection) -> Outcome {
        let (service, admin, selection) = (self.clone(), admin.clone(), selection.clone());
        self.run_to_end(async move { service.delete_all(&admin, &selection).await })
            .await
    }

    async fn delete_all(&self, admin: &Admin, selection: &DeadLetterSelection) -> Outcome {
        let mut pages = Pages::new(selection)?;
        while let Some(filter) = &pages.next {
            let page = self.broker.delete_dead_letters(filter).await;
            pages.add(page)?;
        }
        let deleted = pages.handled;
        if deleted == 0 {
            return Err(already_gone());
        }
        let mut action = format!("{} deleted.", count(deleted, "dead letter"));
        if let Some(failure) = pages.failure {
            action = format!("{action} Others were not: {failure}");
        }
        self.log_action(admin, action).await
    }

    /// Commits an action of an admin now, together with its entry.
    async fn commit(&self, tx: Tx, admin: &Admin, action: String) -> Outcome {
        let committed = audit_log::commit(tx, admin, action, self.clock.now()).await;
        committed.map_err(unavailable)
    }

    async fn log_action(&self, admin: &Admin, action: String) -> Outcome {
        let tx = self.database.write().await.map_err(unavailable)?;
        self.commit(tx, admin, action).await
    }

    /// The last `limit` entries of the audit log, the latest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn audit_log(&self, limit: u32) -> Result<Vec<AuditLogEntry>, sqlx::Error> {
        audit_log::read(&self.database, limit).await
    }
}

/// A selection that is handled page by page.
struct Pages {
    /// Matches the next page; `None` when there is no other.
    next: Option<Filter>,
    /// How many dead letters were handled.
    handled: u64,
    /// What has ended this before the last page.
    failure: Option<AppError>,
}

impl Pages {
    fn new(selection: &DeadLetterSelection) -> Result<Self, AppError> {
        Ok(Self {
            next: Some(filter(selection)?),
            handled: 0,
            failure: None,
        })
    }

    /// Adds what came of the page that `next` matches: how many dead letters of it were handled, and the cursor
    /// of the page after it.
    ///
    /// # Errors
    /// That of the page, unless dead letters were handled before it.
    fn add(&mut self, page: Result<(u64, Option<String>), BrokerError>) -> Result<(), AppError> {
        let filter = self.next.take();
        match page {
            Ok((handled, cursor)) => {
                self.handled += handled;
                self.next = filter
                    .zip(cursor)
                    .map(|(filter, cursor)| filter.before(&cursor));
            }
            Err(error) if self.handled == 0 => return Err(app_error(error)),
            Err(error) => self.failure = Some(app_error(error)),
        }
        Ok(())
    }
}

fn filter(selection: &DeadLetterSelection) -> Result<Filter, AppError> {
    match selection {
        DeadLetterSelection::All => Ok(Filter::default()),
        DeadLetterSelection::Ids(ids) if ids.is_empty() => Err(AppError::bad_request(
            "No dead letter is ticked. Tick those that you mean, or choose all.",
        )),
        DeadLetterSelection::Ids(ids) => Ok(Filter::dead_letters(ids.clone())),
    }
}

fn already_gone() -> AppError {
    AppError::bad_request("These dead letters are gone already. Nothing was done.")
}

fn app_error(error: BrokerError) -> AppError {
    match error {
        BrokerError::Rejected(rejection) if rejection.status.as_u16() == 404 => {
            AppError::bad_request(
                "Some of these dead letters are gone already. Nothing was sent: look which are left.",
            )
        }
        BrokerError::Rejected(rejection) => AppError::bad_request(rejection.to_string()),
        BrokerError::Database(error) => unavailable(error),
        BrokerError::Unreadable(_) => AppError::Internal,
    }
}
