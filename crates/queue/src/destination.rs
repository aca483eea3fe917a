//! Where messages may go: to the application's own webhooks and to origins that the operator allows.
//!
//! The broker delivers to nothing else, so that a client cannot make it send requests to hosts that only the
//! server can reach (server-side request forgery, CWE-918).

use std::borrow::Cow;

use reqwest::Url;

use super::rejection::Rejection;

/// The longest URL of a destination, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// The destinations of one application.
///
/// ```
/// use kith_queue::destination::Destinations;
///
/// let destinations = Destinations {
///     origin: "https://kith.example".to_owned(),
///     reached_at: "http://127.0.0.1:3000".to_owned(),
///     webhooks: "/api/webhooks/",
///     allowed: vec!["https://hooks.example".to_owned()],
///     allow_setting: "queue.allow",
/// };
/// let webhook = destinations.accept("https://kith.example/api/webhooks/welcome-email")?;
/// assert_eq!(webhook.text, "/api/webhooks/welcome-email");
/// assert_eq!(destinations.url(&webhook.text), "https://kith.example/api/webhooks/welcome-email");
/// assert_eq!(destinations.address(&webhook.text), "http://127.0.0.1:3000/api/webhooks/welcome-email");
///
/// assert!(destinations.accept("https://hooks.example/a?b=c").is_ok());
/// let rejection = destinations.accept("http://169.254.169.254/").unwrap_err();
/// assert!(rejection.message.contains("queue.allow"));
/// # Ok::<(), kith_queue::rejection::Rejection>(())
/// ```
#[derive(Clone, Debug)]
pub struct Destinations {
    /// The public origin of the application, which signatures name, for example `https://kith.example`.
    pub origin: String,
    /// The origin at which this process reaches the webhooks, for example `http://127.0.0.1:3000`.
    pub reached_at: String,
    /// What the paths of webhooks begin with, for example `/api/webhooks/`.
    pub webhooks: &'static str,
    /// Other origins that the operator allows, for example `https://hooks.example`.
    pub allowed: Vec<String>,
    /// The name of the setting with the other origins. Rejections name it, so that the operator knows what to
    /// change.
    pub allow_setting: &'static str,
}

/// A destination that the broker may deliver to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// As the database stores it: the path of a webhook, so that messages find it when the origin changes, and
    /// otherwise the URL.
    pub text: String,
    /// `None` for a webhook.
    pub host: Option<String>,
    /// The path without the query.
    pub path: String,
}

impl Destinations {
    /// Checks a URL, or a path of this application that begins with `/`.
    ///
    /// # Errors
    /// A [`Rejection`] that says what is allowed: 400, or 501 for a text that names a URL group of QStash.
    pub fn accept(&self, text: &str) -> Result<Destination, Rejection> {
        if text.len() > MAX_URL_BYTES {
            return Err(Rejection::bad_request(format!(
                "The destination is longer than {MAX_URL_BYTES} bytes."
            )));
        }
        if let Some(foreign) = text.chars().find(|c| is_foreign(*c)) {
            return Err(Rejection::bad_request(format!(
                "The destination holds {foreign:?}, which stands in no URL as it is. Escape it, as %20 \
                 escapes a blank."
            )));
        }
        if !text.contains("://") && !text.starts_with('/') {
            return Err(Rejection::not_implemented(format!(
                "{text:?} is no URL, and URL groups are not there yet. Name an absolute URL."
            )));
        }
        let absolute = if text.starts_with('/') {
            format!("{}{text}", self.origin)
        } else {
            text.to_owned()
        };
        let url = Url::parse(&absolute).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        let Some(url) = url.filter(|_| !names_user(&absolute)) else {
            return Err(Rejection::bad_request(format!(
                "The destination {text:?} is no URL. It takes http:// or https://, a host, and no user \
                 or password."
            )));
        };
        let origin = url.origin().ascii_serialization();
        // Parsing has normalized the origin, so no other spelling reaches the rest of the application.
        let own = origin == self.origin || origin == self.reached_at;
        // Parsing has removed each `..` that would lead out of the webhooks.
        if own && url.path().starts_with(self.webhooks) {
            return Ok(Destination {
                text: path_and_query(&url),
                host: None,
                path: url.path().to_owned(),
            });
        }
        if !own && self.allowed.contains(&origin) {
            return Ok(Destination {
                text: text.to_owned(),
                host: url.host_str().map(str::to_owned),
                path: url.path().to_owned(),
            });
        }
        Err(Rejection::bad_request(format!(
            "Messages may not go to {origin}. They go to the webhooks under {}{} and to the origins \
             that the setting {} names.",
            self.origin, self.webhooks, self.allow_setting
        )))
    }

    /// The public URL of a stored destination, which the API shows and the broker signs.
    pub fn url(&self, destination: &str) -> String {
        self.expand(&self.origin, destination)
    }

    /// The URL of a stored destination that the broker connects to.
    pub fn address(&self, destination: &str) -> String {
        self.expand(&self.reached_at, destination)
    }

    /// A URL as [`Destination::text`] holds it, for comparison with stored destinations.
    pub(crate) fn stored<'a>(&self, url: &'a str) -> &'a str {
        self.own_path(url).unwrap_or(url)
    }

    /// The host of the public origin.
    pub(crate) fn own_host(&self) -> Option<String> {
        Url::parse(&self.origin).ok()?.host_str().map(str::to_owned)
    }

    fn own_path<'a>(&self, url: &'a str) -> Option<&'a str> {
        let path = |origin: &str| {
            url.strip_prefix(origin)
                .filter(|path| path.starts_with('/'))
        };
        path(&self.origin).or_else(|| path(&self.reached_at))
    }

    fn expand(&self, origin: &str, destination: &str) -> String {
        if destination.starts_with('/') {
            format!("{origin}{destination}")
        } else {
            destination.to_owned()
        }
    }
}

