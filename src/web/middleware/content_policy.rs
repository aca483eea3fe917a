//! The content security policies: what a browser may do with a response.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use leptos::prelude::*;
use sha2::Digest;
use sha2::Sha256;

use crate::components::view::view;
use crate::web::pages::wake;
use crate::web::site::Site;

/// The scripts that Leptos writes behind every page, byte for byte. Kith's pages have no resources and no error
/// boundaries, so these lists are empty. `the_policy_names_every_script_of_a_page_by_its_hash` holds them against
/// the pages.
const SCRIPTS_OF_LEPTOS: [&str; 2] = [
    "__RESOLVED_RESOURCES=[];__SERIALIZED_ERRORS=[];__PENDING_RESOURCES=[];__RESOURCE_RESOLVERS=[];",
    "__INCOMPLETE_CHUNKS=[];",
];

/// For responses that are not HTML.
const NOTHING: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// For pictures. One that is opened by itself is a document, which can do nothing.
const PICTURE: HeaderValue =
    HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'");

/// The policies of a server. Cheap to clone.
#[derive(Clone)]
pub struct ContentPolicies(Arc<OfHtml>);

/// The policies of responses that are HTML.
struct OfHtml {
    page: HeaderValue,
    docs: HeaderValue,
}

impl ContentPolicies {
    /// The pages of a server that is watched may connect to the reload socket of `cargo leptos watch`.
    pub fn new(site: &Site, is_watched: bool) -> Self {
        let reload = is_watched.then(|| reload_script(site)).flatten();
        let mut scripts = [&site.contacts, &site.dashboard].map(wake::script).to_vec();
        scripts.extend(SCRIPTS_OF_LEPTOS.map(str::to_owned));
        scripts.extend(reload);
        let hashes: String = scripts.iter().map(|script| source(script) + " ").collect();
        let page_scripts = format!("'self' {hashes}'wasm-unsafe-eval'");
        let connections = match is_watched {
            // The reload socket is on another port.
            true => "'self' ws://127.0.0.1:*",
            false => "'self'",
        };
        let style = site.inline_style.as_deref().map(source);
        let page_styles = format!("'self' {}", style.unwrap_or_default());
        Self(Arc::new(OfHtml {
            page: policy(&page_scripts, page_styles.trim_end(), connections),
            // Swagger UI brings its own scripts and writes styles into the page.
            docs: policy("'self'", "'self' 'unsafe-inline'", "'self'"),
        }))
    }

    /// The policy of a response from this path with these headers.
    pub fn of(&self, path: &str, headers: &HeaderMap) -> HeaderValue {
        let kind = headers.get(header::CONTENT_TYPE);
        let is_html = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        match is_html {
            false if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"image/jpeg")) => PICTURE,
            false => NOTHING,
            true if path.starts_with("/api/docs") => self.0.docs.clone(),
            true => self.0.page.clone(),
        }
    }
}

/// The policy of HTML with these sources of scripts, styles and connections.
fn policy(scripts: &str, styles: &str, connections: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; script-src {scripts}; style-src {styles}; img-src 'self' data:; \
         connect-src {connections}; font-src 'self'; manifest-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("a policy is ASCII")
}

/// An inline script or style, as a policy names it: by its hash. So a page holds nothing of its response, and the cache can
/// keep it as it is sent.
fn source(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// Takes away the nonce that Leptos draws for each page. No policy names it, and it would make every page
/// different.
pub fn remove_nonce() {
    take_context::<leptos::nonce::Nonce>();
}

/// The script by which a page reloads when `cargo leptos watch` has built it anew.
fn reload_script(site: &Site) -> Option<String> {
    let options = site.leptos.clone();
    let html = Owner::new().with(|| view! { <AutoReload options/> }.to_html());
    script_in(&html).map(str::to_owned)
}

/// The text of the first script in HTML.
fn script_in(html: &str) -> Option<&str> {
    // Under `cargo leptos watch` there are comments around it.
    let (_, script) = html.split_once("<script")?;
    let (_, script) = script.split_once('>')?;
    let (script, _) = script.split_once("</script>")?;
    Some(script)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::config::Config;

    #[test]
    fn the_text_of_a_script_ends_where_its_element_does() {
        let html = "<!--a--><script lang=\"a\">if (a > b && c) {}</script><!--b-->";
        assert_eq!(script_in(html), Some("if (a > b && c) {}"));
        assert_eq!(script_in(""), None);
    }

    #[test]
    fn the_policy_names_the_style_of_a_page_by_its_hash() {
        let mut site = Site::new(&Config::default());
        let html = HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        )]);
        let styles = |site: &Site| {
            let policy = ContentPolicies::new(site, false).of("/contacts", &html);
            let policy = policy.to_str().expect("text").to_owned();
            let (_, styles) = policy.split_once("style-src ").expect("styles");
            styles.split(';').next().map(str::to_owned)
        };
        assert_eq!(styles(&site).as_deref(), Some("'self'"));
        site.inline_style = Some("a > b {}".into());
        let hash = "'self' 'sha256-BNQDEWxpBL8n6KmGdLd1wSWLAxVh3cF3Zfi7V6WkUMM='";
        assert_eq!(styles(&site).as_deref(), Some(hash));
    }

    #[test]
    fn only_pages_of_a_watched_server_may_connect_to_another_port() {
        let site = Site::new(&Config::default());
        let headers = HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        )]);
        for (path, is_watched, connect) in [
            ("/contacts", true, "connect-src 'self' ws://127.0.0.1:*;"),
            ("/contacts", false, "connect-src 'self';"),
            ("/api/docs/", true, "connect-src 'self';"),
        ] {
            let policy = ContentPolicies::new(&site, is_watched).of(path, &headers);
            let policy = policy.to_str().expect("text");
            assert!(policy.contains(connect), "{path} {is_watched}: {policy}");
        }
        let policies = ContentPolicies::new(&site, false);
        assert_eq!(policies.of("/api/contacts", &HeaderMap::new()), NOTHING);
    }
}
