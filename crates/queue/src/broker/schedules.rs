//! Schedules: messages that the broker publishes again and again.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::ErrorLatch;
use kith_runtime::sortable_id;
use serde_json::Value;
use serde_json::json;

use super::Broker;
use super::BrokerError;
use super::Result;
use super::accept::Accepted;
use super::accept::Provenance;
use super::accept::accept;
use super::accept::check;
use super::messages::headers;
use super::messages::set_body;
use super::messages::set_options;
use crate::cron::Cron;
use crate::message::Publication;
use crate::rejection::Rejection;
use crate::rejection::require_no_nul;

/// How often the broker looks for schedules that are due.
const SCHEDULE_INTERVAL: Duration = Duration::from_secs(1);

/// A schedule that fires later than this was missed, because no process was running.
const MAX_LATENESS_MS: i64 = 60_000;

/// How long a fixed time that has fired is not repeated after the clock was set back. A clock that was wrong by
/// more proves nothing about what has fired.
const MAX_REPETITION_WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// The most bytes of all schedules together, because one answer lists them.
const MAX_SCHEDULE_BYTES: i64 = 4 << 20;

/// The most schedules. A client that creates them in a loop ends here.
const MAX_SCHEDULES: i64 = 1000;

const DUE: &str = "SELECT * FROM schedules WHERE paused = FALSE AND next_at <= $1 ORDER BY next_at";

// What these read decides a write. PostgreSQL has several writers at a time, so the rows are locked.

/// A schedule that another process is firing is passed over.
const TO_FIRE: Sql = Sql::each(
    DUE,
    "SELECT * FROM schedules WHERE paused = FALSE AND next_at <= $1 ORDER BY next_at
     FOR UPDATE SKIP LOCKED",
);

const MISSED: Sql = Sql::each(
    "SELECT id, cron, last_at FROM schedules WHERE next_at <= $1",
    "SELECT id, cron, last_at FROM schedules WHERE next_at <= $1 ORDER BY id FOR UPDATE",
);

const TO_PAUSE: Sql = Sql::each(
    "SELECT cron, paused, last_at FROM schedules WHERE id = $1",
    "SELECT cron, paused, last_at FROM schedules WHERE id = $1 FOR UPDATE",
);

const TO_REBASE: Sql = Sql::each(
    "SELECT id, cron, next_at, last_at FROM schedules WHERE next_at > $1",
    "SELECT id, cron, next_at, last_at FROM schedules WHERE next_at > $1 ORDER BY id FOR UPDATE",
);

/// A schedule that the broker has checked and not yet written.
pub(crate) struct Plan {
    id: Option<String>,
    cron: String,
    times: Cron,
    publication: Publication,
}

impl Plan {
    /// The id of the schedule, if the client has chosen one.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }
}

impl Broker {
    /// Checks a schedule before anything is written.
    ///
    /// # Errors
    /// A [`Rejection`] for an expression, an id or a destination that is not allowed.
    pub(crate) fn plan(
        &self,
        id: Option<String>,
        cron: &str,
        publication: &Publication,
    ) -> std::result::Result<Plan, Rejection> {
        if publication.deduplication.is_some() {
            return Err(Rejection::bad_request(
                "A schedule takes no Upstash-Deduplication-Id and no \
                 Upstash-Content-Based-Deduplication: it sends the same message again and again.",
            ));
        }
        // On one line, as it is shown.
        let cron = one_line(cron);
        let times: Cron = cron
            .parse()
            .map_err(|error| Rejection::bad_request(format!("Upstash-Cron: {error}.")))?;
        if times.next_after(self.now()).is_none() {
            return Err(Rejection::bad_request(
                "Upstash-Cron: there is no such time.",
            ));
        }
        if let Some(id) = &id {
            require_schedule_id(id)?;
        }
        let destination = check(self.destinations(), publication)?;
        let mut publication = publication.clone();
        publication.destination = destination.text;
        Ok(Plan {
            id,
            cron,
            times,
            publication,
        })
    }

