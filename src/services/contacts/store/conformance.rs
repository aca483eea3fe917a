//! The conformance tests: what every engine has to do. An engine runs all of them with [`conformance_tests`] and
//! a way to open an empty store that remembers idempotency keys for [`IDEMPOTENCY_TTL`].

mod dates;
mod history;
mod idempotency;
mod labels;
mod lists;
mod model;
mod photos;
mod saved_searches;
mod search;
mod trash;
mod uses;
mod writes;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::ContactPage;
use super::ContactStore;
use super::StoreError;
use super::Stretch;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::audit_log::Actor;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fields::ContactInput;
use crate::services::contacts::fields::Required;
use crate::services::contacts::query::ContactQuery;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Scope;

pub use dates::*;
pub use history::*;
pub use idempotency::*;
pub use labels::*;
pub use lists::*;
pub use model::*;
pub use photos::*;
pub use saved_searches::*;
pub use search::*;
pub use trash::*;
pub use uses::*;
pub use writes::*;

pub const IDEMPOTENCY_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes a test of each case. `$open` is an expression for an `async` value that keeps a store
/// alive and derefs to `Arc<dyn ContactStore>`.
macro_rules! conformance_tests {
    ($open:expr) => {
        $crate::services::contacts::store::conformance::conformance_tests! { $open =>
            a_created_contact_can_be_read
            times_have_milliseconds_in_utc
            an_unknown_contact_is_not_found
            an_update_replaces_every_field
            an_update_of_nothing_changes_nothing
            of_two_writers_one_learns_what_the_other_wrote
            of_many_writers_at_once_one_wins
            times_never_go_backwards
            nothing_is_done_after_closing
            an_empty_store_has_an_empty_list
            pages_around_a_contact_lead_to_both_ends
            a_page_around_a_contact_is_one_of_the_pages_from_the_first
            a_contact_outside_of_the_list_asks_for_the_first_page
            a_page_around_a_contact_counts_what_a_search_finds
            a_page_around_a_contact_leaves_notes_aside
            a_cursor_comes_before_a_contact
            a_page_that_lost_its_contacts_leads_back_to_the_others
            every_order_is_paged_without_gaps_and_doubles
            pages_stay_right_while_contacts_come
            a_page_may_begin_behind_a_contact_that_is_gone
            names_are_in_the_order_of_people
            letters_are_those_that_names_begin_with
            letters_have_an_end
            a_search_finds_what_people_mean
            the_best_matches_come_first
            a_whole_name_comes_before_names_that_only_begin_alike
            one_typing_error_is_forgiven_where_nothing_is_found
            filters_narrow_a_search_down
            a_search_is_paged_in_every_order
            a_search_sees_changes_at_once
            any_text_can_be_searched_for
            a_deleted_contact_is_only_in_the_trash
            a_restored_contact_is_back
            a_deletion_expects_a_version
            an_erased_contact_is_gone
            no_answer_holds_an_erased_contact
            the_oldest_of_the_trash_are_erased_first
            a_full_trash_is_erased_in_several_steps
            each_change_keeps_the_card_before_it_and_who_has_made_it
            former_versions_have_pages
            the_oldest_versions_go
            a_picture_is_kept_once_and_comes_back_with_each_version
            what_is_in_the_trash_shows_no_versions
            a_photo_is_set_and_removed_in_the_card_alone
            a_photo_expects_a_version
            the_pictures_of_a_photo_are_kept_as_long_as_it_is
            a_photo_that_cannot_be_decoded_is_remembered
            a_photo_is_set_beside_what_others_write
            a_photo_elsewhere_is_none
            a_repeated_request_gets_the_first_answer
            a_key_is_for_one_request
            of_the_same_requests_at_once_one_adds_a_contact
            a_request_that_failed_can_be_sent_again
            an_outdated_key_is_free_again
            a_form_creates_one_contact_whatever_it_says
            dates_are_what_cards_outside_the_trash_say
            dates_come_in_the_order_of_days_and_have_pages
            a_search_is_kept_once_until_it_is_forgotten
            a_book_keeps_so_many_searches_and_no_more
            the_contacts_that_are_used_most_come_first
            what_is_in_the_trash_is_not_used
            labels_are_what_cards_outside_the_trash_name
            a_list_of_a_label_or_of_favourites_is_paged_in_every_order
            the_cards_of_a_label_are_read
            a_label_is_added_and_colored
            a_label_is_renamed_in_the_cards_of_its_contacts
            labels_are_merged
            a_removed_label_can_be_given_back
            a_change_of_many_contacts_goes_on_where_it_was
            a_change_of_a_label_is_in_the_history_of_each_contact
            writers_at_once_give_a_label_while_it_is_removed
            a_label_whose_id_is_taken_comes_back_under_another_one
            a_card_may_name_labels_of_any_length
            any_sequence_of_changes_leaves_what_it_should
        }
    };
    ($open:expr => $($case:ident)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let opened = $open.await;
                $crate::services::contacts::store::conformance::$case(std::sync::Arc::clone(&opened)).await;
            }
        )+
    };
}
pub(crate) use conformance_tests;

