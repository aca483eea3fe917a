//! The job that reports on a day that is over: in the log, and by mail where the operator wants it.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kith_queue::Attempt;
use kith_queue::Failure;
use kith_queue::Job;
use kith_queue::Outcome;
use lettre::message::Mailbox;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use crate::services::format::number;
use crate::services::format::percent;
use crate::services::mail::Mail;
use crate::services::mail::MailError;
use crate::services::mail::Mailer;
use crate::services::metrics::Counter;
use crate::services::metrics::MetricValues;
use crate::services::metrics::Metrics;

/// A report on one day in UTC. The metrics are only read, so the same day gives the same report each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyReport {
    pub date: Date,
}

/// What makes a report. Cheap to clone.
#[derive(Clone)]
pub struct ReportContext {
    pub metrics: Metrics,
    pub mailer: Mailer,
    /// The receiver of reports; `None` for the log alone.
    pub to: Option<Arc<Mailbox>>,
    /// Where people find Kith, for example `https://kith.example.org`.
    pub origin: Arc<str>,
}

impl DailyReport {
    /// The id of the schedule of reports. It is fixed, so each start replaces the schedule and adds none.
    pub const SCHEDULE_ID: &'static str = "daily-report";

    async fn metrics(&self, context: &ReportContext) -> Result<MetricValues, Failure> {
        context.metrics.day(self.date).await.map_err(|error| {
            tracing::warn!(%error, "the daily report waits");
            Failure::Retry(None)
        })
    }

    async fn send(
        &self,
        context: &ReportContext,
        to: &Mailbox,
        message: &str,
        metrics: &MetricValues,
    ) -> Result<(), MailError> {
        let date = self.date;
        let (text, html) = render(date, metrics, &context.origin);
        let message = message.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let mail = Mail {
            id: format!("report-{date}-{message}"),
            to_name: to.name.clone().unwrap_or_default(),
            to_address: to.email.to_string(),
            subject: format!("Kith on {}", date.strftime("%A, %-d %B %Y")),
            text,
            html,
        };
        context.mailer.send(&mail).await
    }
}

#[async_trait]
impl Job for DailyReport {
    type Context = ReportContext;
    const KIND: &'static str = "daily-report";
    const LABEL: &'static str = "Daily report";

    fn id(&self) -> String {
        self.date.to_string()
    }

    fn key(&self, message_id: &str) -> String {
        // A day may be reported on again, by another message.
        format!("report:{}:{message_id}", self.date)
    }

    /// The schedule sends no body, which means yesterday in UTC. A day that is not over has no report yet, and
    /// Kith keeps no metrics of a day more than a year ago.
    fn parse(body: &[u8], now: Timestamp) -> Option<Self> {
        #[derive(Default, Deserialize)]
        struct Request {
            date: Option<String>,
        }
        let request: Request = match body.is_empty() {
            true => Request::default(),
            false => serde_json::from_slice(body).ok()?,
        };
        let today = now.to_zoned(TimeZone::UTC).date();
        let date = match request.date {
            Some(date) => date.parse().ok()?,
            None => today.saturating_sub(1.day()),
        };
        let oldest = today.saturating_sub(1.year());
        (oldest..today).contains(&date).then_some(Self { date })
    }

    async fn run(&self, context: &ReportContext, attempt: &Attempt) -> Outcome {
        let date = self.date;
        let metrics = match self.metrics(context).await {
            Ok(metrics) => metrics,
            Err(failure) => return Outcome::failed(failure),
        };
        if let Some(to) = &context.to
            && let Err(error) = self.send(context, to, &attempt.message_id, &metrics).await
        {
            tracing::warn!(%date, why = %error, "the daily report was not sent");
            if let MailError::Temporary(_) | MailError::Deferred(_) = error {
                return Outcome::failed(Failure::Retry(None));
            }
            // The log has it, and no mail server will ever take it.
        }
        let (requests, refusals) = (metrics.requests(), metrics.refusals());
        let new_contacts = metrics.new_contacts();
        tracing::info!(%date, requests, new_contacts, refusals, "daily report");
        Outcome::done()
    }

    async fn answer(&self, context: &ReportContext) -> Result<Value, Failure> {
        let metrics = self.metrics(context).await?;
        Ok(json!({ "report": {
            "date": self.date.to_string(),
            "totalRequests": metrics.requests(),
            "newContacts": metrics.new_contacts(),
            "rateLimitHits": metrics.refusals(),
        }}))
    }
}

/// The report as text and as HTML.
fn render(date: Date, figures: &MetricValues, origin: &str) -> (String, String) {
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
    // Only the operator has chosen any of this text.
    let cells = rows
        .map(|(name, figure)| format!("<tr><td>{name}</td><td align=\"right\">{figure}</td></tr>"));
    let html = format!(
        "<p>{title}</p>\n<table>\n{}\n</table>\n<p><a href=\"{link}\">Dashboard</a></p>",
        cells.join("\n")
    );
    (text, html)
}
