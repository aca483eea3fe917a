//! Taking messages.

use axum::http::StatusCode;
use jiff::Timestamp;
use reqwest::Url;
use sqlx::SqliteConnection;

use super::Result;
use crate::destination::Destination;
use crate::destination::Destinations;
use crate::message::Publication;
use crate::rejection::Rejection;
use kith_runtime::sortable_id;

/// For how long a message with the same deduplication id is not taken again.
pub(super) const DEDUPLICATION_WINDOW_MS: i64 = 10 * 60 * 1000;

/// Where a message comes from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    pub caller_ip: Option<&'a str>,
    pub schedule: Option<&'a str>,
}

/// A message that was taken, or is the same as one that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub message_id: String,
    /// Where it goes, as it is told and signed.
    pub url: String,
    pub deduplicated: bool,
}

/// Where a publication goes, if it may go there and tell whom it wants to.
pub fn check(
    destinations: &Destinations,
    publication: &Publication,
) -> std::result::Result<Destination, Rejection> {
    let destination = destinations.accept(&publication.destination)?;
    for callback in publication.callbacks() {
        destinations
            .accept(&callback.url)
            .map_err(|rejection| Rejection {
                // Unlike a destination, it could never name anything but a URL.
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

/// Takes one message, in a transaction of the caller's.
pub async fn accept(
    tx: &mut SqliteConnection,
    destinations: &Destinations,
    publication: &Publication,
    source: Source<'_>,
    now: Timestamp,
) -> Result<Accepted> {
    let destination = check(destinations, publication)?;
    let url = destinations.url(&destination.text);
    let at = now.as_millisecond();
    let message_id = format!("msg_{}", sortable_id(now).simple());
    if let Some(id) = &publication.deduplication {
        let known: Option<String> = sqlx::query_scalar(
            "INSERT INTO deduplications (id, message_id, expires_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET
                 message_id = CASE WHEN expires_at <= ?4 THEN ?2 ELSE message_id END,
                 expires_at = CASE WHEN expires_at <= ?4 THEN ?3 ELSE expires_at END
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
    sqlx::query(
        "INSERT INTO messages (id, state, destination, host, path, origin, spec, body, created_at,
             updated_at, not_before, due_at, caller_ip, schedule_id, labels)
         VALUES (?, 'created', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
    .bind(source.caller_ip)
    .bind(source.schedule)
    .bind(labels)
    .execute(&mut *tx)
    .await?;
    Ok(Accepted {
        message_id,
        url,
        deduplicated: false,
    })
}