pub type Store = Arc<dyn ContactStore>;

/// Milliseconds after a day in 2026.
pub fn at(millis: i64) -> Timestamp {
    let day: Timestamp = "2026-11-22T05:29:00Z".parse().expect("it is RFC 3339");
    Timestamp::from_millisecond(day.as_millisecond() + millis).expect("it is near")
}

pub fn new_id() -> ContactId {
    ContactId::new(Uuid::now_v7())
}

pub fn fields(name: &str, email: &str) -> ContactFields {
    let input = ContactInput::default().with(Field::Name, name);
    parsed(&input.with(Field::Emails, email))
}

/// What a program that sends this says.
pub fn parsed(input: &ContactInput) -> ContactFields {
    ContactFields::parse(input, &ContactFields::default(), Required::NameAndEmail)
        .expect("the fields are valid")
}

/// What the first release knows of a contact.
pub fn input_of(contact: &Contact) -> ContactInput {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    ContactInput::default()
        .with(Field::Name, &contact.name)
        .with(Field::Emails, text(&contact.email))
        .with(Field::Phones, text(&contact.phone))
        .with(Field::Company, text(&contact.company))
        .with(Field::Notes, text(&contact.notes))
}

/// Replaces what a contact says by these fields, as the use cases do it.
pub trait Update {
    fn update(
        &self,
        id: ContactId,
        fields: &ContactFields,
        expected: Option<u32>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Contact, StoreError>> + Send;
}

impl<S: ContactStore + ?Sized> Update for S {
    async fn update(
        &self,
        id: ContactId,
        fields: &ContactFields,
        expected: Option<u32>,
        now: Timestamp,
    ) -> Result<Contact, StoreError> {
        let (_, mut card) = self.card(id).await?;
        card.apply(fields);
        let actor = Actor::operator();
        self.replace_card(id, &card, expected, now, &actor).await
    }
}

/// Adds a contact of this name at a time of its own.
pub async fn add(store: &Store, name: &str) -> Contact {
    add_at(store, name, 0).await
}

pub async fn add_at(store: &Store, name: &str, millis: i64) -> Contact {
    let fields = fields(name, "someone@example.com");
    store
        .create(new_id(), &fields, at(millis), None, None)
        .await
        .expect("it can be added")
        .contact
}

/// A query for one page.
pub fn query(search: &str, sort: &str, limit: u32, after: Option<&Cursor>) -> ContactQuery {
    scoped_query(Scope::Live, search, sort, limit, after)
}

pub fn scoped_query(
    scope: Scope,
    search: &str,
    sort: &str,
    limit: u32,
    after: Option<&Cursor>,
) -> ContactQuery {
    let limit = NonZeroU32::new(limit).expect("a page has contacts");
    let after = after.map(Cursor::to_string);
    ContactQuery::parse(search, Some(sort), after.as_deref(), limit, scope)
        .expect("the query is valid")
}

pub async fn list(store: &Store, query: &ContactQuery) -> ContactPage {
    store.list(query).await.expect("it can be listed")
}

pub async fn stretch(store: &Store, query: &ContactQuery) -> Stretch {
    store.stretch(query).await.expect("it can be listed")
}

/// The names of the contacts that a search finds, in order.
pub async fn found(store: &Store, search: &str) -> Vec<String> {
    found_in(store, Scope::Live, search).await
}

pub async fn found_in(store: &Store, scope: Scope, search: &str) -> Vec<String> {
    let page = list(store, &scoped_query(scope, search, "name", 1000, None)).await;
    assert_eq!(
        page.total,
        page.contacts.len() as u64,
        "the total of {search:?}"
    );
    page.contacts
        .into_iter()
        .map(|contact| contact.name)
        .collect()
}

/// All contacts, page by page, each page `limit` long but the last.
pub async fn all_pages(
    store: &Store,
    scope: Scope,
    search: &str,
    sort: &str,
    limit: u32,
) -> Vec<Contact> {
    let mut contacts = Vec::new();
    let mut after = None;
    loop {
        let page = list(
            store,
            &scoped_query(scope, search, sort, limit, after.as_ref()),
        )
        .await;
        assert!(page.contacts.len() <= limit as usize);
        assert!(page.next.is_none() || page.contacts.len() == limit as usize);
        contacts.extend(page.contacts);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
        assert!(contacts.len() as u64 <= page.total, "the pages have no end");
    }
    contacts
}

pub fn ids(contacts: &[Contact]) -> Vec<ContactId> {
    contacts.iter().map(|contact| contact.id).collect()
}
