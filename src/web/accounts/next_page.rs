//! [`NextPage`]: where a person goes after the sign-in.

use axum::http::Uri;

/// The parameter of the sign-in that holds the page.
pub const PARAMETER: &str = "next";

/// The longest address that is kept.
const MAX_BYTES: usize = 1024;

/// An address on this site, to which the sign-in leads. It never leads to another site, and never to the sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextPage(String);

impl Default for NextPage {
    fn default() -> Self {
        Self("/contacts".to_owned())
    }
}

impl NextPage {
    /// The page that a client has named, or the list of contacts where it may not be gone to.
    pub fn parse(named: &str) -> Self {
        match is_on_this_site(named) {
            true => Self(named.to_owned()),
            false => Self::default(),
        }
    }

    /// The page that a request was for.
    pub fn of(uri: &Uri) -> Self {
        let asked = uri.path_and_query();
        asked.map_or_else(Self::default, |asked| Self::parse(asked.as_str()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address of the sign-in that leads to this page.
    pub fn sign_in_url(&self) -> String {
        if *self == Self::default() {
            return "/sign-in".to_owned();
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(PARAMETER, &self.0)
            .finish();
        format!("/sign-in?{query}")
    }
}

/// Browsers read `//host` and `/\host` as the address of another site, and drop tabs and line breaks in an address.
fn is_on_this_site(address: &str) -> bool {
    let mut bytes = address.bytes();
    let is_path = bytes.next() == Some(b'/') && !matches!(bytes.next(), Some(b'/' | b'\\'));
    let is_plain = address
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let leads_back = matches!(path, "/sign-in" | "/sign-out" | "/set-up");
    is_path && is_plain && !leads_back && address.len() <= MAX_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_in_leads_to_pages_of_this_site_only() {
        for (named, expected) in [
            ("/contacts/new?q=ada", "/contacts/new?q=ada"),
            ("/dashboard", "/dashboard"),
            ("", "/contacts"),
            ("//example.com", "/contacts"),
            ("/\\example.com", "/contacts"),
            ("/\t/example.com", "/contacts"),
            ("https://example.com", "/contacts"),
            ("javascript:alert(1)", "/contacts"),
            ("/sign-in?next=/sign-in", "/contacts"),
            ("/sign-out", "/contacts"),
            ("/a\r\nSet-Cookie: a=b", "/contacts"),
        ] {
            assert_eq!(NextPage::parse(named).as_str(), expected, "{named:?}");
        }
        assert_eq!(NextPage::parse(&"/a".repeat(600)), NextPage::default());
    }

    #[test]
    fn the_address_of_the_sign_in_keeps_the_page() {
        let page = NextPage::parse("/contacts?q=a&sort=name");
        let url = page.sign_in_url();
        let query = url.strip_prefix("/sign-in?").expect("a query");
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let (name, value) = pairs.next().expect("a pair");
        assert_eq!(name, PARAMETER);
        assert_eq!(NextPage::parse(&value), page);
        assert_eq!(NextPage::default().sign_in_url(), "/sign-in");
    }
}
