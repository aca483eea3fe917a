//! `kith demo`: people who do not exist, for trying Kith with many contacts.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use kith_card::BrokenCard;
use kith_card::RawCard;
use kith_database::Database;
use kith_database::query;
use kith_people::People;
use kith_people::Person;
use tokio::sync::mpsc;

use super::command::CommandError;
use super::command::book;
use super::command::on_database;
use super::limits::Limits;
use super::parts::Batch;
use super::parts::Reading;
use crate::services::book::BookKey;
use crate::services::config::Config;
use crate::services::config::DemoArguments;
use crate::services::contacts::activity::Event;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::sql::derived::catch_up;
use crate::services::contacts::store::sql::insert::Occasion;
use crate::services::contacts::store::sql::known::insert_unknown;
use crate::services::transfer::Progress;

/// What `kith demo` is given.
pub struct Command<'a> {
    pub arguments: &'a DemoArguments,
    pub config: &'a Config,
}

impl Command<'_> {
    /// Adds the people.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn run(&self, progress: &mut Progress) -> Result<(), CommandError> {
        on_database(self.config, progress, async |database, progress| {
            self.run_on(database, progress).await
        })
        .await
    }

    pub(super) async fn run_on(
        &self,
        database: &Database,
        progress: &mut Progress,
    ) -> Result<(), CommandError> {
        catch_up(database).await?;
        let DemoArguments {
            count, seed, force, ..
        } = *self.arguments;
        let book = book(database, self.arguments.book).await?;
        if !force && has_contacts(database, book.key).await? {
            return Err(CommandError::NotEmpty);
        }
        let people = People::new(seed).take(count.get() as usize);
        let reading = Reading {
            engine: database.engine(),
            book: book.key,
            limits: Limits {
                max_cards: count,
                ..Limits::of(self.config)
            },
            skipped: 0,
            consumed: Arc::new(AtomicU64::new(0)),
            now: database.clock().now(),
        };
        // One batch is written while the next one is made.
        let (sender, mut batches) = mpsc::channel(1);
        let made = tokio::task::spawn_blocking(move || reading.read(people.map(part), &sender));
        progress.begin("Adding people".to_owned(), "contact", count.get().into());
        while let Some(batch) = batches.recv().await {
            let added = write(database, book.key, batch).await?;
            progress.advance(added);
        }
        // It has sent all that it has made.
        drop(made.await);
        progress.end();
        Ok(())
    }
}

/// A person as a part of a file.
fn part(person: Person) -> Result<RawCard, BrokenCard> {
    Ok(RawCard {
        line: 1,
        bytes: person.card().into_bytes(),
    })
}

/// Writes those of a batch that the book does not have. Returns how many.
async fn write(database: &Database, book: BookKey, batch: Batch) -> Result<u64, StoreError> {
    let mut tx = database.write().await?;
    let occasion = Occasion {
        book,
        now: database.clock().now().as_millisecond(),
        event: &Event::Created,
        outdated: i64::MIN,
    };
    let added = insert_unknown(&mut tx, occasion, batch.additions).await?;
    tx.commit().await?;
    Ok(added.len() as u64)
}

async fn has_contacts(database: &Database, book: BookKey) -> Result<bool, StoreError> {
    let mut reader = database.reader().await?;
    let found: Option<i64> = query("SELECT seq FROM contacts WHERE book = $1 LIMIT 1")
        .bind(book.0)
        .fetch_optional(&mut reader)
        .await?;
    Ok(found.is_some())
}
