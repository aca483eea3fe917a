//! What admins do with dead letters: they send them again, or delete them.

use kith_queue::broker::BrokerError;
use kith_queue::broker::filter::Filter;

use super::Admin;
use super::AdminService;
use super::audit_log::Action;
use super::audit_log::Outcome;
use super::audit_log::count;
use super::audit_log::unavailable;
use crate::model::error::AppError;
use crate::model::language::Language;
use crate::model::language::t;
use crate::services::audit_log::Kind;

/// Which dead letters an action is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeadLetterSelection {
    All,
    Ids(Vec<String>),
}

impl AdminService {
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
        let why = pages.failure().await.or(why);
        if let (0, Some(why)) = (sent, &why) {
            return Err(AppError::bad_request(t!(
                "Nothing was sent. {why}",
                why = why
            )));
        }
        if sent == 0 {
            return Err(already_gone());
        }
        let mut action = format!("{} put back in the queue.", count(sent, "dead letter"));
        if let Some(why) = why {
            let left = count(refused, "other");
            action = format!("{action} {left} could not be: {why}");
        }
        let action = Action {
            kind: Kind::DeadLettersSent,
            text: action,
        };
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
        if let Some(failure) = pages.failure().await {
            action = format!("{action} Others were not: {failure}");
        }
        let action = Action {
            kind: Kind::DeadLettersDeleted,
            text: action,
        };
        self.log_action(admin, action).await
    }
}

/// A selection that is handled page by page.
struct Pages {
    /// Matches the next page; `None` when there is no other.
    next: Option<Filter>,
    /// How many dead letters were handled.
    handled: u64,
    /// What has ended this before the last page.
    failure: Option<BrokerError>,
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
            Err(error) => self.failure = Some(error),
        }
        Ok(())
    }

    /// What the audit log says of the failure, in English.
    async fn failure(self) -> Option<String> {
        let text = async { Some(app_error(self.failure?).to_string()) };
        Language::English.scope(text).await
    }
}

fn filter(selection: &DeadLetterSelection) -> Result<Filter, AppError> {
    match selection {
        DeadLetterSelection::All => Ok(Filter::default()),
        DeadLetterSelection::Ids(ids) if ids.is_empty() => Err(AppError::bad_request(t!(
            "No dead letter is ticked. Tick those that you mean, or choose all."
        ))),
        DeadLetterSelection::Ids(ids) => Ok(Filter::dead_letters(ids.clone())),
    }
}

fn already_gone() -> AppError {
    AppError::bad_request(t!("These dead letters are gone already. Nothing was done."))
}

fn app_error(error: BrokerError) -> AppError {
    match error {
        BrokerError::Rejected(rejection) if rejection.status.as_u16() == 404 => {
            AppError::bad_request(t!(
                "Some of these dead letters are gone already. Nothing was sent: look which are left."
            ))
        }
        BrokerError::Rejected(rejection) => AppError::bad_request(rejection.to_string()),
        BrokerError::Database(error) => unavailable(error),
        BrokerError::Unreadable(_) => AppError::Internal,
    }
}
