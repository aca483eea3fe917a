//! Every type and every variant that crosses the wire, with its JSON. Both halves run these tests; see
//! `xtask/src/checks.rs`.

use std::fmt::Debug;

use super::*;
use crate::model::contact::Activities;
use crate::model::contact::Activity;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactDraft;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::contact::Field;
use crate::model::contact::FieldError;
use crate::model::error::AppError;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::ContactsView;
use crate::model::view::FormView;
use crate::model::view::LiveView;
use crate::model::view::Notice;
use crate::model::view::Pane;
use crate::model::view::Saved;
use crate::model::view::WelcomeOffer;

const ID: &str = "01a21781-4da9-77fc-bc25-b4ab41265a39";

const CONTACT: &str = r#"{"id":"01a21781-4da9-77fc-bc25-b4ab41265a39","name":"Ada </script>","email":"ada@example.com",
    "phone":"+44 20","company":null,"notes":"a\nb","createdAt":"2026-11-02T05:29:00.000Z",
    "updatedAt":"2026-11-03T05:29:00.000Z","version":3}"#;

const DRAFT: &str = r#"{"name":"Ada","email":"","phone":"1","company":"c","notes":"n"}"#;

/// This half writes a value as `json` and reads it from there. The order of fields is of no account.
fn check<T>(value: T, json: &str)
where
    T: Debug + PartialEq,
    JsonEncoding: Encodes<T> + Decodes<T>,
{
    let written = JsonEncoding::encode(&value).expect("JSON");
    let parse = |json: &[u8]| {
        leptos::serde_json::from_slice::<leptos::serde_json::Value>(json).expect("JSON")
    };
    assert_eq!(parse(&written), parse(json.as_bytes()));
    let bytes = Bytes::copy_from_slice(json.as_bytes());
    let read = <JsonEncoding as Decodes<T>>::decode(bytes).ok();
    assert_eq!(read, Some(value));
}

fn id() -> ContactId {
    ID.parse().expect("an id")
}

fn contact() -> Contact {
    Contact {
        id: id(),
        name: "Ada </script>".to_owned(),
        email: Some("ada@example.com".to_owned()),
        phone: Some("+44 20".to_owned()),
        company: None,
        notes: Some("a\nb".to_owned()),
        created_at: "2026-11-02T05:29:00.000Z".to_owned(),
        updated_at: "2026-11-03T05:29:00.000Z".to_owned(),
        version: 3,
    }
}

fn draft() -> ContactDraft {
    ContactDraft {
        name: "Ada".to_owned(),
        email: String::new(),
        phone: "1".to_owned(),
        company: "c".to_owned(),
        notes: "n".to_owned(),
    }
}

fn location() -> Location {
    Location {
        pane: PaneRoute::Nothing,
        book: "b".to_owned(),
        search: "a".to_owned(),
        cursor: Some("c".to_owned()),
        deleted: Some(id()),
        name: "n".to_owned(),
    }
}

#[test]
fn every_error_crosses_the_wire() {
    let contact = Box::new(contact());
    let errors = [
        AppError::Invalid {
            detail: "d".to_owned(),
            fields: vec![FieldError {
                field: Field::Email,
                message: "m".to_owned(),
            }],
        },
        AppError::bad_request("d"),
        AppError::NotFound,
        AppError::Changed {
            current: contact.clone(),
        },
        AppError::Forbidden {
            detail: "d".to_owned(),
        },
        AppError::NoBook,
        AppError::KeyReused,
        AppError::AlreadyCreated { contact },
        AppError::TooManyRequests { retry_after: 7 },
        AppError::Unavailable,
        AppError::Internal,
        AppError::Unreachable,
    ];
    for error in errors {
        // A new variant is an error here until it has a line, and a value above.
        let json = match &error {
            AppError::Invalid { .. } => {
                r#"{"invalid":{"detail":"d","fields":[{"field":"email","message":"m"}]}}"#
                    .to_owned()
            }
            AppError::BadRequest { .. } => r#"{"bad_request":{"detail":"d"}}"#.to_owned(),
            AppError::Forbidden { .. } => r#"{"forbidden":{"detail":"d"}}"#.to_owned(),
            AppError::NoBook => r#""no_book""#.to_owned(),
            AppError::NotFound => r#""not_found""#.to_owned(),
            AppError::Changed { .. } => format!(r#"{{"changed":{{"current":{CONTACT}}}}}"#),
            AppError::KeyReused => r#""key_reused""#.to_owned(),
            AppError::AlreadyCreated { .. } => {
                format!(r#"{{"already_created":{{"contact":{CONTACT}}}}}"#)
            }
            AppError::TooManyRequests { .. } => {
                r#"{"too_many_requests":{"retry_after":7}}"#.to_owned()
            }
            AppError::Unavailable => r#""unavailable""#.to_owned(),
            AppError::Internal => r#""internal""#.to_owned(),
            AppError::Unreachable => r#""unreachable""#.to_owned(),
        };
        check(error, &json);
    }
}

#[test]
fn every_field_and_every_route_crosses_the_wire() {
    for field in Field::ALL {
        check(field, &format!("{:?}", field.name()));
    }
    let routes = [
        PaneRoute::Nothing,
        PaneRoute::New,
        PaneRoute::Contact(id()),
        PaneRoute::Edit(id()),
    ];
    for pane in routes {
        let json = match pane {
            PaneRoute::Nothing => r#""Nothing""#.to_owned(),
            PaneRoute::New => r#""New""#.to_owned(),
            PaneRoute::Contact(_) => format!(r#"{{"Contact":"{ID}"}}"#),
            PaneRoute::Edit(_) => format!(r#"{{"Edit":"{ID}"}}"#),
        };
        let json = format!(
            r#"{{"pane":{json},"book":"b","search":"a","cursor":"c","deleted":"{ID}","name":"n"}}"#
        );
        check(Location { pane, ..location() }, &json);
    }
}

#[test]
fn every_pane_crosses_the_wire() {
    let details = ContactDetails {
        contact: contact(),
        activities: Activities {
            list: vec![Activity {
                at: "2026".to_owned(),
                text: "t".to_owned(),
            }],
            pending: true,
        },
        merged: vec![Field::Phone],
    };
    let form = FormView {
        draft: draft(),
        error: Some(AppError::NotFound),
        saved: Some(Saved {
            id: id(),
            base: draft(),
        }),
        key: "k".to_owned(),
        welcome: true,
    };
    for pane in [
        Pane::Nothing,
        Pane::Contact(details),
        Pane::Form(form),
        Pane::Failed(AppError::Unavailable),
    ] {
        let json = match &pane {
            Pane::Nothing => r#""Nothing""#.to_owned(),
            Pane::Loading(_) => unreachable!("a loading pane stays in the browser"),
            Pane::Contact(_) => format!(
                r#"{{"Contact":{{"contact":{CONTACT},"activities":
                    {{"list":[{{"at":"2026","text":"t"}}],"pending":true}},"merged":["phone"]}}}}"#
            ),
            Pane::Form(_) => format!(
                r#"{{"Form":{{"draft":{DRAFT},"error":"not_found",
                    "saved":{{"id":"{ID}","base":{DRAFT}}},"key":"k","welcome":true}}}}"#
            ),
            Pane::Failed(_) => r#"{"Failed":"unavailable"}"#.to_owned(),
        };
        check(pane, &json);
    }
    assert!(JsonEncoding::encode(&Pane::Loading(None)).is_err());
}