    /// All schedules in the JSON of QStash, ordered by id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn schedules(&self) -> Result<Vec<Value>> {
        let mut connection = self.0.database.reader().await?;
        let rows = query("SELECT * FROM schedules ORDER BY id")
            .fetch_all(&mut connection)
            .await?;
        let mut schedules = Vec::with_capacity(rows.len());
        for row in &rows {
            schedules.push(self.describe_schedule(&mut connection, row).await?);
        }
        Ok(schedules)
    }

    /// A schedule in the JSON of QStash.
    ///
    /// # Errors
    /// A [`Rejection`] where there is no such schedule.
    pub async fn find_schedule(&self, id: &str) -> Result<Value> {
        require_no_nul("scheduleId", id)?;
        let mut connection = self.0.database.reader().await?;
        let row = query("SELECT * FROM schedules WHERE id = $1")
            .bind(id)
            .fetch_optional(&mut connection)
            .await?;
        let row = row.ok_or_else(|| no_such_schedule(id))?;
        self.describe_schedule(&mut connection, &row).await
    }

    /// Deletes a schedule. Messages that it has published stay.
    ///
    /// # Errors
    /// A [`Rejection`] where there is no such schedule.
    pub async fn delete_schedule(&self, id: &str) -> Result<()> {
        require_no_nul("scheduleId", id)?;
        let mut tx = self.0.database.write().await?;
        let deleted = query("DELETE FROM schedules WHERE id = $1")
            .bind(id)
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        if deleted == 0 {
            return Err(no_such_schedule(id).into());
        }
        Ok(())
    }

    /// Pauses a schedule, or resumes it. A resumed schedule leaves out the times at which it was paused.
    ///
    /// # Errors
    /// A [`Rejection`] where there is no such schedule.
    pub async fn pause_schedule(&self, id: &str, paused: bool) -> Result<()> {
        require_no_nul("scheduleId", id)?;
        let mut tx = self.0.database.write().await?;
        let found: Option<(String, bool, Option<i64>)> =
            query(TO_PAUSE).bind(id).fetch_optional(&mut tx).await?;
        let (cron, was_paused, last_at) = found.ok_or_else(|| no_such_schedule(id))?;
        if was_paused != paused {
            query("UPDATE schedules SET paused = $1, next_at = $2 WHERE id = $3")
                .bind(paused)
                .bind(next_at(&cron, self.now(), last_at))
                .bind(id)
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Leaves out the times that schedules have missed while the queue was paused, in the transaction that resumes it.
    /// Without this, each would fire late.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn skip_missed(&self, tx: &mut Connection) -> Result<()> {
        let now = self.now();
        let missed: Vec<Row> = query(MISSED)
            .bind(now.as_millisecond())
            .fetch_all(&mut *tx)
            .await?;
        for row in &missed {
            let cron: String = row.get("cron")?;
            query("UPDATE schedules SET next_at = $1 WHERE id = $2")
                .bind(next_at(&cron, now, row.get("last_at")?))
                .bind(row.get::<String>("id")?)
                .execute(&mut *tx)
                .await?;
        }
        Ok(())
    }

    async fn describe_schedule(&self, connection: &mut Connection, row: &Row) -> Result<Value> {
        let publication = stored(row)?;
        let id: String = row.get("id")?;
        let mut value = json!({
            "scheduleId": id,
            "cron": row.get::<String>("cron")?,
            "createdAt": row.get::<i64>("created_at")?,
            "destination": self.destinations().url(&publication.destination),
            "method": publication.delivery.method(),
            "retries": publication.delivery.retries(),
            "isPaused": row.get::<bool>("paused")?,
        });
        let sent = headers(&publication.delivery.headers, &publication.redacted);
        if !sent.is_empty() {
            value["header"] = json!(sent);
        }
        set_body(
            &mut value,
            "body",
            &publication.body,
            publication.redacted.body,
        );
        set_options(&mut value, &publication, self.destinations());
        if let Some(delay) = publication.delivery.delay {
            value["delay"] = json!(delay / 1000);
        }
        if let Some(ip) = row.get::<Option<String>>("caller_ip")? {
            value["callerIP"] = json!(ip);
            value["callerIp"] = json!(ip);
        }
        if let Some(at) = row.get::<Option<i64>>("next_at")? {
            value["nextScheduleTime"] = json!(at);
        }
        if let Some(at) = row.get::<Option<i64>>("last_at")? {
            value["lastScheduleTime"] = json!(at);
            let last: Option<(String, String)> = query(
                "SELECT id, state FROM messages WHERE schedule_id = $1
                 ORDER BY created_at DESC LIMIT 1",
            )
            .bind(&id)
            .fetch_optional(connection)
            .await?;
            if let Some((message, state)) = last {
                let state = match &*state {
                    "delivered" => "SUCCESS",
                    "failed" | "canceled" => "FAIL",
                    _ => "IN_PROGRESS",
                };
                value["lastScheduleStates"] = json!({ message: state });
            }
        }
        Ok(value)
    }

    pub(super) async fn fire_all(self) {
        let latch = ErrorLatch::default();
        loop {
            latch.check("schedules wait", self.fire().await);
            if !self.0.tasks.sleep(SCHEDULE_INTERVAL).await {
                return;
            }
        }
    }

    /// Fires each schedule that is due, once, even if several of its times have passed. The same transaction
    /// moves it on, so that no two processes fire it.
    pub(super) async fn fire(&self) -> Result<()> {
        let mut connection = self.0.database.reader().await?;
        let due: Option<Row> = self
            .unless_paused(DUE)
            .build()
            .bind(self.now().as_millisecond())
            .fetch_optional(&mut connection)
            .await?;
        drop(connection);
        if due.is_none() {
            return Ok(());
        }
        let mut tx = self.0.database.write().await?;
        let now = self.now();
        let due: Vec<Row> = query(TO_FIRE)
            .bind(now.as_millisecond())
            .fetch_all(&mut tx)
            .await?;
        for row in &due {
            self.fire_one(&mut tx, row, now).await?;
        }
        tx.commit().await?;
        self.wake();
        Ok(())
    }

    /// Publishes the message of one schedule and moves the schedule on.
    async fn fire_one(&self, tx: &mut Connection, row: &Row, now: Timestamp) -> Result<()> {
        let id: String = row.get("id")?;
        let cron: String = row.get("cron")?;
        let was_due: i64 = row.get("next_at")?;
        let caller_ip: Option<String> = row.get("caller_ip")?;
        let provenance = Provenance {
            caller_ip: caller_ip.as_deref(),
            schedule: Some(&id),
        };
        let accepted = match stored(row) {
            Ok(publication) => accept(tx, self.destinations(), &publication, provenance, now).await,
            Err(error) => Err(error),
        };
        log_firing(&id, (now.as_millisecond() - was_due) / 1000, accepted)?;
        query("UPDATE schedules SET next_at = $1, last_at = $2 WHERE id = $3")
            .bind(next_at(&cron, now, None))
            .bind(now.as_millisecond())
            .bind(&id)
            .execute(tx)
            .await?;
        Ok(())
    }
}

