//! Dead letters: messages whose deliveries have all failed. The broker keeps them, and a client can send them again.

use futures_util::TryStreamExt;
use kith_database::Connection;
use kith_database::QueryBuilder;
use kith_database::query;
use serde_json::Value;
use serde_json::json;

use super::Broker;
use super::Result;
use super::accept::Accepted;
use super::accept::Provenance;
use super::accept::accept;
use super::accept::check;
use super::events::MAX_ANSWER_BYTES;
use super::filter::Filter;
use super::messages::Stored;
use super::messages::set_body;
use super::response::Response;
use crate::message::Header;
use crate::message::Publication;
use crate::rejection::Rejection;

/// The most dead letters in one answer or one action.
const MAX_PAGE: u32 = 100;

/// The result of sending a page of dead letters again.
#[derive(Debug, Default)]
pub struct RetriedPage {
    /// The new messages.
    pub sent: Vec<Accepted>,
    /// How many stay dead letters, because their destinations are not allowed.
    pub rejected: u64,
    /// The rejection of the first of these.
    pub rejection: Option<Rejection>,
    /// The cursor of the next page.
    pub cursor: Option<String>,
}

impl Broker {
    /// Dead letters in the JSON of QStash, the latest first, and the cursor of the next page.
    ///
    /// # Errors
    /// A [`Rejection`] where the filter asks for more than 100, or an error of the database.
    pub async fn dead_letters(&self, filter: &Filter) -> Result<(Vec<Value>, Option<String>)> {
        let (found, cursor) = self.find_dead_letters(filter).await?;
        let described = found
            .iter()
            .map(|message| self.describe_dead_letter(message));
        Ok((described.collect(), cursor))
    }

    /// A dead letter in the JSON of QStash.
    ///
    /// # Errors
    /// A [`Rejection`] where there is no such dead letter.
    pub async fn dead_letter(&self, id: &str) -> Result<Value> {
        let (found, _) = self.find_dead_letters(&Filter::dead_letter(id)).await?;
        let message = found.first().ok_or_else(|| no_such_dead_letter(id))?;
        Ok(self.describe_dead_letter(message))
    }

    /// Deletes a page of the dead letters that match. Returns how many, and the cursor of the next page.
    ///
    /// # Errors
    /// As those of [`dead_letters`](Self::dead_letters).
    pub async fn delete_dead_letters(&self, filter: &Filter) -> Result<(u64, Option<String>)> {
        let (found, cursor) = self.find_dead_letters(filter).await?;
        let mut tx = self.0.database.write().await?;
        let mut deleted = 0;
        for message in &found {
            deleted += u64::from(clear_dead_letter(&mut tx, message.seq).await?);
        }
        tx.commit().await?;
        Ok((deleted, cursor))
    }

    /// Sends a page of the dead letters that match again, as new messages. `changes` are `Upstash-*` headers that
    /// win over those of the dead letters.
    ///
    /// # Errors
    /// A [`Rejection`] for a header that is not understood, and those of [`dead_letters`](Self::dead_letters).
    pub async fn retry_dead_letters(
        &self,
        filter: &Filter,
        changes: &[Header],
    ) -> Result<RetriedPage> {
        let changes = Publication::parse("", changes, Vec::new(), self.now())?;
        for callback in changes.callbacks() {
            self.destinations().accept(&callback.url)?;
        }
        let (found, cursor) = self.find_dead_letters(filter).await?;
        let mut tx = self.0.database.write().await?;
        let now = self.now();
        let mut page = RetriedPage {
            cursor,
            ..RetriedPage::default()
        };
        for message in found {
            let publication = message.publication.again(&changes);
            if let Err(rejection) = check(self.destinations(), &publication) {
                // It stays until its destination is allowed again, and does not hold up the others.
                tracing::warn!(
                    message = message.id,
                    "a dead letter is not sent: {rejection}"
                );
                page.rejected += 1;
                page.rejection.get_or_insert(rejection);
                continue;
            }
            if !clear_dead_letter(&mut tx, message.seq).await? {
                // Another process was faster.
                continue;
            }
            let provenance = Provenance {
                caller_ip: message.caller_ip.as_deref(),
                schedule: message.schedule_id.as_deref(),
            };
            let accepted =
                accept(&mut tx, self.destinations(), &publication, provenance, now).await?;
            page.sent.push(accepted);
        }
        tx.commit().await?;
        self.wake();
        Ok(page)
    }

