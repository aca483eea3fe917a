//! Stored messages, their JSON, and cancelling them.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use kith_database::Attempts;
use kith_database::QueryBuilder;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use serde_json::Value;
use serde_json::json;

use super::Broker;
use super::Result;
use super::filter::Filter;
use super::response::Response;
use crate::destination::Destinations;
use crate::message::Header;
use crate::message::Publication;
use crate::message::Redacted;
use crate::message::canonical_name;
use crate::outbox;
use crate::rejection::Rejection;
use crate::rejection::require_no_nul;

/// The most messages that are cancelled in one transaction.
const MAX_CANCEL_BATCH: u64 = 500;

// Which messages are cancelled. In PostgreSQL, this waits for a message that is being settled, and passes over it where it
// was delivered in the mean time. Settling locks messages in the same order.

const CANCELLED_BEGIN: Sql = Sql::each(
    " WHERE seq IN (SELECT m.seq FROM messages m WHERE m.finished_at IS NULL",
    " WHERE seq = ANY (ARRAY(SELECT m.seq FROM messages m WHERE m.finished_at IS NULL",
);

const CANCELLED_FIRST: Sql = Sql::each(" LIMIT ", " ORDER BY m.seq LIMIT ");

const CANCELLED_END: Sql = Sql::each(")", " FOR UPDATE OF m)) AND finished_at IS NULL");

/// A row of `messages`.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) seq: i64,
    pub(super) id: String,
    /// Its origin, for example `https://example.com:8080`; empty for the application itself.
    pub(super) origin: String,
    pub(super) publication: Publication,
    /// In Unix milliseconds.
    pub(super) created_at: i64,
    /// The time of the first delivery, in Unix milliseconds.
    pub(super) not_before: i64,
    /// How many deliveries have failed.
    pub(super) retried: u32,
    pub(super) caller_ip: Option<String>,
    pub(super) schedule_id: Option<String>,
    pub(super) dead_letter_id: Option<String>,
    pub(super) response: Option<Response>,
}

impl Stored {
    /// # Errors
    /// [`Unreadable`](super::BrokerError::Unreadable) for a row of another version.
    pub(super) fn read(row: &Row) -> Result<Self> {
        let mut publication: Publication = serde_json::from_str(row.get("spec")?)?;
        publication.destination = row.get("destination")?;
        publication.body = row.get("body")?;
        publication.normalize();
        let response: Option<String> = row.get("response")?;
        Ok(Self {
            seq: row.get("seq")?,
            id: row.get("id")?,
            origin: row.get("origin")?,
            publication,
            created_at: row.get("created_at")?,
            not_before: row.get("not_before")?,
            retried: row.get("retried")?,
            caller_ip: row.get("caller_ip")?,
            schedule_id: row.get("schedule_id")?,
            dead_letter_id: row.get("dead_letter_id")?,
            response: response
                .map(|json| serde_json::from_str(&json))
                .transpose()?,
        })
    }

    /// The message in the JSON of QStash. What its publisher hides is shown as a hash.
    pub(super) fn describe(&self, destinations: &Destinations) -> Value {
        let Publication {
            delivery, redacted, ..
        } = &self.publication;
        let mut value = json!({
            "messageId": self.id,
            "url": destinations.url(&self.publication.destination),
            "method": delivery.method(),
            "header": headers(&delivery.headers, redacted),
            "maxRetries": delivery.retries(),
            "notBefore": self.not_before,
            "createdAt": self.created_at,
        });
        set_body(&mut value, "body", &self.publication.body, redacted.body);
        if let Some(ip) = &self.caller_ip {
            value["callerIP"] = json!(ip);
            value["callerIp"] = json!(ip);
        }
        if let Some(id) = &self.schedule_id {
            value["scheduleId"] = json!(id);
        }
        set_options(&mut value, &self.publication, destinations);
        value
    }
}

/// Sets the optional fields that messages and schedules have in common.
pub(super) fn set_options(
    value: &mut Value,
    publication: &Publication,
    destinations: &Destinations,
) {
    for (name, callback) in [
        ("callback", &publication.callback),
        ("failureCallback", &publication.failure_callback),
    ] {
        if let Some(callback) = callback {
            value[name] = json!(destinations.url(&callback.url));
        }
    }
    if let Some(label) = publication.labels.first() {
        value["label"] = json!(label);
        value["labels"] = json!(publication.labels);
    }
    if let Some(expression) = &publication.delivery.retry_delay {
        value["retryDelayExpression"] = json!(expression);
    }
    if let Some(timeout) = publication.delivery.timeout {
        value["timeout"] = json!(timeout);
    }
}

