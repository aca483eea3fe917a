//! Dead letters: messages whose deliveries have all failed. They are kept, and can be sent again.

use serde_json::Value;
use serde_json::json;
use sqlx::QueryBuilder;
use sqlx::Row;
use sqlx::Sqlite;

use super::Broker;
use super::Result;
use super::accept::Accepted;
use super::accept::Source;
use super::accept::accept;
use super::filter::Filter;
use super::messages::Stored;
use super::messages::set_body;
use crate::server::queue::message::Header;
use crate::server::queue::message::Publication;
use crate::server::queue::message::Rejection;

/// The most dead letters in one answer, or in one action.
const LARGEST_PAGE: u32 = 100;

impl Broker {
    /// Dead letters, the latest first, and the cursor of those before them.
    pub async fn dead_letters(&self, filter: &Filter) -> Result<(Vec<Value>, Option<String>)> {
        let (found, cursor) = self.find_dead(filter).await?;
        let described = found.iter().map(|message| self.describe_dead(message));
        Ok((described.collect(), cursor))
    }

    /// # Errors
    /// A [`Rejection`] when there is no such dead letter.
    pub async fn dead_letter(&self, id: &str) -> Result<Value> {
        let (found, _) = self.find_dead(&Filter::dead_letter(id)).await?;
        let message = found.first().ok_or_else(|| no_such_letter(id))?;
        Ok(self.describe_dead(message))
    }

    /// Lets go of the dead letters that match, a page of them. The answer is how many, and the cursor
    /// of those before them.
    pub async fn delete_dead(&self, filter: &Filter) -> Result<(u64, Option<String>)> {
        let (found, cursor) = self.find_dead(filter).await?;
        let mut tx = self.0.database.write().await?;
        let mut deleted = 0;
        for message in &found {
            // The message stays for as long as its events do.
            let done = sqlx::query(
                "UPDATE messages SET dead_letter_id = NULL
                 WHERE seq = ? AND dead_letter_id IS NOT NULL",
            )
            .bind(message.seq)
            .execute(&mut *tx)
            .await?;
            deleted += done.rows_affected();
        }
        tx.commit().await?;
        Ok((deleted, cursor))
    }

    /// Sends the dead letters that match again, as new messages, a page of them. `changes` are
    /// `Upstash-*` headers that win over what the letters asked for.
    ///
    /// # Errors
    /// A [`Rejection`] when a letter that was named is not there, and nothing is sent.
    pub async fn retry_dead(
        &self,
        filter: &Filter,
        changes: &[Header],
    ) -> Result<(Vec<Accepted>, Option<String>)> {
        let changes = Publication::parse("", changes, Vec::new())?;
        let (found, cursor) = self.find_dead(filter).await?;
        if filter.named().is_some_and(|named| named > found.len()) {
            return Err(Rejection::not_found("Some messages were not found in the DLQ.").into());
        }
        let now = self.now();
        let mut tx = self.0.database.write().await?;
        let mut sent = Vec::new();
        for message in found {
            let taken = sqlx::query(
                "UPDATE messages SET dead_letter_id = NULL
                 WHERE seq = ? AND dead_letter_id IS NOT NULL",
            )
            .bind(message.seq)
            .execute(&mut *tx)
            .await?;
            if taken.rows_affected() == 0 {
                // Somebody else was faster.
                continue;
            }
            let publication = message.publication.again(&changes);
            let source = Source {
                caller_ip: message.caller_ip.as_deref(),
                schedule: message.schedule_id.as_deref(),
            };
            sent.push(accept(&mut tx, self.destinations(), &publication, source, now).await?);
        }
        tx.commit().await?;
        self.wake();
        Ok((sent, cursor))
    }

    async fn find_dead(&self, filter: &Filter) -> Result<(Vec<Stored>, Option<String>)> {
        let count = filter.count(LARGEST_PAGE)? as usize;
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT m.* FROM messages m WHERE m.dead_letter_id IS NOT NULL",
        );
        filter.narrow_messages(&mut query, self.destinations())?;
        query
            .push(" ORDER BY m.seq DESC LIMIT ")
            .push_bind(count as i64 + 1);
        let mut connection = self.0.database.reader().await?;
        let rows = query.build().fetch_all(&mut *connection).await?;
        let mut cursor = None;
        if rows.len() > count {
            let last: i64 = rows[count - 1].try_get("seq")?;
            cursor = Some(last.to_string());
        }
        let found = rows.iter().take(count).map(Stored::read);
        Ok((found.collect::<Result<_>>()?, cursor))
    }

    fn describe_dead(&self, message: &Stored) -> Value {
        let mut value = message.describe(self.destinations());
        value["dlqId"] = json!(message.dead_letter_id);
        if let Some(response) = &message.response {
            value["responseStatus"] = json!(response.status);
            value["responseHeader"] = json!(response.headers);
            set_body(&mut value, "responseBody", &response.body_bytes(), false);
        }
        value
    }
}

impl Publication {
    /// The same publication as a new one, with what `changes` asks for.
    fn again(mut self, changes: &Self) -> Self {
        // What it was waiting for is long past.
        self.not_before = changes.not_before;
        self.delivery.delay = changes.delivery.delay;
        let Self { delivery, .. } = &mut self;
        delivery.retries = changes.delivery.retries.or(delivery.retries);
        delivery.timeout = changes.delivery.timeout.or(delivery.timeout);
        if changes.delivery.retry_delay.is_some() {
            delivery
                .retry_delay
                .clone_from(&changes.delivery.retry_delay);
        }
        self
    }
}

fn no_such_letter(id: &str) -> Rejection {
    Rejection::not_found(format!("There is no dead letter {id}, or not any more."))
}
