//! The overview for a dashboard: the number of messages in each state, schedules, and the last messages with their
//! events.

use std::collections::HashMap;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::QueryBuilder;
use kith_database::Row;
use kith_database::Sql;
use kith_database::Value;
use kith_database::query;

use super::Broker;
use super::Result;
use super::schedules::one_line;
use crate::cron::Cron;
use crate::destination::normalized;

/// The most schedules, messages and dead letters in an overview.
const MAX_SHOWN: i64 = 20;

/// The most events of its messages, all together.
const MAX_SHOWN_STEPS: i64 = 500;

/// The state of the queue at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overview {
    /// Messages that wait for the dispatcher.
    pub outbox: u64,
    /// Messages that wait for their first delivery.
    pub created: u64,
    /// Messages that are being delivered.
    pub active: u64,
    /// Messages that wait to be delivered again.
    pub retry: u64,
    /// Messages whose deliveries have all failed.
    pub dead: u64,
    /// At most 20, ordered by id.
    pub schedules: Vec<Schedule>,
    /// At most 20, the latest first.
    pub messages: Vec<Message>,
    /// At most 20, the latest first.
    pub dead_letters: Vec<Message>,
}

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The id that the publisher or the broker has chosen.
    pub id: String,
    /// The cron expression.
    pub cron: String,
    /// The cron expression in words, where they are easier to read; see [`Cron::description`].
    pub description: Option<String>,
    /// Whether it does not fire until it is resumed.
    pub paused: bool,
    /// When it fires next.
    pub next: Option<Timestamp>,
    /// When it has fired last.
    pub last: Option<Timestamp>,
}

/// A message without its body and headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The id, which begins with `msg_`.
    pub id: String,
    /// `created`, `active`, `retry`, `delivered`, `failed` or `canceled`.
    pub state: String,
    /// The public URL without its query, which may hold secrets of the receiver.
    pub destination: String,
    /// When the broker has accepted it.
    pub created: Timestamp,
    /// The id of the dead letter that it is.
    pub dead_letter_id: Option<String>,
    /// Its events, in order.
    pub timeline: Vec<Step>,
}

/// An event of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The time of the event.
    pub at: Timestamp,
    /// The kind as QStash names it, for example `ERROR`.
    pub state: String,
    /// Why a delivery has failed.
    pub error: Option<String>,
    /// When the broker delivers the message again.
    pub next: Option<Timestamp>,
}

impl Overview {
    /// How many messages wait for a delivery or are being delivered.
    pub fn waiting(&self) -> u64 {
        self.created + self.active + self.retry
    }
}

