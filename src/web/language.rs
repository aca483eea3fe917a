//! In which language a request is answered: the one that its reader has chosen, or the first of those that the browser
//! accepts.

use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use serde::Deserialize;

use crate::model::language::Language;
use crate::web::cookies;
use crate::web::grammar::language::accepted;
use crate::web::page::PageRenderer;
use crate::web::pages::language::LanguageView;
use crate::web::query;
use crate::web::rest::extract::FormBody;

/// The paths of programs. Their answers are described in English, programs compare them, and a calendar is written while it is
/// sent.
const OF_PROGRAMS: [&str; 3] = ["/api/", "/calendar/", "/qstash/"];

/// The language of the answer to a request.
pub fn of(request: &Request) -> Language {
    let path = request.uri().path();
    if OF_PROGRAMS.iter().any(|prefix| path.starts_with(prefix)) {
        return Language::English;
    }
    of_headers(request.headers())
}

/// The language that a browser has chosen, or the first that it accepts and Kith knows.
fn of_headers(headers: &HeaderMap) -> Language {
    let chosen = cookies::language(headers);
    let accepted = || accepted(headers).into_iter().find_map(Language::of_tag);
    chosen.or_else(accepted).unwrap_or_default()
}

/// Says in which language a page is, and that a browser that asks for another one may get another page. It does not name the
/// cookie: only the browser of the reader keeps pages, and with a form that sets any cookie it would lose the page of the form,
/// and the key that keeps a contact from being added twice.
pub fn name(response: &mut Response, language: Language) {
    let headers = response.headers_mut();
    let is_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        let tag = HeaderValue::from_static(language.tag());
        headers.insert(header::CONTENT_LANGUAGE, tag);
        headers.append(header::VARY, header::ACCEPT_LANGUAGE.into());
    }
}

/// Shows which languages there are.
pub async fn show(State(page): State<PageRenderer>, request: Request) -> Response {
    let view = LanguageView {
        chosen: cookies::language(request.headers()),
        is_done: query::parameter(request.uri(), "done").is_some(),
    };
    let (parts, _) = request.into_parts();
    page.render_view(parts, view).await
}

/// The form of `/language`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct LanguageForm {
    /// A tag, or empty for the language of the browser.
    language: String,
}

/// Has the browser keep the choice.
pub async fn choose(FormBody(form): FormBody<LanguageForm>) -> Response {
    let cookie = cookies::set_language(Language::of_tag(&form.language));
    (
        [(header::SET_COOKIE, cookie)],
        Redirect::to("/language?done=1"),
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(accepted: &'static str, cookie: &'static str) -> Language {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted));
        headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
        of_headers(&headers)
    }

    #[test]
    fn a_choice_comes_before_what_the_browser_accepts() {
        assert_eq!(language("fr, de-AT;q=0.8, en;q=0.7", ""), Language::German);
        assert_eq!(language("en, de", ""), Language::English);
        assert_eq!(language("fr", ""), Language::English);
        assert_eq!(language("en", "a=b; kith-language=de"), Language::German);
        assert_eq!(language("de", "kith-language=xx"), Language::German);
        assert_eq!(language("de", "kith-language=en"), Language::English);
    }

    #[test]
    fn programs_are_answered_in_english() {
        let request = |path: &str| {
            let request = Request::get(path).header(header::ACCEPT_LANGUAGE, "de");
            request.body(axum::body::Body::empty()).expect("a request")
        };
        assert_eq!(of(&request("/api/contacts")), Language::English);
        assert_eq!(of(&request("/contacts")), Language::German);
    }
}
