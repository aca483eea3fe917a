//! Accepting messages.

use axum::http::StatusCode;
use jiff::Timestamp;
use kith_database::Connection;
use kith_database::query;
use kith_runtime::sortable_id;
use reqwest::Url;

use super::Result;
use crate::destination::Destination;
use crate::destination::Destinations;
use crate::message::Publication;
use crate::rejection::Rejection;

/// How long the broker accepts no other message with the same deduplication id.
pub(super) const DEDUPLICATION_WINDOW_MS: i64 = 10 * 60 * 1000;

/// Where a message comes from. Receivers get it in headers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Provenance<'a> {
    /// The address of the client that has published the message.
    pub caller_ip: Option<&'a str>,
    /// The id of the schedule that has fired.
    pub schedule: Option<&'a str>,
}

/// The broker's answer to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The id of the message, or of the earlier one that it is a duplicate of.
    pub message_id: String,
    /// The public URL of the destination, which the signature names.
    pub url: String,
    /// Whether the message is a duplicate, so that the broker does not deliver it.
    pub deduplicated: bool,
}

/// Checks the destinations of a publication and of its callbacks.
///
/// # Errors
/// A [`Rejection`] where one of them is not allowed.
pub fn check(
    destinations: &Destinations,
    publication: &Publication,
) -> std::result::Result<Destination, Rejection> {
    let destination = destinations.accept(&publication.destination)?;
    for callback in publication.callbacks() {
        destinations
            .accept(&callback.url)
            .map_err(|rejection| Rejection {
                // A destination can also be a URL group, which this queue does not support yet. A callback cannot.
                status: StatusCode::BAD_REQUEST,
                ..rejection
            })?;
    }
    Ok(destination)
}

/// The origin that a message counts for in [`Permits`](super::permits::Permits); empty for the application
/// itself.
fn origin(destination: &Destination) -> String {
    let url = Url::parse(&destination.text).ok();
    url.filter(|_| destination.host.is_some())
        .map_or_else(String::new, |url| url.origin().ascii_serialization())
}

/// Accepts one message in the caller's transaction. The caller [wakes](super::Broker::wake) the broker after the
/// commit.
///
/// # Errors
/// A [`Rejection`] as by [`check`], after which the transaction is unchanged, or an error of the database.
pub async fn accept(
    tx: &mut Connection,
    destinations: &Destinations,
    publication: &Publication,
    provenance: Provenance<'_>,
    now: Timestamp,
) -> Result<Accepted> {
    let destination = check(destinations, publication)?;
    let url = destinations.url(&destination.text);
    let at = now.as_millisecond();
    let message_id = format!("msg_{}", sortable_id(now).simple());
    if let Some(id) = &publication.deduplication {
        let known: Option<String> = query(
            "INSERT INTO deduplications (id, message_id, expires_at) VALUES ($1, $2, $3)
             ON CONFLICT (id) DO UPDATE SET
                 message_id = CASE WHEN deduplications.expires_at <= $4 THEN $2
                                   ELSE deduplications.message_id END,
                 expires_at = CASE WHEN deduplications.expires_at <= $4 THEN $3
                                   ELSE deduplications.expires_at END
             RETURNING message_id",
        )
        .bind(id)
        .bind(&message_id)
        .bind(at + DEDUPLICATION_WINDOW_MS)
        .bind(at)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(known) = known.filter(|known| *known != message_id) {
            return Ok(Accepted {
                message_id: known,
                url,
                deduplicated: true,
            });
        }
    }
    let due_at = publication.due_at(now);
    let labels = &publication.labels;
    let labels = (!labels.is_empty()).then(|| format!(",{},", labels.join(",")));
    query(
        "INSERT INTO messages (id, state, destination, host, path, origin, spec, body, created_at,
             updated_at, not_before, due_at, caller_ip, schedule_id, labels)
         VALUES ($1, 'created', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(&message_id)
    .bind(&destination.text)
    .bind(&destination.host)
    .bind(&destination.path)
    .bind(origin(&destination))
    .bind(serde_json::to_string(publication)?)
    .bind(&publication.body)
    .bind(at)
    .bind(at)
    .bind(due_at)
    .bind(due_at)
    .bind(provenance.caller_ip)
    .bind(provenance.schedule)
    .bind(labels)
    .execute(&mut *tx)
    .await?;
    Ok(Accepted {
        message_id,
        url,
        deduplicated: false,
    })
}
