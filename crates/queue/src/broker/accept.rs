//! Taking messages.

use axum::http::StatusCode;
use jiff::Timestamp;
use reqwest::Url;
use sqlx::SqliteConnection;

use super::Broker;
use super::Result;
use super::schedules;
use super::schedules::Plan;
use crate::destination::Destination;
use crate::destination::Destinations;
use crate::message::Publication;
use crate::rejection::Rejection;
use kith_database::Tx;
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

/// Messages and schedules that are taken together, all or none. Dropping it takes none.
pub struct Taking<'a> {
    broker: &'a Broker,
    source: Source<'a>,
    tx: Tx,
}

impl Taking<'_> {
    /// # Errors
    /// A [`Rejection`] where the message may not go where it wants to; [`check`] finds that out before. It
    /// leaves the others as they are.
    pub async fn publish(&mut self, publication: &Publication) -> Result<Accepted> {
        let (destinations, now) = (self.broker.destinations(), self.broker.now());
        accept(&mut self.tx, destinations, publication, self.source, now).await
    }

    /// Creates a schedule, or replaces the one with the same id. The answer is that id.
    ///
    /// # Errors
    /// A [`Rejection`] where there are too many. It leaves the others as they are.
    pub async fn schedule(&mut self, plan: &Plan) -> Result<String> {
        schedules::put(&mut self.tx, plan, self.source.caller_ip, self.broker.now()).await
    }

    /// # Errors
    /// Those of the database.
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await?;
        self.broker.wake();
        Ok(())
    }
}

impl Broker {
    /// # Errors
    /// Those of the database.
    pub async fn begin<'a>(&'a self, source: Source<'a>) -> Result<Taking<'a>> {
        Ok(Taking {
            broker: self,
            source,
            tx: self.0.database.write().await?,
        })
    }

    /// Takes messages, all or none. Their answers are in their order.
    ///
    /// # Errors
    /// A [`Rejection`] where one of them may not go where it wants to; [`check`] finds that out before.
    pub async fn publish(
        &self,
        publications: &[Publication],
        source: Source<'_>,
    ) -> Result<Vec<Accepted>> {
        let mut taking = self.begin(source).await?;
        let mut accepted = Vec::with_capacity(publications.len());
        for publication in publications {
            accepted.push(taking.publish(publication).await?);
        }
        taking.commit().await?;
        Ok(accepted)
    }
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

/// With whom messages to a destination share what there is of room; empty for the application itself.
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
