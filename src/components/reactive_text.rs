//! Text that changes while it is shown.

use leptos::prelude::*;

use crate::model::html::escape_html;

/// Draws text in an element of its own, whose content is replaced as a whole. A translator moves the text
/// of a page into elements of its own; a change of the text node that was there before would change
/// nothing on the page.
pub fn reactive_text(text: impl Fn() -> String + Send + Sync + 'static) -> impl IntoView {
    view! { <span inner_html=move || escape_html(&text())></span> }
}