/// Logs how a schedule fired, `late_seconds` after it was due.
///
/// # Errors
/// That of the database, which ends the firing of all schedules.
fn log_firing(schedule: &str, late_seconds: i64, fired: Result<Accepted>) -> Result<()> {
    match fired {
        Ok(Accepted {
            message_id: message,
            ..
        }) if late_seconds * 1000 > MAX_LATENESS_MS => {
            tracing::warn!(
                schedule,
                late_seconds,
                message,
                "a schedule was missed and is made up for"
            );
        }
        Ok(Accepted {
            message_id: message,
            ..
        }) => tracing::info!(schedule, message, "a schedule fired"),
        // The operator has taken its destination off the list since.
        Err(BrokerError::Rejected(rejection)) => {
            tracing::warn!(schedule, "a schedule did not fire: {rejection}");
        }
        Err(BrokerError::Unreadable(error)) => {
            tracing::error!(schedule, "a schedule cannot be read: {error}");
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Writes a schedule in the caller's transaction. A paused schedule stays paused. A schedule whose expression
/// stays the same keeps its next time, even if that has passed. A schedule without a next time, because the
/// release that fired it could not read its expression, gets one.
///
/// # Errors
/// A [`Rejection`] where there are too many. Nothing is written then.
pub(super) async fn put(
    tx: &mut Connection,
    plan: &Plan,
    caller_ip: Option<&str>,
    now: Timestamp,
) -> Result<String> {
    let Plan {
        id,
        cron,
        times,
        publication,
    } = plan;
    let id = id.clone();
    let id = id.unwrap_or_else(|| format!("scd_{}", sortable_id(now).simple()));
    let spec = serde_json::to_string(publication)?;
    let (known, bytes): (i64, i64) = query(
        "SELECT count(*), coalesce(sum(length(spec) + length(body)), 0)
         FROM schedules WHERE id <> $1",
    )
    .bind(&id)
    .fetch_one(&mut *tx)
    .await?;
    let size = (publication.body.len() + spec.len()) as i64;
    if known >= MAX_SCHEDULES || bytes + size > MAX_SCHEDULE_BYTES {
        return Err(Rejection::bad_request(format!(
            "There may be {MAX_SCHEDULES} schedules of {} MiB together. Delete some first.",
            MAX_SCHEDULE_BYTES >> 20
        ))
        .into());
    }
    query(
        "INSERT INTO schedules (id, cron, spec, body, caller_ip, created_at, next_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET
             next_at = CASE WHEN schedules.cron = excluded.cron
                            THEN coalesce(schedules.next_at, excluded.next_at)
                            ELSE excluded.next_at END,
             cron = excluded.cron, spec = excluded.spec, body = excluded.body,
             caller_ip = excluded.caller_ip",
    )
    .bind(&id)
    .bind(cron)
    .bind(spec)
    .bind(&publication.body)
    .bind(caller_ip)
    .bind(now.as_millisecond())
    .bind(times.next_after(now).map(Timestamp::as_millisecond))
    .execute(tx)
    .await?;
    Ok(id)
}

/// The text with one blank in place of each run of white space.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Computes the next times anew and keeps those that are earlier, after the clock was set back.
pub(super) async fn rebase(tx: &mut Connection, now: Timestamp) -> Result<()> {
    let waiting: Vec<(String, String, i64, Option<i64>)> = query(TO_REBASE)
        .bind(now.as_millisecond())
        .fetch_all(&mut *tx)
        .await?;
    for (id, cron, known, last_at) in waiting {
        let Some(next) = next_at(&cron, now, last_at).filter(|next| *next < known) else {
            continue;
        };
        query("UPDATE schedules SET next_at = $1 WHERE id = $2")
            .bind(next)
            .bind(&id)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// The next time of a schedule that has fired at `last_at`, both in Unix milliseconds. `last_at` is later than
/// `now` where the clock was set back. As with the hour that comes twice in autumn, a fixed time is then not
/// repeated, and an interval goes on.
fn next_at(cron: &str, now: Timestamp, last_at: Option<i64>) -> Option<i64> {
    let cron: Cron = cron.parse().ok()?;
    let last = last_at.and_then(|at| Timestamp::from_millisecond(at).ok());
    let is_repeated = |last: &Timestamp| {
        !cron.is_interval() && *last > now && last.duration_since(now) <= MAX_REPETITION_WINDOW
    };
    let after = last.filter(is_repeated).unwrap_or(now);
    cron.next_after(after).map(Timestamp::as_millisecond)
}

fn stored(row: &Row) -> Result<Publication> {
    let mut publication: Publication = serde_json::from_str(row.get("spec")?)?;
    publication.body = row.get("body")?;
    publication.normalize();
    Ok(publication)
}

fn require_schedule_id(id: &str) -> std::result::Result<(), Rejection> {
    let valid = !id.is_empty()
        && id.len() <= 256
        && id
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if valid {
        return Ok(());
    }
    Err(Rejection::bad_request(
        "Upstash-Schedule-Id takes letters, digits, \"-\", \"_\" and \".\", at most 256 of them.",
    ))
}

fn no_such_schedule(id: &str) -> Rejection {
    Rejection::not_found(format!("There is no schedule {id}."))
}
