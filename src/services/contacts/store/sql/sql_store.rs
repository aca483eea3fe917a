//! [`SqlStore`]: the contract of a store, each method in a transaction or on a connection of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kith_database::Database;
use kith_database::TransactionStep;
use kith_database::query;
use kith_photo::Prepared;
use kith_search::Search;
use tokio::sync::SemaphorePermit;

use super::activities;
use super::create::NewContact;
use super::dates;
use super::erase;
use super::export;
use super::label_changes;
use super::label_changes::Initiator;
use super::labels;
use super::letters;
use super::list;
use super::list::List;
use super::photos;
use super::row::Place;
use super::row::find;
use super::row::find_card;
use super::row::find_live;
use super::row::id_bytes;
use super::saved_searches;
use super::trash;
use super::update;
use super::update::Occasion;
use super::uses;
use super::versions;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::audit_log::Actor;
use crate::services::book::BookId;
use crate::services::book::BookKey;
use crate::services::contacts::activity::ActivityRecord;
use crate::services::contacts::activity::Event;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::dates::DateCursor;
use crate::services::contacts::dates::DateOfContact;
use crate::services::contacts::dates::DayOfYear;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::frecency::Frecency;
use crate::services::contacts::labels::Label;
use crate::services::contacts::labels::LabelChange;
use crate::services::contacts::labels::LabelChangeId;
use crate::services::contacts::labels::LabelColour;
use crate::services::contacts::labels::LabelEdit;
use crate::services::contacts::labels::LabelId;
use crate::services::contacts::labels::LabelName;
use crate::services::contacts::labels::Labels;
use crate::services::contacts::letters::LetterOrder;
use crate::services::contacts::photo::PhotoKey;
use crate::services::contacts::photo::Picture;
use crate::services::contacts::photo::Size;
use crate::services::contacts::query::ContactQuery;
use crate::services::contacts::saved_search::SavedSearch;
use crate::services::contacts::store::BegunLabelChange;
use crate::services::contacts::store::CardPage;
use crate::services::contacts::store::CardsOf;
use crate::services::contacts::store::ContactPage;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::store::Creation;
use crate::services::contacts::store::Emptying;
use crate::services::contacts::store::IdempotentRequest;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::Stretch;
use crate::services::contacts::store::Totals;
use crate::services::contacts::store::Used;
use crate::services::contacts::store::VersionPage;
use crate::services::contacts::store::WrittenUses;

/// The [`ContactStore`] of one book in a [`Database`]. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct SqlStore {
    pub(super) database: Database,
    book: BookKey,
    /// In milliseconds.
    idempotency_ttl: i64,
    max_versions: u32,
}

/// The most former cards of a contact, unless an operator chooses another number.
pub const DEFAULT_MAX_VERSIONS: u32 = 50;

impl SqlStore {
    /// Keeps the contacts of the first book in `database` and recognises a repeated request for `idempotency_ttl`.
    pub fn new(database: Database, idempotency_ttl: Duration) -> Self {
        Self {
            database,
            book: BookKey::FIRST,
            idempotency_ttl: i64::try_from(idempotency_ttl.as_millis()).unwrap_or(i64::MAX),
            max_versions: DEFAULT_MAX_VERSIONS,
        }
    }

    fn occasion<'a>(
        &self,
        expected: Option<u32>,
        now: Timestamp,
        actor: &'a Actor,
    ) -> Occasion<'a> {
        Occasion {
            expected,
            now,
            actor,
            max_versions: self.max_versions,
        }
    }

    /// The same with so many former cards of each contact.
    pub fn with_max_versions(self, max_versions: u32) -> Self {
        Self {
            max_versions,
            ..self
        }
    }
}

impl SqlStore {
    /// Waits for a turn of a search: one of many common words may take a second, and other pages shall not wait for it.
    async fn turn(&self, search: &Search) -> Result<Option<SemaphorePermit<'_>>, StoreError> {
        Ok(match search.is_empty() {
            true => None,
            false => Some(self.database.long_read().await?),
        })
    }

    /// Whether one statement is tried. With a replica, the replica does what it can.
    fn is_one_read(&self, list: &List) -> bool {
        list.is_one_statement() && !self.database.has_replica()
    }

    /// A contact of this book.
    fn place(&self, id: ContactId) -> Place {
        Place {
            book: self.book,
            id,
        }
    }
}

#[async_trait]
impl ContactStore for SqlStore {
    fn in_book(&self, book: BookKey) -> Arc<dyn ContactStore> {
        let database = self.database.clone();
        Arc::new(Self {
            database,
            book,
            ..*self
        })
    }

    async fn book_of(&self, id: ContactId) -> Result<BookKey, StoreError> {
        let mut connection = self.database.reader().await?;
        let book: Option<i64> = query("SELECT book FROM contacts WHERE id = $1")
            .bind(id_bytes(id))
            .fetch_optional(&mut connection)
            .await?;
        book.map(BookKey).ok_or(StoreError::NotFound)
    }