impl Broker {
    /// The state of the queue. It counts no finished messages but the dead letters, which have an index of their
    /// own.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn overview(&self) -> Result<Overview> {
        let mut tx = self.0.database.read().await?;
        let states: Vec<(String, i64)> = query(
            "SELECT 'outbox', count(*) FROM outbox
             UNION ALL
             SELECT 'dead', count(*) FROM messages WHERE dead_letter_id IS NOT NULL
             UNION ALL
             SELECT state, count(*) FROM messages WHERE finished_at IS NULL GROUP BY state",
        )
        .fetch_all(&mut tx)
        .await?;
        let count = |state: &str| {
            let found = states.iter().find(|(known, _)| known == state);
            found.map_or(0, |(_, count)| u64::try_from(*count).unwrap_or(0))
        };
        let schedules =
            query("SELECT id, cron, paused, next_at, last_at FROM schedules ORDER BY id LIMIT $1");
        let schedules = schedules.bind(MAX_SHOWN).fetch_all(&mut tx).await?;
        let schedules = schedules.iter().map(schedule_of);
        // Bodies may be large and are not shown.
        let messages = query(
            "SELECT id, state, destination, created_at, dead_letter_id FROM messages
             ORDER BY seq DESC LIMIT $1",
        );
        let messages = messages.bind(MAX_SHOWN).fetch_all(&mut tx).await?;
        let dead = query(
            "SELECT id, state, destination, created_at, dead_letter_id FROM messages
             WHERE dead_letter_id IS NOT NULL ORDER BY seq DESC LIMIT $1",
        );
        let dead = dead.bind(MAX_SHOWN).fetch_all(&mut tx).await?;
        Ok(Overview {
            outbox: count("outbox"),
            created: count("created"),
            active: count("active"),
            retry: count("retry"),
            dead: count("dead"),
            schedules: schedules.collect::<Result<_>>()?,
            messages: self.messages_of(&mut tx, &messages).await?,
            dead_letters: self.messages_of(&mut tx, &dead).await?,
        })
    }

    async fn messages_of(&self, connection: &mut Connection, rows: &[Row]) -> Result<Vec<Message>> {
        let mut messages = Vec::with_capacity(rows.len());
        for row in rows {
            let destination: String = row.get("destination")?;
            messages.push(Message {
                id: row.get("id")?,
                state: row.get("state")?,
                destination: without_query(self.destinations().url(&normalized(&destination))),
                created: time(row.get("created_at")?),
                dead_letter_id: row.get("dead_letter_id")?,
                timeline: Vec::new(),
            });
        }
        let ids = messages.iter().map(|message| message.id.clone());
        let mut timelines = timelines(connection, ids).await?;
        for message in &mut messages {
            message.timeline = timelines.remove(&message.id).unwrap_or_default();
        }
        Ok(messages)
    }
}

fn schedule_of(row: &Row) -> Result<Schedule> {
    let cron: String = row.get("cron")?;
    let parsed = cron.parse::<Cron>().ok();
    Ok(Schedule {
        id: row.get("id")?,
        description: parsed.and_then(|cron| cron.description()),
        cron: one_line(&cron),
        paused: row.get("paused")?,
        next: row.get::<Option<i64>>("next_at")?.map(time),
        last: row.get::<Option<i64>>("last_at")?.map(time),
    })
}

/// The URL without its query, which may hold secrets of the receiver.
fn without_query(mut url: String) -> String {
    if let Some(query) = url.find('?') {
        url.truncate(query + 1);
        url.push('…');
    }
    url
}

/// The events of the messages in a list. An older release may have written a detail that is no JSON.
const EVENTS_OF_MESSAGES: Sql = Sql::each(
    "SELECT message_id, at, state,
            iif(json_valid(detail), detail ->> '$.error', NULL) AS error,
            iif(json_valid(detail), detail ->> '$.nextDeliveryTime', NULL) AS next
     FROM events WHERE message_id IN ",
    "SELECT message_id, at, state,
            json_field(detail, 'error') AS error,
            CAST(json_field(detail, 'nextDeliveryTime') AS BIGINT) AS next
     FROM events WHERE message_id IN ",
);

async fn timelines(
    connection: &mut Connection,
    ids: impl Iterator<Item = String>,
) -> Result<HashMap<String, Vec<Step>>> {
    let mut timelines = HashMap::<String, Vec<Step>>::new();
    let ids: Vec<Value<'_>> = ids.map(Value::from).collect();
    // PostgreSQL takes no empty list.
    if ids.is_empty() {
        return Ok(timelines);
    }
    let mut query = QueryBuilder::new(connection.engine(), EVENTS_OF_MESSAGES);
    query
        .push_list(ids)
        .push(" ORDER BY seq DESC LIMIT ")
        .push_bind(MAX_SHOWN_STEPS);
    let rows: Vec<Row> = query.build().fetch_all(connection).await?;
    for row in rows.iter().rev() {
        let step = Step {
            at: time(row.get("at")?),
            state: row.get("state")?,
            error: row.get("error")?,
            next: row.get::<Option<i64>>("next")?.map(time),
        };
        let id = row.get("message_id")?;
        timelines.entry(id).or_default().push(step);
    }
    Ok(timelines)
}

fn time(at: i64) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or_default()
}
