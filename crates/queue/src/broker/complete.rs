//! What a consumer that shares the database with the broker tells it: that it has completed the message in its own
//! transaction, or that it could not begin.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::HeaderName;
use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Sql;
use kith_database::query;

use super::Result;
use super::response::Response;

/// The header by which a consumer in this process tells the broker that the message is completed already.
pub(crate) const COMPLETED_HEADER: HeaderName =
    HeaderName::from_static("upstash-message-completed");

/// The header by which a consumer in this process tells the broker that it could not begin, with `Retry-After`.
pub(crate) const POSTPONED_HEADER: HeaderName =
    HeaderName::from_static("upstash-message-postponed");

/// A message that its consumer has executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Completion {
    pub(crate) message_id: String,
    /// The path of the webhook, with its query.
    pub(crate) destination: String,
    pub(crate) body: Bytes,
}

const COMPLETE: Sql = Sql::each(
    "UPDATE messages SET state = 'delivered', updated_at = $1, due_at = $1, finished_at = $1,
         response = $2, response_status = $3, owner = NULL
     WHERE id = $4 AND state = 'active' AND destination = $5 AND body = $6
         AND json_extract(spec, '$.callback') IS NULL",
    "UPDATE messages SET state = 'delivered', updated_at = $1, due_at = $1, finished_at = $1,
         response = $2, response_status = $3, owner = NULL
     WHERE id = $4 AND state = 'active' AND destination = $5 AND body = $6
         AND json_field(spec, 'callback') IS NULL",
);

/// Marks a message as delivered. `false` where the broker must do that itself, because the message has a
/// callback that is published with it, or is no longer under way.
///
/// The signature of a delivery covers its address and its body, and not the header with the id. So the message
/// must have the address and the body: a client that has got hold of one delivery cannot complete another message.
pub(crate) async fn complete(
    tx: &mut Connection,
    completion: &Completion,
    now: Timestamp,
) -> Result<bool> {
    let response = Response {
        status: 200,
        headers: BTreeMap::from([(
            "Content-Type".to_owned(),
            vec!["application/json".to_owned()],
        )]),
        body: String::new(),
    };
    let completed = query(COMPLETE)
        .bind(now.as_millisecond())
        .bind(serde_json::to_string(&response)?)
        .bind(response.status)
        .bind(&completion.message_id)
        .bind(&completion.destination)
        .bind(completion.body.as_ref())
        .execute(tx)
        .await?;
    Ok(completed == 1)
}