    async fn move_to(
        &self,
        id: ContactId,
        book: BookKey,
        now: Timestamp,
    ) -> Result<Contact, StoreError> {
        let tx = self.database.write().await?;
        update::move_to(tx, self.place(id), book, now).await
    }

    async fn create(
        &self,
        id: ContactId,
        fields: &ContactFields,
        now: Timestamp,
        idempotency: Option<&IdempotentRequest>,
        step: Option<&TransactionStep>,
    ) -> Result<Creation, StoreError> {
        let new = Arc::new(NewContact {
            book: self.book,
            id,
            card: ContactCard::new(id, fields),
            now,
            outdated: now.as_millisecond().saturating_sub(self.idempotency_ttl),
            idempotency: idempotency.cloned(),
            step: step.cloned(),
        });
        self.database
            .change(move |tx| {
                let new = new.clone();
                Box::pin(async move { new.write(tx).await })
            })
            .await
    }

    async fn get(&self, id: ContactId) -> Result<Contact, StoreError> {
        let mut connection = self.database.reader().await?;
        find_live(&mut connection, self.place(id))
            .await
            .map(|stored| stored.contact)
    }

    async fn get_deleted(&self, id: ContactId) -> Result<Contact, StoreError> {
        let mut connection = self.database.reader().await?;
        let stored = find(&mut connection, self.place(id))
            .await?
            .filter(|stored| stored.in_trash);
        stored
            .map(|stored| stored.contact)
            .ok_or(StoreError::NotFound)
    }

    async fn list(&self, query: &ContactQuery) -> Result<ContactPage, StoreError> {
        let _turn = self.turn(query.search()).await?;
        let list = List::new(self.book, query.clone());
        if self.is_one_read(&list) {
            let mut reader = self.database.reader().await?;
            if let Some(page) = list.page_at_once(&mut reader).await? {
                return Ok(page);
            }
        }
        self.database
            .read_replica(list::state(self.book), |view| {
                let list = List::new(self.book, query.clone());
                Box::pin(async move { list.page(view).await })
            })
            .await
    }

    async fn stretch(&self, query: &ContactQuery) -> Result<Stretch, StoreError> {
        let _turn = self.turn(query.search()).await?;
        let list = List::new(self.book, query.clone());
        if self.is_one_read(&list) {
            let mut reader = self.database.reader().await?;
            if let Some(stretch) = list.stretch_at_once(&mut reader).await? {
                return Ok(stretch);
            }
        }
        self.database
            .read_replica(list::state(self.book), |view| {
                let list = List::new(self.book, query.clone());
                Box::pin(async move { list.stretch(view).await })
            })
            .await
    }

    async fn first_letters(&self, order: LetterOrder) -> Result<Vec<char>, StoreError> {
        let mut connection = self.database.reader().await?;
        letters::first(&mut connection, self.book, order).await
    }

    async fn add_uses(&self, uses: &[(ContactId, Frecency)]) -> Result<WrittenUses, StoreError> {
        let tx = self.database.write().await?;
        uses::add(tx, uses).await
    }

    async fn most_used(&self, limit: u32) -> Result<Vec<Used>, StoreError> {
        let mut connection = self.database.reader().await?;
        uses::most_used(&mut connection, self.book, limit).await
    }

    async fn card(&self, id: ContactId) -> Result<(Contact, ContactCard), StoreError> {
        let mut connection = self.database.reader().await?;
        find_card(&mut connection, self.place(id)).await
    }

    async fn begin_export(
        &self,
        book: BookId,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let tx = self.database.write().await?;
        export::begin(tx, book, now, actor).await
    }

    async fn cards(&self, of: &CardsOf, after: i64) -> Result<CardPage, StoreError> {
        let _turn = self.turn(&of.search).await?;
        let mut connection = self.database.reader().await?;
        export::cards(&mut connection, self.book, of, after).await
    }

