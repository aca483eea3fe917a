//! The tests of the store: on each engine, and of both engines beside each other.

mod books;
mod both_engines;
mod cards;
mod derived;
mod each_engine;
mod failover;
mod photos;
mod postgres;
mod replica;
mod sqlite;

use std::ops::Deref;
use std::sync::Arc;

use kith_database::Engine;
use kith_database::Row;
use kith_database::query;

use super::SqlStore;
use super::create::NewContact;
use super::derived::Mode;
use super::derived::check;
use crate::services::book::BookKey;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::card::Summary;
use crate::services::contacts::store::conformance;
use crate::services::contacts::store::conformance::Store;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::fields;
use crate::services::contacts::store::conformance::new_id;
use crate::services::database::testing::TestDatabase;

/// Makes a test of each case of `each_engine`.
macro_rules! engine_tests {
    ($engine:expr) => {
        $crate::services::contacts::store::sql::tests::engine_tests! { $engine =>
            the_tables_are_consistent_after_every_kind_of_change
            a_write_that_is_given_up_is_done_or_not_begun
            outdated_keys_are_cleared_away_bit_by_bit
            a_key_of_a_release_that_compared_bytes_is_still_known
            failed_attempts_leave_changes_in_view
            two_thousand_contacts
            no_list_waits_for_searches
            activities_keep_their_order_when_the_clock_is_set_back
            a_deleted_contact_is_in_the_audit_log_by_its_id_alone
            the_tables_hold_nothing_of_an_erased_contact
            a_removed_book_leaves_no_answer_behind
            no_picture_is_left_of_a_photo_that_is_gone
            a_picture_is_found_in_no_other_book
            two_books_that_change_at_once_know_nothing_of_each_other
            each_contact_without_a_card_gets_the_one_that_says_the_same
            what_differs_from_a_card_is_reported_and_derived_anew
            longer_keys_of_names_are_those_of_their_cards_after_the_migration
            keys_stand_beside_the_texts_of_searches_after_the_migration
            a_card_that_cannot_be_read_is_reported_and_stays
            labels_and_dates_that_differ_from_a_card_are_derived_anew
            dates_of_contacts_that_were_there_are_derived
            a_contact_takes_its_dates_to_another_book
            a_program_that_reads_cards_in_another_way_derives_all_columns_anew
            a_contact_is_found_in_no_other_book
            a_contact_moves_with_all_that_has_happened_around_it
            a_book_with_contacts_is_not_removed
        }
    };
    ($engine:expr => $($case:ident)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let opened = $crate::services::contacts::store::sql::tests::Opened::new($engine);
                $crate::services::contacts::store::sql::tests::each_engine::$case(opened.await).await;
            }
        )+
    };
}
pub(crate) use engine_tests;

/// A store in a database of its own, which goes with it.
pub struct Opened {
    store: Store,
    pub database: TestDatabase,
}

/// Every contact of a transaction leaves a dead version of the rows that its triggers replace, and PostgreSQL looks
/// through all of them for the next contact.
const BATCH: usize = 200;

impl Opened {
    pub async fn new(engine: Engine) -> Self {
        let database = TestDatabase::new(engine).await;
        let store = SqlStore::new(database.clone(), conformance::IDEMPOTENCY_TTL);
        Self {
            store: Arc::new(store),
            database,
        }
    }

    /// Adds many contacts, [`BATCH`] in a transaction.
    pub async fn fill(&self, names: impl Iterator<Item = String>) {
        let names: Vec<String> = names.collect();
        for (batch, names) in names.chunks(BATCH).enumerate() {
            let mut tx = self.database.write().await.expect("no other writer");
            for (place, name) in names.iter().enumerate() {
                let number = batch * BATCH + place;
                let id = new_id();
                let fields = fields(name, &format!("p{number}@example.com"));
                let new = NewContact {
                    book: BookKey::FIRST,
                    id,
                    card: ContactCard::new(id, &fields),
                    now: at(number as i64),
                    outdated: 0,
                    idempotency: None,
                    step: None,
                };
                new.write(&mut tx).await.expect("it is new");
            }
            tx.commit().await.expect("there is room");
        }
    }

