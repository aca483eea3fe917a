//! Every type and every variant that crosses the wire, with its JSON. Both halves run these tests; see
//! `xtask/src/checks.rs`.

use std::fmt::Debug;

use super::*;
use crate::model::contact::Activities;
use crate::model::contact::Activity;
use crate::model::contact::Contact;
use crate::model::contact::ContactDetails;
use crate::model::contact::ContactId;
use crate::model::contact::ContactList;
use crate::model::contact::ContactRow;
use crate::model::contact::FieldError;
use crate::model::contact::MarkedRow;
use crate::model::error::AppError;
use crate::model::form::FormView;
use crate::model::form::Saved;
use crate::model::form::Saving;
use crate::model::location::ListFilter;
use crate::model::location::Location;
use crate::model::location::PaneRoute;
use crate::model::view::ContactsView;
use crate::model::view::LiveView;
use crate::model::view::Notice;
use crate::model::view::Pane;
use crate::model::view::WelcomeOffer;

const ID: &str = "01a21781-4da9-77fc-bc25-b4ab41265a39";

const CONTACT: &str = r#"{"id":"01a21781-4da9-77fc-bc25-b4ab41265a39","name":"Ada </script>","email":"ada@example.com",
    "phone":"+44 20","company":null,"notes":"a\nb","photo":null,"createdAt":"2026-11-02T05:29:00.000Z",
    "updatedAt":"2026-11-03T05:29:00.000Z","version":3}"#;

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
        #[cfg(feature = "ssr")]
        fields: serde_json::Map::new(),
        photo: None,
        created_at: "2026-11-02T05:29:00.000Z".to_owned(),
        updated_at: "2026-11-03T05:29:00.000Z".to_owned(),
        version: 3,
    }
}

fn row() -> ContactRow {
    ContactRow {
        id: id(),
        name: "Ada".to_owned(),
        detail: "e".to_owned(),
        photo: Some("p".to_owned()),
        marked: None,
        heading: "A".to_owned(),
    }
}

fn location() -> Location {
    Location {
        pane: PaneRoute::Nothing,
        book: "b".to_owned(),
        search: "a".to_owned(),
        filter: ListFilter {
            label: "l".to_owned(),
            favourites: true,
            sort: "s".to_owned(),
        },
        cursor: Some("c".to_owned()),
        deleted: Some(id()),
        name: "n".to_owned(),
        field: "f".to_owned(),
    }
}

#[test]
fn every_error_crosses_the_wire() {
    let contact = Box::new(contact());
    let errors = [
        AppError::Invalid {
            detail: "d".to_owned(),
            fields: vec![FieldError {
                field: "email".to_owned(),
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
fn every_route_crosses_the_wire() {
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
            r#"{{"pane":{json},"book":"b","search":"a","filter":{{"label":"l","favourites":true,"sort":"s"}},"cursor":"c","deleted":"{ID}","name":"n","field":"f"}}"#
        );
        check(Location { pane, ..location() }, &json);
    }
}

fn details() -> ContactDetails {
    ContactDetails {
        row: row(),
        version: 3,
        subtitle: "s".to_owned(),
        favourite: true,
        #[cfg(feature = "ssr")]
        links: Vec::new(),
        actions: "<a>".to_owned(),
        #[cfg(feature = "ssr")]
        fields: Vec::new(),
        #[cfg(feature = "ssr")]
        missing: Vec::new(),
        #[cfg(feature = "ssr")]
        changed_at: String::new(),
        html: "<dl>".to_owned(),
        activities: Activities {
            list: vec![Activity {
                at: "2026".to_owned(),
                text: "t".to_owned(),
            }],
            pending: true,
        },
        merged: "the phone".to_owned(),
    }
}

fn details_json() -> String {
    format!(
        r#"{{"row":{{"id":"{ID}","name":"Ada","detail":"e","photo":"p","marked":null,"heading":"A"}},"version":3,"subtitle":"s","favourite":true,"actions":"<a>",
            "html":"<dl>",
            "activities":{{"list":[{{"at":"2026","text":"t"}}],"pending":true}},"merged":"the phone"}}"#
    )
}

fn form() -> FormView {
    FormView {
        html: "<input>".to_owned(),
        conflict: "c".to_owned(),
        inputs: vec![("n".to_owned(), "v".to_owned())],
        name: "Ada".to_owned(),
        base: "{}".to_owned(),
        error: Some(AppError::NotFound),
        saved: Some(Saved {
            row: row(),
            subtitle: "s".to_owned(),
            version: 2,
        }),
        key: "k".to_owned(),
        welcome: true,
        ..FormView::default()
    }
}

fn form_json() -> String {
    format!(
        r#"{{"html":"<input>","conflict":"c","inputs":[["n","v"]],"name":"Ada","base":"{{}}","error":"not_found",
            "saved":{{"row":{{"id":"{ID}","name":"Ada","detail":"e","photo":"p","marked":null,"heading":"A"}},"subtitle":"s","version":2}},"key":"k","welcome":true}}"#
    )
}

#[test]
fn what_came_of_a_form_crosses_the_wire() {
    check(
        Saving::Saved(details()),
        &format!(r#"{{"Saved":{}}}"#, details_json()),
    );
    check(
        Saving::Again(form()),
        &format!(r#"{{"Again":{}}}"#, form_json()),
    );
    let inputs = vec![("emails.0".to_owned(), "a@b".to_owned())];
    check(inputs, r#"[["emails.0","a@b"]]"#);
}

#[test]
fn every_pane_crosses_the_wire() {
    let (details, form) = (details(), form());
    for pane in [
        Pane::Nothing,
        Pane::Contact(details),
        Pane::Form(form),
        Pane::Failed(AppError::Unavailable),
    ] {
        let json = match &pane {
            Pane::Nothing => r#""Nothing""#.to_owned(),
            Pane::Loading(_) => unreachable!("a loading pane stays in the browser"),
            Pane::Contact(_) => format!(r#"{{"Contact":{}}}"#, details_json()),
            Pane::Form(_) => format!(r#"{{"Form":{}}}"#, form_json()),
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
            photo: Some("p".to_owned()),
            marked: Some(MarkedRow {
                name: "<mark>Ada</mark>".to_owned(),
                detail: "&lt;".to_owned(),
            }),
            heading: String::new(),
        }],
        offset: 50,
        previous_cursor: None,
        next_cursor: Some("n".to_owned()),
        total: 123_456_789_012,
        corrected: Some("c".to_owned()),
    };
    let rows = format!(
        r#"[{{"id":"{ID}","name":"Ada","detail":"e","photo":"p","marked":{{"name":"<mark>Ada</mark>","detail":"&lt;"}},"heading":""}}]"#
    );
    let json_list = format!(
        r#"{{"rows":{rows},"offset":50,"previous_cursor":null,"next_cursor":"n","total":123456789012,"corrected":"c"}}"#
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
                "location":{{"pane":"Nothing","book":"b","search":"a","filter":{{"label":"l","favourites":true,"sort":"s"}},"cursor":"c","deleted":"{ID}","name":"n","field":"f"}},
                "list":{json_list},"pane":"Nothing","notice":{{"id":"{ID}","name":"Ada"}},
                "welcome":{{"ticked":true,"from":"f","subject":["a",""],"text":[],"is_sent":false}}}}"#
        );
        check(view, &json);
    }
}

#[test]
fn malformed_ids_are_refused() {
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
