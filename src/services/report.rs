//! The daily report: what happened on a day that is over, in the log and, where somebody wants it, by
//! mail.

use std::sync::Arc;

use jiff::civil::Date;
use lettre::message::Mailbox;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::services::mail::Mail;
use crate::services::mail::MailError;
use crate::services::mail::Mailer;
use crate::services::metrics::Counter;
use crate::services::metrics::Figures;
use crate::services::metrics::Metrics;
use crate::services::words::number;
use crate::services::words::percent;
use kith_database::Database;
use kith_queue::ledger;
use kith_queue::ledger::Claim;
use kith_queue::ledger::Granted;
use kith_queue::ledger::Settlement;
use kith_queue::receiver::NotExecuted;
use kith_runtime::Clock;

/// The path at which the queue asks for a report.
pub const PATH: &str = "/api/webhooks/daily-report";

/// The id of the schedule of reports. It is fixed, so each start replaces the schedule and adds none.
pub const SCHEDULE_ID: &str = "daily-report";

/// Makes daily reports. Cheap to clone.
#[derive(Clone)]
pub struct ReportService(Arc<Setup>);

/// What reports are made of.
pub struct Setup {
    pub database: Database,
    pub metrics: Metrics,
    pub mailer: Mailer,
    pub clock: Arc<dyn Clock>,
    /// Whom they are sent to; `None` for the log alone.
    pub to: Option<Mailbox>,
    /// Where people find Kith, for example `https://kith.example.org`.
    pub origin: String,
    pub tasks: TaskTracker,
}

impl ReportService {
    pub fn new(setup: Setup) -> Self {
        Self(Arc::new(setup))
    }

    /// Waits for what is under way.
    pub async fn close(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Reports on a day that is over, once for each message however often it comes. The answer is the
    /// same each time, since the figures are only read.
    ///
    /// # Errors
    /// [`NotExecuted`].
    pub async fn execute(&self, message: &str, date: Date) -> Result<Figures, NotExecuted> {
        let service = self.clone();
        let message = message.to_owned();
        // Goes on when the queue hangs up: what the mail server has taken must be written down.
        let work = async move { service.execute_once(&message, date).await };
        let work = self.0.tasks.spawn(work.in_current_span());
        work.await.unwrap_or(Err(NotExecuted::Later(None)))
    }

    async fn execute_once(&self, message: &str, date: Date) -> Result<Figures, NotExecuted> {
        let Setup {
            database,
            metrics,
            clock,
            to,
            ..
        } = &*self.0;
        let later = |error: sqlx::Error| {
            tracing::warn!(%error, "the daily report waits");
            NotExecuted::Later(None)
        };
        let figures = metrics.day(date).await.map_err(later)?;
        let key = format!("report:{date}:{message}");
        let claim = ledger::claim(database, &key, clock.clone()).await;
        let granted = match claim.map_err(later)? {
            Claim::Granted(granted) => granted,
            Claim::Done => return Ok(figures),
            Claim::Busy(left) => return Err(NotExecuted::Later(Some(left))),
        };
        if let Some(to) = to
            && let Err(error) = self.send(to, message, date, &figures).await
        {
            tracing::warn!(%date, why = %error, "the daily report was not sent");
            if let MailError::Temporary(_) | MailError::Deferred(_) = error {
                self.settle(Settlement::GiveBack(granted)).await?;
                return Err(NotExecuted::Later(None));
            }
            // It is in the log, and will never be sent.
        }
        self.finish(granted, date, &figures).await?;
        Ok(figures)
    }

    async fn finish(
        &self,
        granted: Granted,
        date: Date,
        figures: &Figures,
    ) -> Result<(), NotExecuted> {
        self.settle(Settlement::Finish(granted)).await?;
        let (requests, refusals) = (figures.requests(), figures.refusals());
        let new_contacts = figures.new_contacts();
        tracing::info!(%date, requests, new_contacts, refusals, "daily report");
        Ok(())
    }

    async fn settle(&self, settlement: Settlement) -> Result<(), NotExecuted> {
        let now = self.0.clock.now();
        let settle = self
            .0
            .database
            .change(move |tx| Box::pin(async move { ledger::settle(tx, &settlement, now).await }));
        let settled: Result<bool, sqlx::Error> = settle.await;
        settled.map(drop).map_err(|error| {
            tracing::warn!(%error, "the daily report is not written down");
            NotExecuted::Later(None)
        })
    }

    async fn send(
        &self,
        to: &Mailbox,
        message: &str,
        date: Date,
        figures: &Figures,
    ) -> Result<(), MailError> {
        let (text, html) = words(date, figures, &self.0.origin);
        let message = message.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let mail = Mail {
            id: format!("report-{date}-{message}"),
            to_name: to.name.clone().unwrap_or_default(),
            to_address: to.email.to_string(),
            subject: format!("Kith on {}", date.strftime("%A, %-d %B %Y")),
            text,
            html,
        };
        self.0.mailer.send(&mail).await
    }
}

/// The report as text and as HTML.
fn words(date: Date, figures: &Figures, origin: &str) -> (String, String) {
    let hit_rate = figures
        .hit_rate()
        .map_or_else(|| "nothing was read".to_owned(), percent);
    let count = |counter| number(figures.get(counter));
    let rows = [
        ("Requests", number(figures.requests())),
        ("Refused by a limit", number(figures.refusals())),
        ("New contacts", number(figures.new_contacts())),
        ("Cache hit rate", hit_rate),
        ("Messages delivered", count(Counter::Deliveries)),
        ("Deliveries tried again", count(Counter::Retries)),
        ("Dead letters", count(Counter::DeadLetters)),
        ("Mails", count(Counter::Mails)),
    ];
    let title = format!("{} in UTC", date.strftime("%A, %-d %B %Y"));
    let link = format!("{origin}/dashboard");
    let lines = rows
        .each_ref()
        .map(|(name, figure)| format!("{name}: {figure}"));
    let text = format!("{title}\n\n{}\n\n{link}\n", lines.join("\n"));
    // Nothing in it was typed by anybody but whoever set Kith up.
    let cells = rows
        .map(|(name, figure)| format!("<tr><td>{name}</td><td align=\"right\">{figure}</td></tr>"));
    let html = format!(
        "<p>{title}</p>\n<table>\n{}\n</table>\n<p><a href=\"{link}\">Dashboard</a></p>",
        cells.join("\n")
    );
    (text, html)
}
