//! What is derived from cards, held against them.

use kith_card::Entry;
use kith_database::Engine;
use kith_database::query;

use super::Opened;
use crate::services::audit_log::Actor;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::fields::ContactFields;
use crate::services::contacts::fold::MAX_KEY_CHARS;
use crate::services::contacts::fold::fold;
use crate::services::contacts::search_document::document;
use crate::services::contacts::store::conformance::Update;
use crate::services::contacts::store::conformance::add;
use crate::services::contacts::store::conformance::at;
use crate::services::contacts::store::conformance::fields;
use crate::services::contacts::store::conformance::found;
use crate::services::contacts::store::conformance::new_id;
use crate::services::contacts::store::sql::derived::Difference;
use crate::services::contacts::store::sql::derived::Mode;
use crate::services::contacts::store::sql::derived::check;
use crate::services::contacts::store::sql::derived::derive_anew;

/// More than one page.
const CONTACTS: usize = 230;

async fn execute(opened: &Opened, statements: &[&'static str]) {
    let mut tx = opened.database.write().await.expect("it is open");
    for statement in statements {
        let executed = query(*statement).execute(&mut tx).await;
        executed.expect(statement);
    }
    tx.commit().await.expect("there is room");
}

/// A release before the limit of keys has written longer ones.
pub async fn longer_keys_of_names_are_those_of_their_cards_after_the_migration(opened: Opened) {
    let name = "\u{FDFA}".repeat(20);
    let contact = add(&opened, &name).await;
    let email = contact.email.as_deref().unwrap_or_default();
    let key = format!("{}\n{}", fold(&name), fold(email));
    assert!(key.chars().count() > MAX_KEY_CHARS);
    let mut tx = opened.database.write().await.expect("it is open");
    let written = query("UPDATE contacts SET search_key = $1").bind(key);
    written.execute(&mut tx).await.expect("there is room");
    tx.commit().await.expect("there is room");
    assert_ne!(differing(&opened, Mode::Report).await, []);

    let migration = match opened.database.engine() {
        Engine::Sqlite => include_str!("../../../../../../migrations/0030_name_keys.sql"),
        Engine::Postgres => {
            include_str!("../../../../../../migrations/postgres/0022_name_keys.sql")
        }
    };
    let (update, _) = migration.split_once(';').expect("a statement");
    execute(&opened, &[update]).await;
    assert_eq!(differing(&opened, Mode::Report).await, []);
}

/// The release before kept no keys beside the texts of searches.
pub async fn keys_stand_beside_the_texts_of_searches_after_the_migration(opened: Opened) {
    let ada = add(&opened, "Ada-Lovelace").await;
    let [bea, cem] = [add(&opened, "Bea").await, add(&opened, "Cem").await];
    let deleted = opened.delete(bea.id, None, at(1), &Actor::operator()).await;
    deleted.expect("it is there");
    let (undo, migration): (&[_], _) = match opened.database.engine() {
        Engine::Sqlite => (
            &["DROP TRIGGER contact_search_key"],
            include_str!("../../../../../../migrations/0031_search_keys.sql"),
        ),
        Engine::Postgres => (
            &[
                "DROP TRIGGER contact_search_key ON contacts",
                "DROP FUNCTION search_key_changed",
            ],
            include_str!("../../../../../../migrations/postgres/0023_search_keys.sql"),
        ),
    };
    execute(&opened, undo).await;
    execute(
        &opened,
        &[
            "ALTER TABLE contact_search DROP COLUMN search_key",
            "ALTER TABLE contact_search DROP COLUMN id",
            "DELETE FROM contact_search WHERE contact = (SELECT seq FROM contacts WHERE name = 'Cem')",
        ],
    )
    .await;

    let statements: Vec<&str> = migration.split(";\n\n").collect();
    execute(&opened, &statements).await;
    let expected = Difference {
        contact: cem.id,
        columns: vec!["search"],
    };
    assert_eq!(differing(&opened, Mode::Repair).await, [expected]);
    opened.assert_consistent().await;
    // The words stay, so only the trigger writes beside the texts.
    let lovelace = fields("Ada Lovelace", "someone@example.com");
    let renamed = opened.update(ada.id, &lovelace, None, at(2)).await;
    assert_eq!(document(&renamed.expect("it is there")), document(&ada));
    opened.assert_consistent().await;
    assert_eq!(found(&opened, "ada").await, ["Ada Lovelace"]);
}

/// What differs.
async fn differing(opened: &Opened, mode: Mode) -> Vec<Difference> {
    let checked = check(&opened.database, mode).await;
    checked.expect("it can be read").differing
}

pub async fn what_differs_from_a_card_is_reported_and_derived_anew(opened: Opened) {
    let ada = add(&opened, "Ada").await;
    let bea = add(&opened, "Bea").await;
    let cem = add(&opened, "Cem").await;
    let dea = add(&opened, "Dea").await;
    assert_eq!(differing(&opened, Mode::Report).await, []);

    execute(
        &opened,
        &[
            "UPDATE contacts SET email = 'other@example.com', fields = '{', favourite = TRUE, uid = NULL WHERE name = 'Ada'",
            "UPDATE contacts SET search_key = 'nothing' WHERE name = 'Bea'",
            "UPDATE contact_search SET notes = '  nothing  ' WHERE contact = (SELECT seq FROM contacts WHERE name = 'Cem')",
            "UPDATE contact_search SET search_key = 'nothing' WHERE contact = (SELECT seq FROM contacts WHERE name = 'Dea')",
        ],
    )
    .await;
    let expected = [
        (ada.id, vec!["email", "fields", "uid", "favourite"]),
        (bea.id, vec!["search_key", "search"]),
        (cem.id, vec!["search"]),
        (dea.id, vec!["search"]),
    ];
    let expected = expected.map(|(contact, columns)| Difference { contact, columns });
    assert_eq!(differing(&opened, Mode::Report).await, expected);
    assert_eq!(
        differing(&opened, Mode::Report).await,
        expected,
        "it is only read"
    );
    assert_eq!(differing(&opened, Mode::Repair).await, expected);
    assert_eq!(differing(&opened, Mode::Report).await, []);
    opened.assert_consistent().await;
    for contact in [ada, bea, cem, dea] {
        assert_eq!(opened.get(contact.id).await.ok(), Some(contact));
    }
}

/// Fields with a birthday and two labels.
fn dated(name: &str) -> ContactFields {
    let mut new = fields(name, "someone@example.com");
    new.set(Field::Birthday, vec![Entry::text("1815-12-10")]);
    let labels = ["Family", "Press"].map(Entry::text);
    new.set(Field::Labels, labels.into());
    new
}

pub async fn labels_and_dates_that_differ_from_a_card_are_derived_anew(opened: Opened) {
    let mut added = Vec::new();
    for name in ["Ada", "Bea", "Cem"] {
        let created = opened
            .create(new_id(), &dated(name), at(0), None, None)
            .await;
        added.push(created.expect("it is new").contact.id);
    }
    let deleted = opened
        .delete(added[2], None, at(1), &Actor::operator())
        .await;
    deleted.expect("it is there");
    assert_eq!(differing(&opened, Mode::Report).await, []);
    execute(
        &opened,
        &[
            "DELETE FROM contact_labels WHERE label = (SELECT seq FROM labels WHERE name = 'Press')
                 AND contact = (SELECT seq FROM contacts WHERE name = 'Ada')",
            "UPDATE contact_dates SET year = 1816 WHERE contact = (SELECT seq FROM contacts WHERE name = 'Bea')",
            "INSERT INTO contact_dates (contact, place, kind, label, month, day)
             SELECT seq, 0, 'other', 'x', 1, 1 FROM contacts WHERE name = 'Cem'",
            "INSERT INTO contact_labels (label, contact)
             SELECT labels.seq, contacts.seq FROM labels CROSS JOIN contacts
             WHERE labels.name = 'Family' AND contacts.name = 'Cem'",
        ],
    )
    .await;
    let expected = [
        (added[0], vec!["labels"]),
        (added[1], vec!["dates"]),
        (added[2], vec!["labels", "dates"]),
    ];
    let expected = expected.map(|(contact, columns)| Difference { contact, columns });
    assert_eq!(differing(&opened, Mode::Report).await, expected);
    assert_eq!(differing(&opened, Mode::Repair).await, expected);
    opened.assert_consistent().await;
    let labels = opened.labels().await.expect("they can be listed").labels;
    let counts: Vec<u64> = labels.iter().map(|label| label.contacts).collect();
    assert_eq!(counts, [2, 2]);
}

/// An earlier release knew no dates.
pub async fn dates_of_contacts_that_were_there_are_derived(opened: Opened) {
    let created = opened
        .create(new_id(), &dated("Ada"), at(0), None, None)
        .await;
    created.expect("it is new");
    derive_anew(&opened.database).await.expect("there is room");
    execute(
        &opened,
        &[
            "DELETE FROM contact_dates",
            "UPDATE installation SET derived_by = 'another'",
        ],
    )
    .await;
    let derived = derive_anew(&opened.database).await;
    assert_eq!(derived.expect("there is room"), 1);
    opened.assert_consistent().await;
}

pub async fn a_card_that_cannot_be_read_is_reported_and_stays(opened: Opened) {
    let ada = add(&opened, "Ada").await;
    let broken = match opened.database.engine() {
        Engine::Sqlite => "UPDATE contacts SET card = CAST('nothing' AS BLOB)",
        Engine::Postgres => "UPDATE contacts SET card = convert_to('nothing', 'UTF8')",
    };
    execute(&opened, &[broken]).await;
    for mode in [Mode::Report, Mode::Repair, Mode::Report] {
        let checked = check(&opened.database, mode).await.expect("it can be read");
        let columns = vec!["card"];
        let contact = ada.id;
        assert_eq!(checked.differing, [Difference { contact, columns }]);
        assert_eq!(checked.unreadable(), 1);
    }
    assert_eq!(opened.get(ada.id).await.ok(), Some(ada));
}

/// Two instances start at once, after another one was killed between its pages.
pub async fn a_program_that_reads_cards_in_another_way_derives_all_columns_anew(opened: Opened) {
    let mut known = Vec::new();
    for number in 0..CONTACTS {
        known.push(add(&opened, &format!("Ada {number}, \"quoted\"; ü\\n")).await);
    }
    derive_anew(&opened.database).await.expect("there is room");
    execute(
        &opened,
        &[
            "UPDATE contacts SET fields = '{}', phone = NULL, search_key = 'nothing'",
            "UPDATE installation SET derived_by = 'another'",
        ],
    )
    .await;
    let second = opened.database.clone();
    let (one, other) = tokio::join!(derive_anew(&opened.database), derive_anew(&second));
    let changed = one.expect("there is room") + other.expect("there is room");
    assert_eq!(changed, CONTACTS);
    opened.assert_consistent().await;
    for contact in known {
        assert_eq!(opened.get(contact.id).await.ok(), Some(contact));
    }
    execute(&opened, &["UPDATE contacts SET phone = '1' WHERE seq = 1"]).await;
    let again = derive_anew(&opened.database).await;
    assert_eq!(
        again.expect("it is open"),
        0,
        "this program has derived all"
    );
}
