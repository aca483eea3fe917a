//! The derives against those of serde.

use std::fmt::Debug;

use proptest::prelude::*;
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(
    Clone, Debug, PartialEq, Serialize, Deserialize, kith_wire::Serialize, kith_wire::Deserialize,
)]
#[serde(transparent)]
struct Id(String);

#[derive(
    Clone, Debug, PartialEq, Serialize, Deserialize, kith_wire::Serialize, kith_wire::Deserialize,
)]
#[serde(rename_all = "camelCase")]
struct Person {
    id: Id,
    full_name: String,
    phone: Option<String>,
    visits: u64,
    version: u32,
    tags: Vec<String>,
    is_new: bool,
    last: Option<Box<Event>>,
}

#[derive(
    Clone, Debug, PartialEq, Serialize, Deserialize, kith_wire::Serialize, kith_wire::Deserialize,
)]
#[serde(rename_all = "snake_case")]
enum Event {
    NotFound,
    Renamed(String),
    Moved {
        from_place: String,
        steps: u32,
    },
    Noted {
        text: Option<String>,
    },
    Tagged(Option<String>),
    Seen {
        by: Box<Person>,
    },
    Ended(Result<(), Option<String>>),
    #[serde(skip)]
    Pending,
}

#[derive(
    Clone, Debug, PartialEq, Serialize, Deserialize, kith_wire::Serialize, kith_wire::Deserialize,
)]
#[serde(default)]
struct Draft {
    name: String,
    rows: u32,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            name: "unnamed".to_owned(),
            rows: 2,
        }
    }
}

fn events() -> impl Strategy<Value = Event> {
    let people = people(None);
    prop_oneof![
        Just(Event::NotFound),
        any::<String>().prop_map(Event::Renamed),
        (any::<String>(), any::<u32>())
            .prop_map(|(from_place, steps)| Event::Moved { from_place, steps }),
        people.prop_map(|person| Event::Seen {
            by: Box::new(person)
        }),
        Just(Event::Ended(Ok(()))),
        any::<Option<String>>().prop_map(|reason| Event::Ended(Err(reason))),
        any::<Option<String>>().prop_map(|text| Event::Noted { text }),
        any::<Option<String>>().prop_map(Event::Tagged),
    ]
}

fn people(last: Option<Event>) -> impl Strategy<Value = Person> {
    let text = any::<(String, String, Option<String>)>();
    let numbers = (0..1_u64 << 53, any::<u32>());
    (text, numbers, any::<Vec<String>>(), any::<bool>()).prop_map(
        move |((id, full_name, phone), (visits, version), tags, is_new)| Person {
            id: Id(id),
            full_name,
            phone,
            visits,
            version,
            tags,
            is_new,
            last: last.clone().map(Box::new),
        },
    )
}

/// Both write the same JSON, and each reads what the other has written.
fn check<T>(value: &T) -> Result<(), TestCaseError>
where
    T: Debug + PartialEq + Serialize + DeserializeOwned,
    T: kith_wire::Serialize + kith_wire::Deserialize,
{
    let theirs = serde_json::to_string(value).expect("JSON of serde");
    let ours = kith_wire::to_string(value).expect("JSON");
    let parse = |json: &str| serde_json::from_str::<Value>(json).expect("JSON");
    prop_assert_eq!(parse(&ours), parse(&theirs));
    prop_assert_eq!(&kith_wire::from_str::<T>(&theirs).expect("a value"), value);
    prop_assert_eq!(&serde_json::from_str::<T>(&ours).expect("a value"), value);
    Ok(())
}

/// Whether serde reads a text, and that both read it alike.
fn is_read<T>(json: &str) -> bool
where
    T: Debug + PartialEq + DeserializeOwned + kith_wire::Deserialize,
{
    let theirs = serde_json::from_str::<T>(json).ok();
    assert_eq!(kith_wire::from_str::<T>(json).ok(), theirs, "{json}");
    theirs.is_some()
}

proptest! {
    #[test]
    fn values_are_written_and_read_as_by_serde(
        person in events().prop_flat_map(|event| people(Some(event))),
        name in any::<String>(),
        rows in any::<u32>(),
    ) {
        check(&person)?;
        check(&Draft { name, rows })?;
    }
}

#[test]
fn missing_and_unknown_fields_are_as_in_serde() {
    assert!(is_read::<Draft>("{}"));
    assert!(is_read::<Draft>(r#"{"rows":7,"more":1}"#));
    assert!(!is_read::<Draft>(r#"{"rows":null}"#));
    let person = |rest: &str| {
        format!(r#"{{"id":"1","fullName":"A","visits":1,"version":1,"tags":[]{rest}}}"#)
    };
    assert!(is_read::<Person>(&person(r#","isNew":false"#)));
    assert!(is_read::<Person>(&person(r#","isNew":false,"phone":null"#)));
    assert!(!is_read::<Person>(&person("")));
}

#[test]
fn json_of_another_form_is_refused_as_by_serde() {
    for json in [
        "",
        "{",
        "null",
        "1",
        r#""renamed""#,
        r#""other""#,
        "{}",
        "[]",
        r#"{"not_found":1}"#,
        r#"{"moved":{"from_place":"a"}}"#,
        r#"{"moved":{"from_place":"a","steps":-1}}"#,
        r#"{"moved":{"from_place":"a","steps":4294967296}}"#,
        r#"{"moved":{"from_place":"a","steps":1.5}}"#,
        r#"{"moved":{"from_place":1,"steps":1}}"#,
        r#"{"renamed":"a","not_found":null}"#,
        r#""pending""#,
        r#""noted""#,
        r#""tagged""#,
        r#"{"ended":{"Ok":1}}"#,
    ] {
        assert!(!is_read::<Event>(json), "{json}");
    }
    assert!(is_read::<Event>(r#""not_found""#));
    assert!(is_read::<Event>(r#"{"not_found":null}"#));
}

#[test]
fn values_that_are_no_json_are_refused() {
    assert_eq!(kith_wire::to_string(&Event::Pending), Err(kith_wire::Error));
    assert_eq!(kith_wire::to_string(&u64::MAX), Err(kith_wire::Error));
    for json in ["1e300", "9007199254740992", "9007199254740993"] {
        assert_eq!(kith_wire::from_str::<u64>(json), Err(kith_wire::Error));
    }
    assert_eq!(
        kith_wire::from_str("9007199254740991"),
        Ok((1_u64 << 53) - 1)
    );
}
