//! The script that hydrates the islands of a page. It is a part of the page, so it always fits the names of the
//! files in it.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use axum::http::header;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::Link;

use crate::components::view::view;
use crate::web::site::BrowserHalf;

/// `wake.js` without comments and indentation.
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let lines = include_str!("wake.js").lines().map(str::trim);
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with(['/', '*']);
    lines.filter(is_code).collect::<Vec<_>>().join("\n")
});

/// The script of a page with this browser half. The content security policy names it by its hash.
pub fn script(half: &BrowserHalf) -> String {
    let BrowserHalf {
        script,
        web_assembly,
    } = half;
    format!("{}\nwake({script:?}, {web_assembly:?});", *SCRIPT)
}

/// The `Link` field of a page with this browser half. A browser that has read it fetches the WebAssembly before the
/// page has come, which holds the style and is longer.
pub fn link(half: &BrowserHalf) -> HeaderValue {
    let address = &half.web_assembly;
    let link = format!(
        "<{address}>; rel=preload; as=fetch; type=\"application/wasm\"; crossorigin=anonymous"
    );
    HeaderValue::try_from(link).expect("the addresses of files are ASCII")
}

/// Fetches the browser half of the page early, and hydrates the islands with it. The link stands in the head before
/// the style, so that a browser meets it first.
#[component]
pub fn Wake(half: BrowserHalf) -> impl IntoView {
    let wake = script(&half);
    if let Some(response) = use_context::<ResponseOptions>() {
        response.insert_header(header::LINK, link(&half));
    }
    view! {
        <Link rel="modulepreload" href=half.script/>
        <script type="module" inner_html=wake></script>
    }
}

#[cfg(test)]
mod tests {
    use super::SCRIPT;

    #[test]
    fn the_script_ends_no_element_and_keeps_its_code() {
        assert!(!SCRIPT.contains("</"), "{}", *SCRIPT);
        assert!(!SCRIPT.contains("Wakes the islands"));
        assert!(SCRIPT.contains("async function wake(script, wasm) {"));
    }
}
