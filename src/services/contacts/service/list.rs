//! Lists of contacts: what a client may ask for, and its pages.

use std::num::NonZeroU32;

use kith_cache::Cached;
use kith_cache::Key;

use super::Contacts;
use super::Settings;
use super::caching::AUDIENCE;
use super::shared::Shared;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::error::AppError;
use crate::model::location::ListFilter;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::letters::FirstLetters;
use crate::services::contacts::letters::Letter;
use crate::services::contacts::letters::LetterOrder;
use crate::services::contacts::query::ContactQuery;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Filter;
use crate::services::contacts::query::Scope;
use crate::services::contacts::store::ContactPage;

impl Contacts {
    /// How many contacts are printed together: some fifty sheets, a megabyte of page.
    pub const MAX_PRINTED_CONTACTS: NonZeroU32 = NonZeroU32::new(2_500).expect("not 0");

    /// Understands what to list, from text as it came. `sort` and `cursor` are optional and may
    /// be blank; a `limit` of `None` asks for a page of the default size, and a blank one is refused.
    ///
    /// # Errors
    /// [`AppError::BadRequest`], saying what is understood.
    pub fn query(
        &self,
        search: &str,
        sort: Option<&str>,
        cursor: Option<&str>,
        limit: Option<&str>,
    ) -> Result<ContactQuery, AppError> {
        let limit = self.page_size(limit)?;
        ContactQuery::parse(search, sort, cursor, limit, Scope::Live)
    }

    pub(super) fn page_size(&self, asked: Option<&str>) -> Result<NonZeroU32, AppError> {
        let Settings {
            default_page_size,
            max_page_size,
            ..
        } = self.shared.settings;
        let Some(asked) = asked else {
            return Ok(default_page_size);
        };
        // `parse` would take a sign as well.
        let digits = asked.bytes().all(|byte| byte.is_ascii_digit());
        let size = asked.parse::<NonZeroU32>().ok().filter(|_| digits);
        size.filter(|size| *size <= max_page_size).ok_or_else(|| {
            AppError::bad_request(format!("The limit is a number from 1 to {max_page_size}."))
        })
    }

    /// # Errors
    /// [`AppError::NoBook`], and those that every method has: [`AppError::Unavailable`], [`AppError::Internal`].
    #[tracing::instrument(level = "debug", skip_all, fields(sort = %query.sort(), terms = query.search().terms().len()))]
    pub async fn list(&self, query: ContactQuery) -> Result<Cached<ContactPage>, AppError> {
        let Shared {
            cache, settings, ..
        } = &*self.shared;
        let book = self.book()?;
        let key = Key::new(CONTACTS.part(book.key.0), AUDIENCE, &query.name("list"));
        let store = self.store(book);
        let fetch = move || async move { Ok(store.list(&query).await?) };
        cache.get(key, settings.exact(), fetch).await
    }

    /// The headings of a list in this order, in their order; none for a search and for a list in an order that has none.
    ///
    /// # Errors
    /// [`AppError::BadRequest`] for an order that there is not, and those that every method has.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn letters(&self, search: &str, sort: &str) -> Result<Vec<Letter>, AppError> {
        let query = self.query(search, Some(sort), None, None)?;
        let order = LetterOrder::of(query.sort()).filter(|_| query.search().is_empty());
        let Some(order) = order else {
            return Ok(Vec::new());
        };
        let Shared {
            cache, settings, ..
        } = &*self.shared;
        let book = self.book()?;
        let name = format!("letters {}", query.sort());
        let key = Key::new(CONTACTS.part(book.key.0), AUDIENCE, &name);
        let store = self.store(book);
        let fetch = move || async move {
            let first = store.first_letters(order).await.map_err(AppError::from)?;
            Ok::<_, AppError>(FirstLetters(first))
        };
        let first = cache.get(key, settings.exact(), fetch).await?;
        let letters = first.0.iter().map(|first| Letter::of(order, *first));
        Ok(letters.flatten().collect())
    }

    /// Contacts from `cursor` on, by name and without their notes, at most
    /// [`MAX_PRINTED_CONTACTS`](Self::MAX_PRINTED_CONTACTS). They are many and are read once, so the cache does
    /// not keep them.
    ///
    /// # Errors
    /// [`AppError::BadRequest`], and those that every method has.
    #[tracing::instrument(skip_all)]
    pub async fn list_for_printing(
        &self,
        search: &str,
        filter: &ListFilter,
        cursor: Option<&str>,
    ) -> Result<ContactPage, AppError> {
        let query = ContactQuery::parse(
            search,
            None,
            cursor,
            Self::MAX_PRINTED_CONTACTS,
            Scope::Live,
        )?;
        let query = query.within(Filter::of(filter)?);
        let store = self.store(self.book()?);
        Ok(store.stretch(&query).await?.page)
    }

    /// Returns the page of the list that Kith shows beside a pane: the page that `cursor` names, otherwise the page
    /// with the contact in the pane, otherwise the page with the contact that has `at` others before it, otherwise the
    /// first page.
    ///
    /// # Errors
    /// [`AppError::BadRequest`] for a search or a cursor that makes no sense;
    /// [`AppError::Unavailable`], [`AppError::Internal`].
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn list_beside(
        &self,
        contact: Option<ContactId>,
        search: &str,
        filter: &ListFilter,
        cursor: Option<&str>,
        at: Option<u64>,
    ) -> Result<ContactList, AppError> {
        let query = self.query(search, Some(&filter.sort), cursor, None)?;
        let query = query.within(Filter::of(filter)?).at(at).around(contact);
        let Shared {
            cache, settings, ..
        } = &*self.shared;
        let book = self.book()?;
        let key = Key::new(CONTACTS.part(book.key.0), AUDIENCE, &query.name("stretch"));
        let store = self.store(book);
        let fetch = move || async move { store.stretch(&query).await.map_err(AppError::from) };
        let stretch = cache.get(key, settings.exact(), fetch).await?;
        let contacts = stretch.page.contacts.iter();
        let mut rows: Vec<ContactRow> = contacts.map(|contact| self.row_of(contact)).collect();
        for (row, marked) in rows.iter_mut().zip(&stretch.marked) {
            row.marked = Some(marked.row());
        }
        for (row, heading) in rows.iter_mut().zip(&stretch.headings) {
            row.heading.clone_from(heading);
        }
        Ok(ContactList {
            rows,
            offset: stretch.offset,
            previous_cursor: stretch.previous.as_ref().map(Cursor::to_string),
            next_cursor: stretch.page.next.as_ref().map(Cursor::to_string),
            total: stretch.page.total,
            corrected: stretch.corrected.clone(),
        })
    }
}
