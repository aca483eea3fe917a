//! Completing a message in the transaction of its consumer, where consumer and broker share the database.

use std::collections::BTreeMap;

use axum::http::HeaderName;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::Result;
use super::response::Response;

/// The header by which a consumer in this process tells the broker that the message is completed already.
pub(crate) const COMPLETED_HEADER: HeaderName =
    HeaderName::from_static("upstash-message-completed");

/// Marks a message as delivered. `false` where the broker must do that itself, because the message has a
/// callback that is published with it, or is no longer under way.
pub(crate) async fn complete(
    tx: &mut SqliteConnection,
    message_id: &str,
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
    let completed = sqlx::query(
        "UPDATE messages SET state = 'delivered', updated_at = ?1, due_at = ?1, finished_at = ?1,
             response = ?2, response_status = ?3, owner = NULL
         WHERE id = ?4 AND state = 'active' AND json_extract(spec, '$.callback') IS NULL",
    )
    .bind(now.as_millisecond())
    .bind(serde_json::to_string(&response)?)
    .bind(response.status)
    .bind(message_id)
    .execute(tx)
    .await?;
    Ok(completed.rows_affected() == 1)
}