/// A stored destination as this release would have accepted it. An older release has accepted characters that
/// stand in no URL. They are escaped, as they were on their way to the receiver.
pub(crate) fn normalized(kept: &str) -> Cow<'_, str> {
    if !kept.contains(is_foreign) {
        return kept.into();
    }
    match Url::parse(kept) {
        Ok(url) => String::from(url).into(),
        Err(_) => kept.replace(is_foreign, "").into(),
    }
}

/// Whether a character stands in no URL: control characters and blanks, backslashes, which browsers read as
/// slashes, and characters that are invisible or turn the direction of a text.
pub fn is_foreign(c: char) -> bool {
    c.is_control()
        || c.is_whitespace()
        || c == '\\'
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether there is an `@` before the host, with or without a name.
fn names_user(url: &str) -> bool {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?', '#']).next();
    authority.is_some_and(|authority| authority.contains('@'))
}

fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;

    use super::*;

    fn destinations() -> Destinations {
        Destinations {
            origin: "https://kith.example".to_owned(),
            reached_at: "http://127.0.0.1:3000".to_owned(),
            webhooks: "/api/webhooks/",
            allowed: vec!["http://127.0.0.1:9000".to_owned()],
            allow_setting: "queue.allow",
        }
    }

    #[test]
    fn webhooks_are_kept_as_paths() {
        let destinations = destinations();
        for url in [
            "https://kith.example/api/webhooks/a?b=c",
            "http://127.0.0.1:3000/api/webhooks/a?b=c",
            "/api/webhooks/a?b=c",
            "HTTPS://KITH.example:443/api/webhooks/a?b=c",
        ] {
            let accepted = destinations.accept(url).expect(url);
            assert_eq!(accepted.text, "/api/webhooks/a?b=c");
            assert_eq!(accepted.path, "/api/webhooks/a");
            assert_eq!(
                destinations.url(&accepted.text),
                "https://kith.example/api/webhooks/a?b=c"
            );
            assert_eq!(
                destinations.address(&accepted.text),
                "http://127.0.0.1:3000/api/webhooks/a?b=c"
            );
        }
    }

    #[test]
    fn a_destination_with_a_character_of_no_url_is_refused_with_the_reason() {
        let destinations = destinations();
        for base in ["http://127.0.0.1:9000/a", "/api/webhooks/a", "friends", ""] {
            for foreign in [
                "\u{0}",
                "\u{1b}[31m",
                "\r\nX",
                "\n",
                "\t",
                " ",
                "\u{7f}",
                "\u{85}",
                "\u{a0}",
                "\\",
                "\u{200b}",
                "\u{202e}",
                "\u{2028}",
                "\u{feff}",
                "\u{fffd}",
            ] {
                for text in [format!("{base}{foreign}"), format!("{foreign}{base}")] {
                    let rejection = destinations.accept(&text).expect_err(&text);
                    assert_eq!(rejection.status, StatusCode::BAD_REQUEST, "{text:?}");
                    assert!(
                        rejection.message.contains("Escape it"),
                        "{}",
                        rejection.message
                    );
                    assert!(!rejection.message.contains(is_control), "{text:?}");
                }
            }
        }
        for escaped in [
            "http://127.0.0.1:9000/%1b%00%20",
            "http://127.0.0.1:9000/ü?a=b%0d#c",
        ] {
            assert_eq!(destinations.accept(escaped).expect(escaped).text, escaped);
        }
    }

    fn is_control(c: char) -> bool {
        c.is_control()
    }

    #[test]
    fn a_destination_from_an_older_release_is_escaped() {
        for (kept, expected) in [
            (
                "http://127.0.0.1:9000/a?b=%20",
                "http://127.0.0.1:9000/a?b=%20",
            ),
            (
                "http://127.0.0.1:9000/a\u{1b}[31m\u{0}\r\nX b",
                "http://127.0.0.1:9000/a%1B[31m%00X%20b",
            ),
            ("/api/webhooks/a\u{1b}", "/api/webhooks/a"),
            ("/api/webhooks/a", "/api/webhooks/a"),
        ] {
            assert_eq!(normalized(kept), expected);
        }
    }

    #[test]
    fn destinations_of_other_origins_must_be_allowed() {
        let destinations = destinations();
        let url = "http://127.0.0.1:9000/anything";
        let accepted = destinations.accept(url).expect("allowed");
        assert_eq!(accepted.text, url);
        assert_eq!(accepted.host.as_deref(), Some("127.0.0.1"));
        for url in [
            "http://127.0.0.1:3000/api/contacts",
            "http://127.0.0.1:3000/api/webhooks/../contacts",
            "http://127.0.0.1:3000/api/webhooks/%2e%2e/contacts",
            "HTTP://127.0.0.1:3000/api/contacts",
            "/contacts",
            "//127.0.0.1:9000/",
            "http://127.0.0.1:90001/",
            "http://127.0.0.1:9001/",
            "https://127.0.0.1:9000/",
            "http://user@127.0.0.1:9000/",
            "http://@127.0.0.1:9000/",
            "http://:@127.0.0.1:9000/",
            "/@evil.example/",
            "http://127.0.0.1:9000@evil.example/",
            "https://kith.example.evil.example/api/webhooks/a",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
        ] {
            let rejection = destinations.accept(url).expect_err(url);
            assert_eq!(rejection.status, StatusCode::BAD_REQUEST, "{url}");
        }
        let group = destinations.accept("friends").expect_err("no URL");
        assert_eq!(group.status, StatusCode::NOT_IMPLEMENTED);
    }
}
