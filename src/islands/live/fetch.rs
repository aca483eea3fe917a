//! Fetching the part of the page that changes.

use std::time::Duration;

use leptos::prelude::set_timeout_with_handle;
use leptos::prelude::window;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;
use web_sys::RequestInit;
use web_sys::UrlSearchParams;

use super::dom::PART_ID;
use crate::model::language::t;

/// How long a response may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no part to show.
pub struct Failure {
    /// A sentence.
    pub reason: String,
    /// In milliseconds, from the header `Retry-After`.
    pub retry_after: Option<u32>,
}

pub struct Response {
    pub status: u16,
    retry_after: Option<u32>,
    is_html: bool,
    text: String,
}

impl Response {
    /// The HTML of the part, also in a response that refuses an action. A proxy in between may respond with
    /// a page of its own.
    pub fn part(self) -> Result<String, Failure> {
        if self.is_html && self.text.starts_with(&format!("<div id=\"{PART_ID}\"")) {
            return Ok(self.text);
        }
        Err(Failure {
            reason: match self.status {
                429 => t!("Kith was asked too often.").to_owned(),
                200..300 => t!("Something else than Kith has answered.").to_owned(),
                status => t!("Kith answered with an error ({status}).", status = status),
            },
            retry_after: self.retry_after,
        })
    }
}

/// Fetches the part of the page that changes; posts `body` where there is one.
pub async fn fetch(url: &str, body: Option<&UrlSearchParams>) -> Result<Response, Failure> {
    let unreachable = |_: JsValue| Failure {
        reason: t!("Kith does not answer.").to_owned(),
        retry_after: None,
    };
    let init = RequestInit::new();
    let headers = web_sys::Headers::new().map_err(unreachable)?;
    headers.set("x-kith-live", "1").map_err(unreachable)?;
    init.set_headers(&headers);
    if let Some(body) = body {
        init.set_method("POST");
        init.set_body(body);
    }
    let abort = AbortController::new().map_err(unreachable)?;
    init.set_signal(Some(&abort.signal()));
    let timer = set_timeout_with_handle(move || abort.abort(), RESPONSE_TIMEOUT);
    let request = async {
        let response = JsFuture::from(window().fetch_with_str_and_init(url, &init)).await?;
        let response: web_sys::Response = response.dyn_into()?;
        let header = |name| response.headers().get(name).ok().flatten();
        let retry_after = header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
        let kind = header("content-type").unwrap_or_default();
        let text = JsFuture::from(response.text()?).await?;
        Ok::<_, JsValue>(Response {
            status: response.status(),
            retry_after: retry_after.map(|seconds| seconds.saturating_mul(1000)),
            is_html: kind.starts_with("text/html"),
            text: text.as_string().unwrap_or_default(),
        })
    };
    let response = request.await;
    if let Ok(timer) = timer {
        timer.clear();
    }
    response.map_err(unreachable)
}
