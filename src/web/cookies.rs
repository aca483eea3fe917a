//! What browsers send in cookies, and the cookies that Kith sets for accounts.

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header;

use super::middleware::guard::HostKind;
use crate::model::language::Language;
use crate::services::client::Client;
use crate::services::config::ServerConfig;
use crate::services::contacts::list_view;
use crate::services::contacts::list_view::ListView;
use crate::services::time_zone::Zone;
use crate::services::welcome::choice;

/// In seconds.
const YEAR: u32 = 365 * 24 * 60 * 60;

/// Whether the person wanted a welcome email for the last contact that they added.
pub fn welcome_choice(headers: &HeaderMap) -> Option<bool> {
    let lines = headers.get_all(header::COOKIE).iter();
    choice::read(lines.filter_map(|line| line.to_str().ok()))
}

/// What the cookie is called in which `public/birthdays.js` keeps the time zone of the browser.
const ZONE_COOKIE: &str = "kith-zone";

/// The time zone of the reader, if the browser has told it.
pub fn time_zone(headers: &HeaderMap) -> Option<Zone> {
    let mut zones = pairs(headers).filter(|(name, _)| *name == ZONE_COOKIE);
    zones.next()?.1.parse().ok()
}

/// How the reader wants to see lists.
pub fn list_view(headers: &HeaderMap) -> ListView {
    let mut views = pairs(headers).filter(|(name, _)| *name == list_view::COOKIE);
    let view = views.next().map(|(_, value)| ListView::of_cookie(value));
    view.unwrap_or_default()
}

/// What the cookie is called that keeps the language that a person has chosen.
const LANGUAGE_COOKIE: &str = "kith-language";

/// The language that the person has chosen.
pub fn language(headers: &HeaderMap) -> Option<Language> {
    let mut choices = pairs(headers).filter(|(name, _)| *name == LANGUAGE_COOKIE);
    Language::of_tag(choices.next()?.1)
}

/// The `Set-Cookie` that keeps a language for a year, or forgets the choice.
pub fn set_language(language: Option<Language>) -> String {
    let (tag, max_age) = match language {
        Some(language) => (language.tag(), YEAR),
        None => ("", 0),
    };
    format!("{LANGUAGE_COOKIE}={tag}; Path=/; Max-Age={max_age}; SameSite=Lax; HttpOnly")
}

/// The cookies that a browser has sent, each with its name.
fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
}

/// A cookie of accounts.
#[derive(Clone, Copy)]
pub enum AccountCookie {
    /// The session of a browser that has signed in. It lasts until the browser is closed or, on phones, until the
    /// session ends on the server.
    Session,
    /// Shows that an account has signed in from this browser before. It outlives the session.
    KnownBrowser,
    /// The secret of a sign-in of two steps that waits for the second one.
    PendingSignIn,
    /// The secret of a link that the browser has opened.
    Link,
}

impl AccountCookie {
    /// For how long a browser keeps it, in seconds: a year, or some minutes. The server ends what it stands for earlier.
    fn max_age(self) -> u32 {
        match self {
            Self::Session | Self::KnownBrowser => YEAR,
            Self::Link => 60 * 60,
            Self::PendingSignIn => 15 * 60,
        }
    }
}

/// Which names cookies have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieScope {
    /// The browser reaches Kith by https. It accepts a cookie whose name begins with `__Host-` only from this host by
    /// https, so no other host of the domain can set one (RFC 6265bis, 4.1.3.2).
    Https,
    /// The browser reaches Kith by plain http, on this machine or in a network that its owner trusts.
    Http,
}

impl CookieScope {
    /// The scope of a request for a name of this kind. A client that a proxy has passed on may have asked by https for
    /// the public name, even where the proxy names this machine.
    pub fn of(host: HostKind, client: Client, config: &ServerConfig) -> Self {
        let is_here = host == HostKind::Local && client.is_certain && client.address.is_loopback();
        match config.has_https() && !is_here {
            true => Self::Https,
            false => Self::Http,
        }
    }

    /// The value of a cookie that a browser has sent; `None` if it sent none, or several that differ.
    pub fn read(self, headers: &HeaderMap, cookie: AccountCookie) -> Option<&str> {
        let name = self.name(cookie);
        let mut values = pairs(headers).filter(|(found, _)| *found == name);
        let (_, value) = values.next()?;
        values.all(|(_, other)| other == value).then_some(value)
    }

    /// The `Set-Cookie` that keeps a value. No script reads it, and other sites cannot have a browser send it with a
    /// form.
    pub fn set(self, cookie: AccountCookie, value: &str) -> Option<HeaderValue> {
        self.header(cookie, value, cookie.max_age())
    }

