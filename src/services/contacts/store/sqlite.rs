//! Contacts in one `SQLite` file.
//!
//! Several processes may share the file. Every write is one `BEGIN IMMEDIATE` transaction, so
//! writers take turns, in this process and between processes, and what a transaction has read
//! stays true until it commits. Readers see the last commit and never wait.
//!
//! The tables are described in `migrations/`. The search tables are written by
//! [`search`] in the same transaction as the contact; only contacts outside the trash are in them.

mod activities;
mod create;
mod error;
mod list;
mod replay;
mod row;
mod search;
mod update;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use self::create::NewContact;
use self::row::Stored;
use self::row::find;
use self::row::find_expected;
use self::row::find_live;
use super::ContactPage;
use super::ContactStore;
use super::Creation;
use super::IdempotentRequest;
use super::StoreError;
use super::Stretch;
use super::Totals;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::contacts::activity::ActivityRecord;
use crate::services::contacts::activity::Event;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::query::ContactQuery;
use kith_cache::Generation;
use kith_cache::Generations;
use kith_cache::Tag;
use kith_database::Database;
use kith_database::TransactionStep;

/// A [`ContactStore`] in a `SQLite` file. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    database: Database,
    /// In milliseconds.
    idempotency_ttl: i64,
}

impl SqliteStore {
    /// Keeps contacts in `database` and recognises a repeated request for `idempotency_ttl`.
    pub fn new(database: Database, idempotency_ttl: Duration) -> Self {
        Self {
            database,
            idempotency_ttl: i64::try_from(idempotency_ttl.as_millis()).unwrap_or(i64::MAX),
        }
    }
}

#[async_trait]
impl ContactStore for SqliteStore {
    async fn create(
        &self,
        id: ContactId,
        fields: &ContactFields,
        now: Timestamp,
        idempotency: Option<&IdempotentRequest>,
        step: Option<&TransactionStep>,
    ) -> Result<Creation, StoreError> {
        let new = NewContact {
            id,
            fields: fields.clone(),
            now,
            outdated: now.as_millisecond().saturating_sub(self.idempotency_ttl),
            idempotency: idempotency.cloned(),
            step: step.cloned(),
        };
        self.database
            .change(move |tx| Box::pin(new.write(tx)))
            .await
    }

    async fn get(&self, id: ContactId) -> Result<Contact, StoreError> {
        let mut connection = self.database.reader().await?;
        find_live(&mut connection, id)
            .await
            .map(|stored| stored.contact)
    }

    async fn get_deleted(&self, id: ContactId) -> Result<Contact, StoreError> {
        let mut connection = self.database.reader().await?;
        let stored = find(&mut connection, id)
            .await?
            .filter(|stored| stored.in_trash);
        stored
            .map(|stored| stored.contact)
            .ok_or(StoreError::NotFound)
    }

    async fn list(&self, query: &ContactQuery) -> Result<ContactPage, StoreError> {
        // A transaction, so that the page and the total belong to the same instant.
        let mut tx = self.database.read().await?;
        list::page(&mut tx, query).await
    }

    async fn stretch(&self, query: &ContactQuery) -> Result<Stretch, StoreError> {
        let mut tx = self.database.read().await?;
        list::stretch(&mut tx, query).await
    }

    async fn update(
        &self,
        id: ContactId,
        fields: &ContactFields,
        expected: Option<u32>,
        now: Timestamp,
    ) -> Result<Contact, StoreError> {
        let tx = self.database.write().await?;
        update::update(tx, id, fields, expected, now).await
    }

    async fn delete(
        &self,
        id: ContactId,
        expected: Option<u32>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        let stored = find_expected(&mut tx, id, expected).await?;
        move_over(&mut tx, &stored, now, Some(now)).await?;
        search::remove(&mut tx, stored.seq).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn restore(&self, id: ContactId, now: Timestamp) -> Result<Contact, StoreError> {
        let mut tx = self.database.write().await?;
        let stored = find(&mut tx, id).await?.ok_or(StoreError::NotFound)?;
        if !stored.in_trash {
            return Ok(stored.contact);
        }
        move_over(&mut tx, &stored, now, None).await?;
        search::add(&mut tx, stored.seq, &stored.search_key).await?;
        let restored = find_live(&mut tx, id).await?;
        tx.commit().await?;
        Ok(restored.contact)
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        let mut connection = self.database.reader().await?;
        let counts =
            sqlx::query_as::<_, (bool, i64)>("SELECT in_trash, contacts FROM contact_counts")
                .fetch_all(&mut *connection)
                .await?;
        let count = |trash| {
            let counts = counts.iter().filter(|(in_trash, _)| *in_trash == trash);
            counts
                .map(|(_, contacts)| u64::try_from(*contacts).unwrap_or(0))
                .sum()
        };
        Ok(Totals {
            contacts: count(false),
            trash: count(true),
        })
    }

    async fn activities(&self, id: ContactId) -> Result<Vec<ActivityRecord>, StoreError> {
        let mut connection = self.database.reader().await?;
        activities::of(&mut connection, id).await
    }

    fn recording(&self, id: ContactId, event: Event, now: Timestamp) -> TransactionStep {
        Arc::new(move |tx| {
            let event = event.clone();
            Box::pin(async move {
                activities::record(tx, id, now.as_millisecond(), &event).await?;
                Ok(())
            })
        })
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let mut connection = self.database.reader().await?;
        sqlx::query("SELECT contacts FROM contact_counts")
            .fetch_all(&mut *connection)
            .await?;
        Ok(())
    }

    async fn close(&self) {
        self.database.close().await;
    }
}

/// The triggers of `migrations/0002_generations.sql` replace them as contacts change.
#[async_trait]
impl Generations for SqliteStore {
    async fn read(&self) -> Option<Vec<(String, Generation)>> {
        let query = "SELECT tag, generation FROM generations";
        let rows = self.database.fetch_dedicated::<(String, i64)>(query).await;
        let rows = rows.ok()?.into_iter();
        Some(
            rows.map(|(tag, number)| (tag, Generation(number)))
                .collect(),
        )
    }

    async fn replace(&self, tag: Tag) -> bool {
        let replace = async || -> Result<(), sqlx::Error> {
            let mut tx = self.database.write().await?;
            sqlx::query(
                "INSERT INTO generations (tag, generation) VALUES (?, random())
                 ON CONFLICT (tag) DO UPDATE SET generation = random()",
            )
            .bind(tag.0)
            .execute(&mut *tx)
            .await?;
            tx.commit().await
        };
        replace().await.is_ok()
    }
}

/// To the trash (`deleted_at`) or out of it (`None`).
async fn move_over(
    connection: &mut SqliteConnection,
    stored: &Stored,
    now: Timestamp,
    deleted_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let updated_at = stored.updated_at.max(now.as_millisecond());
    sqlx::query(
        "UPDATE contacts SET deleted_at = ?, updated_at = ?, version = version + 1 WHERE seq = ?",
    )
    .bind(deleted_at.map(Timestamp::as_millisecond))
    .bind(updated_at)
    .bind(stored.seq)
    .execute(&mut *connection)
    .await?;
    let event = match deleted_at {
        Some(_) => Event::Deleted,
        None => Event::Restored,
    };
    activities::record(connection, stored.contact.id, updated_at, &event).await
}

#[cfg(test)]
mod tests;
