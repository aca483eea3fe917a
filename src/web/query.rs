//! Parameters in the query of an address.

use std::borrow::Cow;

use axum::http::Uri;

/// The value of the first parameter of this name, decoded.
pub fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<Cow<'a, str>> {
    let mut pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    let (_, value) = pairs.find(|(found, _)| found == name)?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_parameter_of_a_name_counts() {
        let uri = Uri::from_static("/a?x=1&y=a%20b+c&y=2&z");
        assert_eq!(parameter(&uri, "y").as_deref(), Some("a b c"));
        assert_eq!(parameter(&uri, "z").as_deref(), Some(""));
        assert_eq!(parameter(&uri, "a"), None);
        assert_eq!(parameter(&Uri::from_static("/a"), "y"), None);
    }
}
