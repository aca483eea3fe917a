//! The log of events: what has happened to messages.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use kith_database::Connection;
use kith_database::QueryBuilder;
use kith_database::query;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use serde_json::json;

use super::Broker;
use super::Result;
use super::filter::Filter;
use super::messages::Stored;
use super::response::Response;
use crate::message::Redacted;

/// The most events in one answer.
const MAX_PAGE: u32 = 1000;

/// An answer ends with the event at which its bodies and headers exceed this many bytes together.
pub(super) const MAX_ANSWER_BYTES: usize = 2 << 20;

/// The kinds of events that carry details. Triggers of the database write the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A delivery has failed; what follows is [`Retry`](Self::Retry) or [`Failed`](Self::Failed).
    Error,
    /// The message waits for its next delivery.
    Retry,
    /// The message is a dead letter.
    Failed,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Retry => "RETRY",
            Self::Failed => "FAILED",
        }
    }
}

/// The details of an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Detail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// In Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_delivery_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response: Option<Response>,
}

/// Writes an event, in the transaction of the change that it describes.
pub(super) async fn record(
    tx: &mut Connection,
    message_id: &str,
    state: State,
    now: Timestamp,
    detail: &Detail,
) -> Result<()> {
    query("INSERT INTO events (message_id, at, state, detail) VALUES ($1, $2, $3, $4)")
        .bind(message_id)
        .bind(now.as_millisecond())
        .bind(state.name())
        .bind(serde_json::to_string(detail)?)
        .execute(tx)
        .await?;
    Ok(())
}

impl Broker {
    /// Events in the JSON of QStash, the latest first, and the cursor of the next page.
    ///
    /// # Errors
    /// A rejection where the filter asks for more than 1000, or an error of the database.
    pub async fn events(&self, filter: &Filter) -> Result<(Vec<Value>, Option<String>)> {
        let count = filter.page_size(MAX_PAGE)?;
        let mut query = QueryBuilder::new(
            self.0.database.engine(),
            "SELECT e.seq AS event, e.at, e.state AS event_state, e.detail,
                    e.message_id AS of_message, m.*
             FROM events e LEFT JOIN messages m ON m.id = e.message_id WHERE TRUE",
        );
        filter.narrow_events(&mut query, self.destinations())?;
        query
            .push(" ORDER BY e.seq DESC LIMIT ")
            .push_bind(i64::from(count) + 1);
        let mut connection = self.0.database.reader().await?;
        let mut rows = query.build().fetch(&mut connection);
        let (mut events, mut last, mut bytes) = (Vec::new(), None, 0);
        while let Some(row) = rows.try_next().await? {
            if events.len() == count as usize || bytes > MAX_ANSWER_BYTES {
                return Ok((events, last));
            }
            last = Some(row.get::<i64>("event")?.to_string());
            let detail: Detail = serde_json::from_str(row.get("detail")?)?;
            let mut event = json!({
                "time": row.get::<i64>("at")?,
                "state": row.get::<String>("event_state")?,
                "messageId": row.get::<String>("of_message")?,
            });
            // The message may have been removed before its events, or this version cannot read it.
            if row.get::<Option<i64>>("seq")?.is_some()
                && let Ok(message) = Stored::read(&row)
            {
                bytes += message.publication.size();
                merge(&mut event, self.event_of(&message));
            }
            bytes += detail.response.as_ref().map_or(0, Response::size);
            merge(&mut event, json_of(&detail));
            events.push(event);
        }
        Ok((events, None))
    }

    fn event_of(&self, message: &Stored) -> Value {
        let redacted = &message.publication.redacted;
        let body = if redacted.body {
            Redacted::mark(&message.publication.body).into_bytes()
        } else {
            message.publication.body.clone()
        };
        let mut event = message.describe(self.destinations());
        if let Some(fields) = event.as_object_mut() {
            fields.remove("createdAt");
            fields.remove("notBefore");
            fields.remove("bodyBase64");
            fields.insert("body".to_owned(), BASE64_STANDARD.encode(body).into());
            // The log of QStash has another name for this field than its messages, and the SDKs read that name.
            if let Some(expression) = fields.get("retryDelayExpression").cloned() {
                fields.insert("retryDelayExpr".to_owned(), expression);
            }
        }
        event
    }
}

fn json_of(detail: &Detail) -> Value {
    let mut value = json!({});
    if let Some(error) = &detail.error {
        value["error"] = json!(error);
    }
    if let Some(at) = detail.next_delivery_time {
        value["nextDeliveryTime"] = json!(at);
    }
    if let Some(response) = &detail.response
        && let Some(status) = response.status()
    {
        value["responseStatus"] = json!(status);
        value["responseHeaders"] = json!(response.headers);
        value["responseBody"] = json!(response.body);
    }
    value
}

/// Adds the fields of an object to another.
fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}
