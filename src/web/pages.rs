//! Pages as the server draws them. Each page reads what it shows from the services. The interactive parts of a
//! page are islands.

pub mod accounts;
pub mod birthdays;
pub mod contacts;
pub mod dashboard;
pub mod frequent;
pub mod history;
pub mod imports;
pub mod labels;
pub mod language;
pub mod move_contact;
pub mod not_found;
pub mod one_contact;
pub mod order_bar;
pub mod photo;
pub mod print;
pub mod problem;
pub mod site_header;
pub mod style;
pub mod trash;
pub mod wake;

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Title;

use crate::components::view::view;
use crate::model::error::AppError;
use crate::model::html::escape_html;

/// Gives the page the status of an error.
fn set_status(error: &AppError) {
    let status = StatusCode::from_u16(error.status());
    set_status_code(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
}

fn set_status_code(status: StatusCode) {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.set_status(status);
    }
}

/// Lets the browser ask for the page again on "back". Without a script, the page could not take back an
/// offer that no longer holds.
fn forbid_storing() {
    if let Some(options) = use_context::<ResponseOptions>() {
        options.insert_header(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-store"),
        );
    }
}

/// The title of the document. `leptos_meta` writes it as it is, and a name may hold `</title>`.
#[component]
fn PageTitle(#[prop(into)] text: String) -> impl IntoView {
    view! { <Title text=escape_html(&text)/> }
}
