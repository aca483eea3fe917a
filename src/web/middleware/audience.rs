//! Says a [`Problem`] in the form that its reader understands: JSON for programs, an
//! [`AppError`](crate::model::error::AppError) for islands, a page for people.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::Html;
use axum::response::IntoResponse;
use axum::response::Response;

use crate::web::grammar::media_type::Accept;
use crate::web::pages::problem::problem_page;
use crate::web::problem::Problem;
use crate::web::site::Site;

/// Who reads an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    Programs,
    Islands,
    People,
}

/// Addresses the problem in an answer, if there is one, to whoever asked. `wrote` says that a form
/// was sent.
pub fn address(site: &Site, audience: Audience, wrote: bool, mut response: Response) -> Response {
    if audience == Audience::Programs {
        return response;
    }
    let Some(problem) = response.extensions_mut().remove::<Problem>() else {
        return response;
    };
    let addressed = if audience == Audience::Islands {
        axum::Json(problem.into_app_error()).into_response()
    } else {
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let status = response.status();
        let page = problem_page(site, status, &problem, retry_after, wrote);
        let mut page = Html(page).into_response();
        if let Some(seconds) = retry_after.filter(|_| !wrote) {
            // For browsers that run no scripts; a second after the script of the page would.
            let refresh = HeaderValue::from(seconds.saturating_add(1));
            page.headers_mut().insert(header::REFRESH, refresh);
        }
        page
    };
    // The status and every other header stay; the body and its type are new.
    let (said, body) = addressed.into_parts();
    let (mut parts, _) = response.into_parts();
    // The old body may have been compressed; the new one is short and is not.
    parts.headers.remove(header::CONTENT_ENCODING);
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.extend(said.headers);
    Response::from_parts(parts, body)
}

/// Who asks, and so reads the answer.
pub fn audience(request: &Request) -> Audience {
    let accept = request.headers().get(header::ACCEPT);
    let path = request.uri().path();
    if path.starts_with("/fn/") {
        let island = accept == Some(&HeaderValue::from_static("application/json"));
        return if island {
            Audience::Islands
        } else {
            Audience::Programs
        };
    }
    if !path.starts_with("/api") && accepts_html(request.headers()) {
        return Audience::People;
    }
    Audience::Programs
}

/// Whether a client names HTML and wants it at least as much as what programs are answered with.
fn accepts_html(headers: &HeaderMap) -> bool {
    let accept = Accept::read(headers);
    let html = accept.weight("text/html");
    let of_programs = ["application/problem+json", "application/json"];
    html > 0 && of_programs.iter().all(|kind| accept.weight(kind) <= html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_those_who_want_html_most() {
        let is_of_people = |accept: &'static str| {
            let accept = HeaderValue::from_static(accept);
            accepts_html(&HeaderMap::from_iter([(header::ACCEPT, accept)]))
        };
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