    /// The `Set-Cookie` that removes it.
    pub fn remove(self, cookie: AccountCookie) -> Option<HeaderValue> {
        self.header(cookie, "", 0)
    }

    fn header(self, cookie: AccountCookie, value: &str, max_age: u32) -> Option<HeaderValue> {
        let name = self.name(cookie);
        let secure = match self {
            Self::Https => "; Secure",
            Self::Http => "",
        };
        let text =
            format!("{name}={value}; Path=/; Max-Age={max_age}; SameSite=Lax; HttpOnly{secure}");
        HeaderValue::try_from(text).ok()
    }

    fn name(self, cookie: AccountCookie) -> &'static str {
        match (self, cookie) {
            (Self::Https, AccountCookie::Session) => "__Host-kith-session",
            (Self::Https, AccountCookie::KnownBrowser) => "__Host-kith-browser",
            (Self::Https, AccountCookie::PendingSignIn) => "__Host-kith-pending",
            (Self::Http, AccountCookie::PendingSignIn) => "kith-pending",
            (Self::Https, AccountCookie::Link) => "__Host-kith-link",
            (Self::Http, AccountCookie::Link) => "kith-link",
            (Self::Http, AccountCookie::Session) => "kith-session",
            (Self::Http, AccountCookie::KnownBrowser) => "kith-browser",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(scope: CookieScope, lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        let value = scope.read(&headers, AccountCookie::Session);
        value.map(str::to_owned)
    }

    #[test]
    fn a_session_is_read_from_the_cookie_of_its_scope() {
        use CookieScope::Http;
        use CookieScope::Https;
        for (scope, lines, expected) in [
            (Http, &["a=b; kith-session=one"][..], Some("one")),
            (Http, &["a=b", "kith-session=one"], Some("one")),
            (Http, &["__Host-kith-session=one"], None),
            (Https, &["__Host-kith-session=one"], Some("one")),
            // A host of the same domain can set this one.
            (Https, &["kith-session=one"], None),
            (Http, &["kith-session=one; kith-session=one"], Some("one")),
            // It is not clear which one is right.
            (Http, &["kith-session=one; kith-session=two"], None),
            (Http, &["xkith-session=one"], None),
            (Http, &[], None),
        ] {
            assert_eq!(
                read(scope, lines).as_deref(),
                expected,
                "{scope:?} {lines:?}"
            );
        }
    }

    #[test]
    fn a_cookie_that_is_set_is_read_again_and_then_removed() {
        for scope in [CookieScope::Http, CookieScope::Https] {
            let set = scope.set(AccountCookie::Session, "value");
            let set = set.expect("it is ASCII");
            let set = set.to_str().expect("it is ASCII");
            assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"));
            assert_eq!(set.contains("; Secure"), scope == CookieScope::Https);
            let pair = set.split(';').next().expect("a pair").to_owned();
            assert_eq!(
                read(scope, &[Box::leak(pair.into_boxed_str())]).as_deref(),
                Some("value")
            );
            let removed = scope.remove(AccountCookie::Session).expect("it is ASCII");
            assert!(removed.to_str().expect("ASCII").contains("Max-Age=0"));
        }
    }

    #[test]
    fn only_a_client_on_this_machine_has_the_cookies_of_plain_http_where_the_origin_is_https() {
        let config = |origin: &str| ServerConfig {
            public_url: Some(origin.parse().expect("an origin")),
            ..ServerConfig::default()
        };
        for (origin, host, address, is_certain, expected) in [
            (
                "https://kith.example",
                HostKind::Configured,
                "203.0.113.7",
                true,
                CookieScope::Https,
            ),
            (
                "https://kith.example",
                HostKind::Configured,
                "127.0.0.1",
                true,
                CookieScope::Https,
            ),
            (
                "https://kith.example",
                HostKind::Local,
                "127.0.0.1",
                true,
                CookieScope::Http,
            ),
            // A proxy that replaces the name has passed these on.
            (
                "https://kith.example",
                HostKind::Local,
                "203.0.113.7",
                true,
                CookieScope::Https,
            ),
            (
                "https://kith.example",
                HostKind::Local,
                "127.0.0.1",
                false,
                CookieScope::Https,
            ),
            (
                "http://kith.example",
                HostKind::Configured,
                "203.0.113.7",
                true,
                CookieScope::Http,
            ),
        ] {
            let client = Client {
                address: address.parse().expect("an address"),
                is_certain,
            };
            let scope = CookieScope::of(host, client, &config(origin));
            assert_eq!(scope, expected, "{origin} {host:?} {client:?}");
        }
    }
}
