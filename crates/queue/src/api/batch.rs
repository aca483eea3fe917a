//! Batches of messages and schedules.

use axum::response::Response;
use kith_database::Attempts;
use kith_runtime::without_byte_order_mark;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::call::Call;
use super::call::Times;
use super::routes::Api;
use super::routes::describe;
use super::routes::ok;
use super::routes::scheduled;
use crate::broker::BrokerError;
use crate::broker::Plan;
use crate::broker::Result;
use crate::broker::Transaction;
use crate::broker::accept::check;
use crate::broker::in_first_order;
use crate::broker::in_lock_order;
use crate::message::Header;
use crate::message::Publication;
use crate::rejection::Rejection;

/// The most messages in one batch.
const MAX_BATCH: usize = 1000;

/// An item of a batch, as the client sends it.
#[derive(Deserialize)]
struct Item {
    destination: String,
    #[serde(default)]
    headers: Map<String, Value>,
    #[serde(default)]
    body: String,
    queue: Option<String>,
}

/// What an item asks for.
enum Task {
    Publish(Publication),
    Schedule(Plan),
}

impl Task {
    /// What names the rows that it locks: messages are accepted before schedules are changed.
    fn id(&self) -> (bool, Option<&str>) {
        match self {
            Self::Publish(publication) => (false, publication.deduplication.as_deref()),
            Self::Schedule(plan) => (true, plan.id()),
        }
    }
}

impl Item {
    fn parse(item: Value) -> std::result::Result<Self, Rejection> {
        let item: Self = serde_json::from_value(item).map_err(|_| {
            Rejection::bad_request(
                "A message of a batch is an object with a destination, and perhaps headers and a body \
                 of text.",
            )
        })?;
        if item.queue.is_some() {
            return Err(Rejection::not_implemented(
                "Named queues are not there yet. Publish without one.",
            ));
        }
        Ok(item)
    }

    /// The headers, their names in lower case.
    fn take_headers(&mut self) -> Vec<Header> {
        let headers = std::mem::take(&mut self.headers).into_iter();
        let headers = headers.map(|(name, value)| {
            let value = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
            (name.to_ascii_lowercase(), value)
        });
        headers.collect()
    }
}

impl Api {
    /// Executes the items that are right, in one transaction, and answers the others with their errors. A client
    /// that gets no answer, because the database could not give one, may send the same batch again.
    pub(super) async fn batch(&self, call: &Call) -> Result<Response> {
        let items: Vec<Value> = serde_json::from_slice(without_byte_order_mark(&call.body))
            .map_err(|_| {
                Rejection::bad_request(
                    "A batch is a JSON array of objects with a destination each.",
                )
            })?;
        if items.len() > MAX_BATCH {
            return Err(Rejection::bad_request(format!(
                "A batch has at most {MAX_BATCH} messages. Send several."
            ))
            .into());
        }
        let tasks: Vec<_> = items.into_iter().map(|item| self.task(item)).collect();
        let mut attempts = Attempts::default();
        loop {
            match self.execute(call, &tasks).await {
                Err(error) if attempts.is_another_due(error.is_conflict()).await => {}
                answers => return Ok(ok(Value::Array(answers?))),
            }
        }
    }

    /// The answers to all items.
    async fn execute(
        &self,
        call: &Call,
        tasks: &[std::result::Result<Task, Rejection>],
    ) -> Result<Vec<Value>> {
        let mut transaction = self.broker().begin(call.provenance()).await?;
        let mut answers = Vec::with_capacity(tasks.len());
        for (index, task) in in_lock_order(tasks, |task| task.as_ref().ok().map(Task::id)) {
            let answer = match task {
                Ok(task) => execute(&mut transaction, task).await,
                Err(rejection) => Err(rejection.clone().into()),
            };
            let answer = match answer {
                Err(BrokerError::Rejected(Rejection { message, .. })) => {
                    json!({ "error": message })
                }
                answer => answer?,
            };
            answers.push((index, answer));
        }
        transaction.commit().await?;
        Ok(in_first_order(answers))
    }

    /// Reads and checks an item.
    fn task(&self, item: Value) -> std::result::Result<Task, Rejection> {
        let mut item = Item::parse(item)?;
        let mut headers = item.take_headers();
        let times = Times::take(&mut headers);
        let publication = self.parse(&item.destination, &headers, item.body.into_bytes())?;
        Ok(match times {
            Some(Times { cron, id }) => {
                Task::Schedule(self.broker().plan(id, &cron, &publication)?)
            }
            None => {
                check(self.broker().destinations(), &publication)?;
                Task::Publish(publication)
            }
        })
    }
}

async fn execute(transaction: &mut Transaction<'_>, task: &Task) -> Result<Value> {
    match task {
        Task::Publish(publication) => {
            let accepted = transaction.publish(publication).await?;
            Ok(describe(&accepted))
        }
        Task::Schedule(plan) => Ok(scheduled(&transaction.schedule(plan).await?)),
    }
}
