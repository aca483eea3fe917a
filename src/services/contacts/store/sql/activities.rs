//! The activities of a contact.

use kith_database::Connection;
use kith_database::Sql;
use kith_database::query;

use super::row::Place;
use super::row::id_bytes;
use super::row::rfc3339;
use crate::model::contact::ContactId;
use crate::services::contacts::activity::ActivityRecord;
use crate::services::contacts::activity::Event;
use crate::services::contacts::store::StoreError;

/// How many changes to a contact are kept, and how many activities of its welcome email.
const MAX_ACTIVITIES: i64 = 50;

/// Writes what happened, in the transaction of what it belongs to. `at` is in milliseconds since the epoch.
/// Of a contact that is gone for good, nothing is written.
///
/// Some events may happen any number of times: a program may change a contact all day, and a mail server may
/// refuse its welcome email for days. Of each of the two kinds, the oldest are removed, so that neither
/// pushes the other out.
pub async fn record(
    tx: &mut Connection,
    contact: ContactId,
    at: i64,
    event: &Event,
) -> Result<(), StoreError> {
    query(
        "INSERT INTO activities (contact, at, event)
         SELECT id, $1, $2 FROM contacts WHERE id = $3",
    )
    .bind(at)
    .bind(json(event)?)
    .bind(id_bytes(contact))
    .execute(&mut *tx)
    .await?;
    if matches!(
        event,
        Event::Created | Event::Imported | Event::WelcomeQueued
    ) {
        return Ok(());
    }
    query(
        "DELETE FROM activities
         WHERE contact = $1 AND event NOT IN ('\"Created\"', '\"Imported\"') AND (event LIKE '%\"Welcome%') = $2
             AND seq <= (
                 SELECT seq FROM activities
                 WHERE contact = $1 AND event NOT IN ('\"Created\"', '\"Imported\"')
                     AND (event LIKE '%\"Welcome%') = $2
                 ORDER BY seq DESC LIMIT 1 OFFSET $3)",
    )
    .bind(id_bytes(contact))
    .bind(event.is_of_welcome())
    .bind(MAX_ACTIVITIES)
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes the oldest changes of these contacts, as [`record`] does it for one of them.
pub async fn prune(tx: &mut Connection, contacts: &[i64]) -> Result<(), sqlx::Error> {
    query(PRUNE)
        .bind(contacts.to_vec())
        .bind(MAX_ACTIVITIES)
        .execute(tx)
        .await?;
    Ok(())
}

const PRUNE: Sql = Sql::each(
    "DELETE FROM activities WHERE seq IN (
         SELECT seq FROM (
             SELECT activities.seq, row_number() OVER (PARTITION BY contact ORDER BY activities.seq DESC) AS place
             FROM activities JOIN contacts ON contacts.id = contact
             WHERE contacts.seq IN (SELECT value FROM json_each($1))
                 AND event NOT IN ('\"Created\"', '\"Imported\"') AND event NOT LIKE '%\"Welcome%') AS placed
         WHERE place > $2)",
    "DELETE FROM activities WHERE seq IN (
         SELECT seq FROM (
             SELECT activities.seq, row_number() OVER (PARTITION BY contact ORDER BY activities.seq DESC) AS place
             FROM activities JOIN contacts ON contacts.id = contact
             WHERE contacts.seq = ANY ($1::bigint[])
                 AND event NOT IN ('\"Created\"', '\"Imported\"') AND event NOT LIKE '%\"Welcome%') AS placed
         WHERE place > $2)",
);

/// An event as the table keeps it.
pub fn json(event: &Event) -> Result<String, StoreError> {
    serde_json::to_string(event).map_err(|error| StoreError::Internal(error.into()))
}

/// The activities of a contact, the first one first: in the order in which they were written, because
/// the clock may have been set back in between.
pub async fn of(
    connection: &mut Connection,
    place: Place,
) -> Result<Vec<ActivityRecord>, StoreError> {
    let rows: Vec<(i64, String)> = query(
        "SELECT at, event FROM activities JOIN contacts ON contacts.id = contact
             WHERE contact = $1 AND book = $2 ORDER BY activities.seq",
    )
    .bind(id_bytes(place.id))
    .bind(place.book.0)
    .fetch_all(connection)
    .await?;
    let record = |(at, event): (i64, String)| {
        let event =
            serde_json::from_str(&event).map_err(|error| StoreError::Internal(error.into()))?;
        Ok(ActivityRecord {
            at: rfc3339(at)?,
            event,
        })
    };
    rows.into_iter().map(record).collect()
}
