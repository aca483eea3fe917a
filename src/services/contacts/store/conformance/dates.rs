//! The days of contacts that come back each year.

use jiff::civil::Date;
use kith_card::Entry;
use kith_card::Label;

use super::*;
use crate::services::audit_log::Actor;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::dates::DateCursor;
use crate::services::contacts::dates::DateOfContact;
use crate::services::contacts::dates::DayOfYear;
use crate::services::contacts::dates::Period;

/// Fields of a contact with this birthday.
pub fn born(name: &str, on: &str) -> ContactFields {
    let mut fields = fields(name, "someone@example.com");
    fields.set(Field::Birthday, vec![Entry::text(on)]);
    fields
}

async fn add_born(store: &Store, name: &str, on: &str) -> Contact {
    let created = store
        .create(new_id(), &born(name, on), at(0), None, None)
        .await;
    created.expect("it is new").contact
}

/// All dates of the days from one on, in pages of this length, as texts such as `Ada 12-10`.
async fn pages(store: &Store, from: &str, days: u16, limit: u32) -> Vec<Vec<String>> {
    let from: Date = from.parse().expect("a date");
    let mut pages = Vec::new();
    for days in Period::new(from, days).expect("a period").parts() {
        let mut after: Option<DateCursor> = None;
        loop {
            let page = store.dates(days, after.as_ref(), limit).await;
            let page = page.expect("they can be read");
            if page.is_empty() {
                break;
            }
            after = page.last().map(DateOfContact::cursor);
            pages.push(page.iter().map(told).collect());
        }
    }
    pages
}

fn told(of: &DateOfContact) -> String {
    let DayOfYear { month, day } = of.date.on;
    let what = of.date.kind.words(&of.date.label);
    let year = of.date.year.map(|year| format!(" {year}"));
    format!(
        "{} {month}-{day} {what}{}",
        of.name,
        year.unwrap_or_default()
    )
}

/// All dates of the book, as texts.
pub async fn all_dates(store: &Store) -> Vec<String> {
    pages(store, "2026-01-01", Period::MAX_DAYS, 100)
        .await
        .concat()
}

pub async fn dates_are_what_cards_outside_the_trash_say(store: Store) {
    let mut new = born("Ada", "1815-12-10");
    new.set(Field::Anniversary, vec![Entry::text("--07-08")]);
    let met = Entry {
        label: Some(Label::of_words("first met")),
        ..Entry::text("1833-06-05")
    };
    new.set(Field::Dates, vec![Entry::text("in spring"), met]);
    let created = store.create(new_id(), &new, at(0), None, None).await;
    let ada = created.expect("it is new").contact;
    let expected = [
        "Ada 6-5 first met 1833",
        "Ada 7-8 Anniversary",
        "Ada 12-10 Birthday 1815",
    ];
    assert_eq!(all_dates(&store).await, expected);

    let deleted = store.delete(ada.id, None, at(1), &Actor::operator()).await;
    deleted.expect("it is there");
    assert_eq!(all_dates(&store).await, Vec::<String>::new());
    store.restore(ada.id, at(2)).await.expect("it is there");
    assert_eq!(all_dates(&store).await, expected);

    let new = born("Ada", "--12-11");
    let changed = store.update(ada.id, &new, None, at(3)).await;
    changed.expect("it is there");
    assert_eq!(all_dates(&store).await, ["Ada 12-11 Birthday"]);
    let new = fields("Ada", "a@example.com");
    let changed = store.update(ada.id, &new, None, at(4)).await;
    changed.expect("it is there");
    assert_eq!(all_dates(&store).await, Vec::<String>::new());
}

pub async fn dates_come_in_the_order_of_days_and_have_pages(store: Store) {
    for (name, on) in [
        ("Ada", "1815-12-10"),
        ("Bea", "--02-29"),
        ("Cem", "2000-02-28"),
        ("Dan", "--03-01"),
        ("Eve", "1990-02-28"),
    ] {
        add_born(&store, name, on).await;
    }
    let expected = [
        "Ada 12-10 Birthday 1815",
        "Cem 2-28 Birthday 2000",
        "Eve 2-28 Birthday 1990",
        "Bea 2-29 Birthday",
        "Dan 3-1 Birthday",
    ];
    for limit in [1, 2, 3, 100] {
        let found = pages(&store, "2026-11-28", Period::MAX_DAYS, limit).await;
        assert!(
            found
                .iter()
                .all(|page: &Vec<_>| page.len() <= limit as usize)
        );
        assert_eq!(found.concat(), expected, "{limit}");
    }
    let days = async |from, days| pages(&store, from, days, 1).await.concat();
    assert_eq!(days("2027-02-28", 1).await, expected[1..4]);
    assert_eq!(days("2028-02-28", 1).await, expected[1..3]);
    assert_eq!(days("2026-12-10", 80).await, expected[..1]);
    assert_eq!(days("2026-12-11", 80).await, expected[1..4]);
    assert_eq!(days("2026-12-31", 1).await, Vec::<String>::new());
}
