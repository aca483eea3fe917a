//! Text that changes while it is shown.

use leptos::prelude::*;

/// Text in an element of its own, which is replaced as a whole. A translator puts the words of a page
/// into elements of its own; a change of the text that was there before would change nothing on the page.
pub fn words(text: impl Fn() -> String + Send + Sync + 'static) -> impl IntoView {
    view! { <span inner_html=move || escape(&text())></span> }
}

/// Text as HTML says it between tags.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn words_are_no_markup() {
        assert_eq!(escape("<b>&lt;"), "&lt;b>&amp;lt;");
    }
}