    async fn find_dead_letters(&self, filter: &Filter) -> Result<(Vec<Stored>, Option<String>)> {
        // A client that names dead letters and no number means all of them.
        let count = match (filter.named_ids(), filter.limit()) {
            (Some(named), None) => named,
            _ => filter.page_size(MAX_PAGE)? as usize,
        };
        let mut query = QueryBuilder::new(
            self.0.database.engine(),
            "SELECT m.* FROM messages m WHERE m.dead_letter_id IS NOT NULL",
        );
        filter.narrow_messages(&mut query, self.destinations())?;
        query
            .push(" ORDER BY m.seq DESC LIMIT ")
            .push_bind(count as i64 + 1);
        let mut connection = self.0.database.reader().await?;
        let mut rows = query.build().fetch(&mut connection);
        let (mut found, mut last, mut bytes) = (Vec::new(), None, 0);
        while let Some(row) = rows.try_next().await? {
            if found.len() == count || bytes > MAX_ANSWER_BYTES {
                return Ok((found, last));
            }
            last = Some(row.get::<i64>("seq")?.to_string());
            match Stored::read(&row) {
                Ok(message) => {
                    bytes += message.publication.size();
                    bytes += message.response.as_ref().map_or(0, Response::size);
                    found.push(message);
                }
                Err(error) => tracing::error!(seq = last, "a dead letter is left out: {error}"),
            }
        }
        Ok((found, None))
    }

    fn describe_dead_letter(&self, message: &Stored) -> Value {
        let mut value = message.describe(self.destinations());
        value["dlqId"] = json!(message.dead_letter_id);
        if let Some(response) = &message.response {
            if let Some(status) = response.status() {
                value["responseStatus"] = json!(status);
                value["responseHeader"] = json!(response.headers);
            }
            set_body(&mut value, "responseBody", &response.body_bytes(), false);
        }
        value
    }
}

impl Publication {
    /// The same publication as a new one, with what `changes` asks for.
    fn again(mut self, changes: &Self) -> Self {
        // The time that it was to wait for has passed.
        self.not_before = changes.not_before;
        self.delivery.delay = changes.delivery.delay;
        let (own, new) = (&mut self.delivery, &changes.delivery);
        if !new.method.is_empty() {
            own.method.clone_from(&new.method);
        }
        own.retries = new.retries.or(own.retries);
        own.timeout = new.timeout.or(own.timeout);
        own.retry_delay = new.retry_delay.clone().or(own.retry_delay.take());
        let replaced = |name: &String| new.headers.iter().any(|(other, _)| other == name);
        own.headers.retain(|(name, _)| !replaced(name));
        own.headers.extend(new.headers.iter().cloned());
        self.callback = changes.callback.clone().or(self.callback);
        self.failure_callback = changes.failure_callback.clone().or(self.failure_callback);
        self
    }
}

/// Ends that a message is a dead letter. `false` where another process was faster. The message stays as long as its
/// events.
async fn clear_dead_letter(tx: &mut Connection, seq: i64) -> Result<bool> {
    let done = query(
        "UPDATE messages SET dead_letter_id = NULL
         WHERE seq = $1 AND dead_letter_id IS NOT NULL",
    )
    .bind(seq)
    .execute(tx)
    .await?;
    Ok(done == 1)
}

pub(crate) fn no_such_dead_letter(id: &str) -> Rejection {
    Rejection::not_found(format!("There is no dead letter {id}, or not any more."))
}
