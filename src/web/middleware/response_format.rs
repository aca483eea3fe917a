//! Sends a [`Problem`] in the format that the client understands: JSON for programs, an
//! [`AppError`](crate::model::error::AppError) for islands, a page for people.

use axum::http::HeaderValue;
use axum::http::header;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::web::audience::Audience;
use crate::web::grammar::media_type::Accept;
use crate::web::pages::problem::problem_page;
use crate::web::problem::Problem;
use crate::web::problem::replace_body;
use crate::web::site::Site;

/// The format of a problem.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ResponseFormat {
    /// `application/problem+json`, for programs.
    Json,
    /// The JSON of an [`AppError`](crate::model::error::AppError), for islands.
    ServerFn,
    /// A page, for people.
    Html,
}

impl ResponseFormat {
    /// The format that the client of a request for this path reads. `accept` are the lines of `Accept`.
    fn of(path: &str, accept: &[HeaderValue]) -> Self {
        if path.starts_with("/fn/") {
            let json = HeaderValue::from_static("application/json");
            let is_island = accept.first() == Some(&json);
            return if is_island {
                Self::ServerFn
            } else {
                Self::Json
            };
        }
        let is_for_programs = path.starts_with("/api") && !path.starts_with("/api/docs");
        if !is_for_programs && accepts_html(accept) {
            return Self::Html;
        }
        Self::Json
    }
}

/// Whether the client of a request for this path is a browser that shows a page to a person.
pub fn is_page(path: &str, accept: &[HeaderValue]) -> bool {
    ResponseFormat::of(path, accept) == ResponseFormat::Html
}

/// Renders the problem of a response in the format of its client. A response without a problem stays as it is, and
/// nothing is parsed for it.
pub fn render_problem(
    (site, audience): (&Site, Audience),
    path: &str,
    accept: &[HeaderValue],
    is_form_post: bool,
    mut response: Response,
) -> Response {
    if response.extensions().get::<Problem>().is_none() {
        return response;
    }
    let format = ResponseFormat::of(path, accept);
    if format == ResponseFormat::Json {
        return response;
    }
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let rendered = if format == ResponseFormat::ServerFn {
        axum::Json(problem.into_app_error()).into_response()
    } else {
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let status = response.status();
        let page = problem_page(
            (site, audience),
            status,
            &problem,
            retry_after,
            is_form_post,
        );
        let mut page = Html(page).into_response();
        if let Some(seconds) = retry_after.filter(|_| !is_form_post) {
            // For browsers that run no scripts; a second after the script of the page would.
            let refresh = HeaderValue::from(seconds.saturating_add(1));
            page.headers_mut().insert(header::REFRESH, refresh);
        }
        page
    };
    replace_body(response, rendered)
}

/// Whether a client names HTML and prefers it to JSON, or likes both alike.
fn accepts_html(accept: &[HeaderValue]) -> bool {
    let accept = Accept::read(accept);
    let html = accept.weight("text/html");
    let of_programs = ["application/problem+json", "application/json"];
    html > 0 && of_programs.iter().all(|kind| accept.weight(kind) <= html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_those_who_want_html_most() {
        let is_of_people = |accept: &'static str| accepts_html(&[HeaderValue::from_static(accept)]);
        for accept in [
            "text/html",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/json;q=0.5, text/html;q=0.9",
            "application/json, text/html",
        ] {
            assert!(is_of_people(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/json",
            "text/html;q=0, application/json",
            "text/html;q=0.1, application/problem+json",
            "application/json;profile=\"text/html\"",
        ] {
            assert!(!is_of_people(accept), "{accept}");
        }
    }
}