    /// Asserts what must be true of the tables between any two transactions.
    pub async fn assert_consistent(&self) {
        let mut tx = self.database.read().await.expect("it is open");
        let counts = "SELECT count(*) = 0 FROM (
                SELECT seq,
                    (SELECT coalesce(max(contacts), 0) FROM contact_counts WHERE book = books.seq AND NOT in_trash) AS live,
                    (SELECT coalesce(max(contacts), 0) FROM contact_counts WHERE book = books.seq AND in_trash) AS trash
                FROM books) AS counted
            WHERE live <> (SELECT count(*) FROM contacts WHERE book = counted.seq AND deleted_at IS NULL)
                OR trash <> (SELECT count(*) FROM contacts WHERE book = counted.seq AND deleted_at IS NOT NULL)";
        let mut checks = vec![("the counts are right", counts)];
        checks.extend(match self.database.engine() {
            Engine::Sqlite => SEARCH_CHECKS_OF_SQLITE,
            Engine::Postgres => SEARCH_CHECKS_OF_POSTGRES,
        });
        for (what, sql) in checks {
            let holds: bool = query(sql).fetch_one(&mut tx).await.expect(what);
            assert!(holds, "{what}");
        }
        let rows: Vec<Row> = query(
            "SELECT name, email, phone, company, notes, fields, photo, favourite, uid, card FROM contacts",
        )
        .fetch_all(&mut tx)
        .await
        .expect("the contacts can be read");
        for row in &rows {
            let card = ContactCard::parse(row.get::<&[u8]>("card").expect("a card"));
            let card = card.expect("a card");
            let text = |column: &str| -> Option<String> { row.get(column).expect("a column") };
            let columns = Summary {
                name: text("name").expect("a name"),
                email: text("email"),
                phone: text("phone"),
                company: text("company"),
                notes: text("notes"),
                fields: serde_json::from_str(row.get("fields").expect("a column")).expect("JSON"),
                photo: text("photo").map(|key| key.parse().expect("a key")),
            };
            let is_favourite: bool = row.get("favourite").expect("a column");
            assert_eq!(is_favourite, columns.fields.contains_key("favourite"));
            assert_eq!(
                card.summary(),
                columns,
                "the columns say what the card says"
            );
            assert_eq!(card.uid(), text("uid"), "the UID is that of the card");
        }
        let checked = check(&self.database, Mode::Report).await;
        assert_eq!(checked.expect("it is open").differing, []);
    }
}

const SEARCH_CHECKS_OF_SQLITE: &[(&str, &str)] = &[
    (
        "the texts of searches are of the contacts",
        SEARCHED_CONTACTS,
    ),
    (
        "the index of searches is of the contacts outside the trash",
        "SELECT NOT EXISTS (SELECT id FROM contact_texts_docsize EXCEPT
                    SELECT seq FROM contacts WHERE deleted_at IS NULL)
            AND NOT EXISTS (SELECT seq FROM contacts WHERE deleted_at IS NULL EXCEPT
                    SELECT id FROM contact_texts_docsize)",
    ),
    (
        "the file is whole",
        "SELECT integrity_check = 'ok' FROM pragma_integrity_check",
    ),
];

const SEARCH_CHECKS_OF_POSTGRES: &[(&str, &str)] = &[(
    "the texts of searches are of the contacts",
    SEARCHED_CONTACTS,
)];

const SEARCHED_CONTACTS: &str =
    "SELECT NOT EXISTS (SELECT contact, in_trash, search_key, id FROM contact_search EXCEPT
                SELECT seq, in_trash, search_key, id FROM contacts)
        AND NOT EXISTS (SELECT seq FROM contacts EXCEPT SELECT contact FROM contact_search)";

impl Deref for Opened {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}