/// Sets a body: as text where it is UTF-8, otherwise in base64, and not at all where it is empty.
pub(super) fn set_body(value: &mut Value, name: &str, body: &[u8], hidden: bool) {
    if body.is_empty() {
        return;
    }
    if hidden {
        value[name] = json!(Redacted::mark(body));
        return;
    }
    match std::str::from_utf8(body) {
        Ok(text) => value[name] = json!(text),
        Err(_) => value[format!("{name}Base64")] = json!(BASE64_STANDARD.encode(body)),
    }
}

/// Headers under their canonical names, for example `Content-Type`.
pub(super) fn headers(headers: &[Header], redacted: &Redacted) -> BTreeMap<String, Vec<String>> {
    let mut map = BTreeMap::<_, Vec<_>>::new();
    for (name, value) in headers {
        let value = if redacted.hides_header(name) {
            Redacted::mark(value.as_bytes())
        } else {
            value.clone()
        };
        map.entry(canonical_name(name)).or_default().push(value);
    }
    map
}

impl Broker {
    /// A message in the JSON of QStash.
    ///
    /// # Errors
    /// A [`Rejection`] where there is no such message, or not any more.
    pub async fn message(&self, id: &str) -> Result<Value> {
        require_no_nul("messageId", id)?;
        let mut connection = self.0.database.reader().await?;
        let row = query("SELECT * FROM messages WHERE id = $1 AND state <> 'canceled'")
            .bind(id)
            .fetch_optional(&mut connection)
            .await?;
        let row = row.ok_or_else(|| no_such_message(id))?;
        Ok(Stored::read(&row)?.describe(self.destinations()))
    }

    /// Cancels every message that matches and is not finished. A message that is under way may still arrive, but is
    /// not retried. Returns how many there were, at most as many as the filter asks for.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn cancel(&self, filter: &Filter) -> Result<u64> {
        let limit = filter.limit().unwrap_or(u64::MAX);
        let mut cancelled = 0;
        let mut attempts = Attempts::default();
        loop {
            // A few at a time, so that other writers do not wait long.
            let batch = MAX_CANCEL_BATCH.min(limit - cancelled);
            let done = match self.cancel_batch(filter, batch).await {
                Err(error) if attempts.is_another_due(error.is_conflict()).await => continue,
                done => done?,
            };
            cancelled += done;
            if done < batch || cancelled == limit {
                return Ok(cancelled);
            }
        }
    }

    async fn cancel_batch(&self, filter: &Filter, limit: u64) -> Result<u64> {
        let now = self.now().as_millisecond();
        let mut tx = self.0.database.write().await?;
        let mut query = QueryBuilder::new(
            tx.engine(),
            "UPDATE messages SET state = 'canceled', owner = NULL, finished_at = ",
        );
        query.push_bind(now).push(", updated_at = ").push_bind(now);
        query.push(CANCELLED_BEGIN);
        filter.narrow_messages(&mut query, self.destinations())?;
        query.push(CANCELLED_FIRST).push_bind(limit as i64);
        query.push(CANCELLED_END);
        let done = query.build().execute(&mut tx).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Cancels what the outbox has from before this time and QStash has not got. Returns how many messages that were.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn cancel_outgoing(&self, until: Timestamp) -> Result<u64> {
        let mut tx = self.0.database.write().await?;
        let cancelled = outbox::cancel(&mut tx, until).await?;
        tx.commit().await?;
        Ok(cancelled)
    }

    /// Cancels one message.
    ///
    /// # Errors
    /// A [`Rejection`] where there is no such message, or it is finished.
    pub async fn cancel_message(&self, id: &str) -> Result<()> {
        match self.cancel(&Filter::message(id)).await? {
            0 => Err(no_such_message(id).into()),
            _ => Ok(()),
        }
    }
}

fn no_such_message(id: &str) -> Rejection {
    Rejection::not_found(format!(
        "There is no message {id} that could be found. It may be delivered and removed."
    ))
}
