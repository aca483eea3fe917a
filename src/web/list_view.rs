//! The form that says how lists look.

use axum::http::Uri;
use axum::http::header::SET_COOKIE;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use crate::services::contacts::list_view::ListView;
use crate::services::contacts::list_view::SecondLine;
use crate::web::forms::list_behind;
use crate::web::rest::extract::FormBody;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ViewForm {
    line: String,
    /// `1` for compact rows.
    compact: String,
}

/// Has the browser keep the choice, and leads back to the list.
pub async fn choose(uri: Uri, FormBody(form): FormBody<ViewForm>) -> Response {
    let view = ListView {
        second_line: SecondLine::of_name(&form.line),
        is_compact: form.compact == "1",
    };
    ([(SET_COOKIE, view.set_cookie())], list(&uri)).into_response()
}

/// Redirects a reload of the address of the form to the list.
pub async fn go_back(uri: Uri) -> Response {
    list(&uri)
}

fn list(form: &Uri) -> Response {
    Redirect::to(&list_behind(form).url()).into_response()
}
