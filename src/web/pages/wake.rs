//! The script that hydrates the islands of a page. It is a part of the page, so it always fits the names of the
//! files in it.

use std::sync::LazyLock;

use leptos::prelude::*;

use crate::web::site::Site;

/// `wake.js` without comments and indentation.
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    let lines = include_str!("wake.js").lines().map(str::trim);
    let is_code = |line: &&str| !line.is_empty() && !line.starts_with(['/', '*']);
    lines.filter(is_code).collect::<Vec<_>>().join("\n")
});

/// The script of a page. The content security policy names it by its hash.
pub fn script(site: &Site) -> String {
    format!(
        "{}\nwake({:?}, {:?});",
        *SCRIPT,
        site.script(),
        site.web_assembly()
    )
}

/// Fetches the browser half early, and hydrates the islands with it.
#[component]
pub fn Wake(site: Site) -> impl IntoView {
    view! {
        <link rel="modulepreload" href=site.script().to_owned()/>
        <link
            rel="preload"
            href=site.web_assembly().to_owned()
            r#as="fetch"
            r#type="application/wasm"
            crossorigin="anonymous"
        />
        <script type="module" inner_html=script(&site)></script>
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
