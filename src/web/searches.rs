//! The forms that keep and forget a search.

use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use crate::model::location::Location;
use crate::services::contacts::Contacts;
use crate::services::contacts::saved_search::SavedSearch;
use crate::web::forms::list_behind;
use crate::web::problem::Problem;
use crate::web::rest::extract::FormBody;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SearchForm {
    /// The words of the search.
    q: String,
}

/// Keeps a search, and leads to what it finds.
pub async fn keep(
    contacts: Contacts,
    uri: Uri,
    FormBody(form): FormBody<SearchForm>,
) -> Result<Response, Problem> {
    let search = SavedSearch::parse(&form.q)?;
    contacts.keep_search(&search).await?;
    Ok(go_to(&uri, search.as_str()))
}

/// Forgets a search, and still leads to what it finds.
pub async fn forget(
    contacts: Contacts,
    uri: Uri,
    FormBody(form): FormBody<SearchForm>,
) -> Result<Response, Problem> {
    let search = SavedSearch::parse(&form.q)?;
    contacts.forget_search(&search).await?;
    Ok(go_to(&uri, search.as_str()))
}

/// Redirects a reload of the address of a form to the list.
pub async fn go_back(uri: Uri) -> Response {
    go_to(&uri, "")
}

fn go_to(form: &Uri, search: &str) -> Response {
    let found = Location {
        search: search.to_owned(),
        ..list_behind(form)
    };
    Redirect::to(&found.url()).into_response()
}