#[test]
fn the_data_of_pages_cross_the_wire() {
    check(
        LiveView {
            period: 5000,
            as_of: "As of".to_owned(),
        },
        r#"{"period":5000,"as_of":"As of"}"#,
    );
    let list = ContactList {
        rows: vec![ContactRow {
            id: id(),
            name: "Ada".to_owned(),
            detail: "e".to_owned(),
        }],
        offset: 50,
        previous_cursor: None,
        next_cursor: Some("n".to_owned()),
        total: 123_456_789_012,
    };
    let rows = format!(r#"[{{"id":"{ID}","name":"Ada","detail":"e"}}]"#);
    let json_list = format!(
        r#"{{"rows":{rows},"offset":50,"previous_cursor":null,"next_cursor":"n","total":123456789012}}"#
    );
    let lists = [
        (Ok(list), format!(r#"{{"Ok":{json_list}}}"#)),
        (Err(AppError::Internal), r#"{"Err":"internal"}"#.to_owned()),
    ];
    for (list, json_list) in lists {
        let view = ContactsView {
            generation: "00c0ffee00c0ffee".to_owned(),
            location: location(),
            list,
            pane: Pane::Nothing,
            notice: Some(Notice {
                id: id(),
                name: "Ada".to_owned(),
            }),
            welcome: WelcomeOffer {
                ticked: true,
                from: "f".to_owned(),
                subject: vec!["a".to_owned(), String::new()],
                text: Vec::new(),
                is_sent: false,
            },
        };
        let json = format!(
            r#"{{"generation":"00c0ffee00c0ffee",
                "location":{{"pane":"Nothing","book":"b","search":"a","cursor":"c","deleted":"{ID}","name":"n"}},
                "list":{json_list},"pane":"Nothing","notice":{{"id":"{ID}","name":"Ada"}},
                "welcome":{{"ticked":true,"from":"f","subject":["a",""],"text":[],"is_sent":false}}}}"#
        );
        check(view, &json);
    }
}

#[test]
fn missing_fields_of_a_draft_are_empty_and_malformed_ids_are_refused() {
    let draft = |json: &'static str| {
        <JsonEncoding as Decodes<ContactDraft>>::decode(Bytes::from_static(json.as_bytes()))
    };
    assert_eq!(draft("{}").expect("a draft"), ContactDraft::default());
    assert!(draft(r#"{"name":1}"#).is_err());
    for json in [
        r#""""#,
        r#""ada""#,
        "1",
        r#""01a217814da977fcbc25b4ab41265a3""#,
        r#""------------------------------------""#,
        r#""01a217814da977fcbc25b4ab41265a390000""#,
        r#""01a21781-4da9-77fc-bc25-b4ab41265a390""#,
        r#""01a217814-da9-77fc-bc25-b4ab41265a39""#,
    ] {
        let id = <JsonEncoding as Decodes<ContactId>>::decode(Bytes::from_static(json.as_bytes()));
        assert!(id.is_err(), "{json}");
    }
}
