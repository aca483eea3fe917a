//! Text as HTML.

/// Escapes text that stands between tags. It does not escape quotes, so the result must not stand in the
/// value of an attribute.
pub fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::escape_html;

    #[test]
    fn escaped_text_holds_no_markup() {
        assert_eq!(escape_html("<b>&lt;"), "&lt;b>&amp;lt;");
    }
}