    async fn replace_card(
        &self,
        id: ContactId,
        card: &ContactCard,
        expected: Option<u32>,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Contact, StoreError> {
        let tx = self.database.write().await?;
        let occasion = self.occasion(expected, now, actor);
        update::replace_card(tx, self.place(id), card, occasion).await
    }

    async fn versions(
        &self,
        id: ContactId,
        before: Option<u32>,
        limit: u32,
    ) -> Result<VersionPage, StoreError> {
        let mut view = self.database.read().await?;
        versions::page(&mut view, self.place(id), before, limit).await
    }

    async fn version(
        &self,
        id: ContactId,
        version: u32,
    ) -> Result<Option<ContactCard>, StoreError> {
        let mut view = self.database.read().await?;
        versions::card(&mut view, self.place(id), version).await
    }

    async fn set_photo(
        &self,
        id: ContactId,
        photo: Option<&Prepared>,
        expected: Option<u32>,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Contact, StoreError> {
        let tx = self.database.write().await?;
        let occasion = self.occasion(expected, now, actor);
        update::set_photo(tx, self.place(id), photo, occasion).await
    }

    async fn picture(
        &self,
        id: ContactId,
        key: &PhotoKey,
        size: Size,
    ) -> Result<Picture, StoreError> {
        let mut connection = self.database.reader().await?;
        photos::find(&mut connection, self.place(id), key, size).await
    }

    async fn keep_pictures(
        &self,
        id: ContactId,
        key: &PhotoKey,
        made: Option<&Prepared>,
    ) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        photos::keep(&mut tx, id, key, made).await?;
        Ok(tx.commit().await?)
    }

    async fn delete(
        &self,
        id: ContactId,
        expected: Option<u32>,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let tx = self.database.write().await?;
        trash::delete(tx, self.place(id), expected, now, actor).await
    }

    async fn restore(&self, id: ContactId, now: Timestamp) -> Result<Contact, StoreError> {
        let tx = self.database.write().await?;
        trash::restore(tx, self.place(id), now).await
    }

    async fn erase(&self, id: ContactId, now: Timestamp, actor: &Actor) -> Result<(), StoreError> {
        let tx = self.database.write().await?;
        erase::erase_one(tx, self.place(id), now, actor).await
    }

    async fn erase_some(
        &self,
        deleted_before: Option<Timestamp>,
        emptying: Option<&Emptying<'_>>,
    ) -> Result<u64, StoreError> {
        let tx = self.database.write().await?;
        erase::erase_some(tx, self.book, deleted_before, emptying).await
    }

    async fn dates(
        &self,
        days: [DayOfYear; 2],
        after: Option<&DateCursor>,
        limit: u32,
    ) -> Result<Vec<DateOfContact>, StoreError> {
        let mut connection = self.database.reader().await?;
        dates::page(&mut connection, self.book, days, after, limit).await
    }

    async fn labels(&self) -> Result<Labels, StoreError> {
        let mut connection = self.database.reader().await?;
        labels::list(&mut connection, self.book).await
    }

    async fn add_label(&self, name: &LabelName, colour: LabelColour) -> Result<Label, StoreError> {
        let mut tx = self.database.write().await?;
        let label = labels::create(&mut tx, self.book, name.as_str(), colour).await?;
        tx.commit().await?;
        Ok(label)
    }

    async fn recolour_label(&self, id: LabelId, colour: LabelColour) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        labels::recolour(&mut tx, self.book, id, colour).await?;
        Ok(tx.commit().await?)
    }

    async fn begin_label_change(
        &self,
        id: LabelId,
        edit: &LabelEdit,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<BegunLabelChange, StoreError> {
        let mut tx = self.database.write().await?;
        let by = Initiator { actor, now };
        let change = label_changes::begin(&mut tx, self.book, id, edit, by).await?;
        tx.commit().await?;
        Ok(change)
    }

    async fn undo_label_change(
        &self,
        id: LabelChangeId,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<BegunLabelChange, StoreError> {
        let mut tx = self.database.write().await?;
        let by = Initiator { actor, now };
        let change = label_changes::undo(&mut tx, self.book, id, by).await?;
        tx.commit().await?;
        Ok(change)
    }

    async fn step_label_change(&self, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.database.write().await?;
        let more = label_changes::step(&mut tx, self.book, now, self.max_versions).await?;
        tx.commit().await?;
        Ok(more)
    }

    async fn label_changes(&self) -> Result<Vec<LabelChange>, StoreError> {
        let mut connection = self.database.reader().await?;
        label_changes::list(&mut connection, self.book).await
    }

    async fn saved_searches(&self) -> Result<Vec<String>, StoreError> {
        let mut connection = self.database.reader().await?;
        saved_searches::list(&mut connection, self.book).await
    }

    async fn keep_search(&self, search: &SavedSearch) -> Result<bool, StoreError> {
        let mut tx = self.database.write().await?;
        let is_kept = saved_searches::keep(&mut tx, self.book, search).await?;
        tx.commit().await?;
        Ok(is_kept)
    }

    async fn forget_search(&self, search: &SavedSearch) -> Result<(), StoreError> {
        let mut tx = self.database.write().await?;
        saved_searches::forget(&mut tx, self.book, search).await?;
        Ok(tx.commit().await?)
    }

    async fn totals(&self) -> Result<Totals, StoreError> {
        let mut connection = self.database.reader().await?;
        let counts = query("SELECT in_trash, contacts FROM contact_counts WHERE book = $1")
            .bind(self.book.0)
            .fetch_all::<(bool, i64)>(&mut connection)
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
        activities::of(&mut connection, self.place(id)).await
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
        query("SELECT contacts FROM contact_counts WHERE book = $1")
            .bind(self.book.0)
            .fetch_all::<i64>(&mut connection)
            .await?;
        Ok(())
    }

    async fn close(&self) {
        self.database.close().await;
    }
}
