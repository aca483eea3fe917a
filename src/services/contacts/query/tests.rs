//! Which parameters make a query, and in which words the others are refused.

use kith_search::Tier;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::model::contact::ContactId;
use crate::services::contacts::fold::MAX_KEY_CHARS;
use crate::services::contacts::fold::search_key;

fn parse(search: &str, sort: Option<&str>, cursor: Option<&str>) -> Result<ContactQuery, AppError> {
    ContactQuery::parse(search, sort, cursor, NonZeroU32::MIN, Scope::Live)
}

fn detail(refused: Result<impl fmt::Debug, AppError>) -> String {
    match refused {
        Err(AppError::BadRequest { detail }) => detail,
        other => panic!("expected a bad request, got {other:?}"),
    }
}

#[test]
fn blank_parameters_are_absent_ones() {
    let query = parse("", None, None).expect("nothing was asked for");
    assert!(query.search().is_empty());
    assert_eq!(
        query.sort(),
        Sort {
            by: SortBy::Name,
            descending: false
        }
    );
    assert_eq!(query.cursor(), None);
    assert_eq!(parse("  ", Some(""), Some(" ")), Ok(query));
}

#[test]
fn every_sort_has_a_name() {
    for sort in Sort::ALL {
        assert_eq!(Sort::parse(sort.as_str()), Ok(sort));
    }
    assert_eq!(
        detail(Sort::parse("email")),
        "Sort by one of: relevance, name, -name, family, -family, company, -company, created, -created, updated, -updated, frequent."
    );
}

#[test]
fn a_search_is_ranked_unless_another_order_is_asked_for() {
    let limit = NonZeroU32::MIN;
    let sort = |search: &str, sort: Option<&str>, scope: Scope| {
        let query = ContactQuery::parse(search, sort, None, limit, scope);
        query.expect("it is valid").sort().as_str()
    };
    assert_eq!(sort("ada", None, Scope::Live), "relevance");
    assert_eq!(sort("ada", Some("name"), Scope::Live), "name");
    assert_eq!(sort("", Some("relevance"), Scope::Live), "name");
    assert_eq!(sort("ada", Some("relevance"), Scope::Trash), "name");
}

#[test]
fn a_search_for_too_much_is_refused() {
    assert!(parse_search(&"x".repeat(200)).is_ok());
    assert_eq!(
        detail(parse_search(&"x".repeat(201))),
        "Search for at most 200 characters."
    );
    let words = |count: u32| -> String { (0..count).map(|n| format!("{n}x ")).collect() };
    assert!(parse_search(&words(32)).is_ok());
    assert_eq!(
        detail(parse_search(&words(33))),
        "Search for at most 32 words."
    );
}

#[test]
fn a_cursor_of_another_sort_is_refused() {
    let cursor = Cursor::new(Position::Created(7), true, ContactId::new(Uuid::nil())).to_string();
    assert!(
        Cursor::parse(
            &cursor,
            Sort {
                by: SortBy::Created,
                descending: true
            }
        )
        .is_ok()
    );
    for sort in ["created", "-updated", "name"] {
        assert_eq!(
            detail(parse("", Some(sort), Some(&cursor))),
            "This cursor belongs to another sort. Start again without it."
        );
    }
}

#[test]
fn text_that_is_no_cursor_is_refused() {
    let position = Position::Name("a\0b".to_owned());
    let with_nul = Cursor::new(position, false, ContactId::new(Uuid::nil())).to_string();
    for text in ["nonsense", "!", "bmFtZQ", &with_nul, &"A".repeat(1 << 20)] {
        assert_eq!(
            detail(Cursor::parse(text, Sort::default())),
            "This cursor cannot be read. Start again without it."
        );
    }
}

/// Each character of the longest key has four bytes.
#[test]
fn the_longest_cursor_can_be_read_again() {
    let key = search_key(&"\u{1F9D1}".repeat(MAX_KEY_CHARS), None);
    let cursor = Cursor::new(Position::Name(key), false, ContactId::new(Uuid::max()));
    assert_eq!(
        Cursor::parse(&cursor.to_string(), Sort::default()),
        Ok(cursor)
    );
}

proptest! {
    #[test]
    fn a_cursor_is_read_as_it_was_written(
        key in "[^\0]{0,40}", millis in any::<i64>(), id in any::<u128>(), descending in any::<bool>()
    ) {
        let id = ContactId::new(Uuid::from_u128(id));
        let ranked = Position::Relevance(Tier::Field, key.clone());
        let by_company = Position::Company(key.clone());
        for position in [Position::Family(key.clone()), by_company, Position::Name(key), Position::Created(millis), Position::Updated(millis), ranked] {
            let is_ranked = matches!(position, Position::Relevance(..));
            let behind = Cursor::new(position, descending && !is_ranked, id);
            for cursor in [behind.clone(), behind.before()] {
                prop_assert_eq!(Cursor::parse(&cursor.to_string(), cursor.sort()), Ok(cursor));
            }
        }
    }

    #[test]
    fn no_text_panics(text in any::<String>(), cursor in "[A-Za-z0-9_-]{0,80}") {
        let _ = Sort::parse(&text);
        let _ = Cursor::parse(&text, Sort::default());
        let _ = Cursor::parse(&cursor, Sort::default());
        let _ = parse_search(&text);
    }
}
