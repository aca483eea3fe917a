//! Text that changes while it is shown.

use leptos::prelude::*;

use crate::components::view::view;
use crate::model::html::escape_html;

/// Draws text in an element of its own, whose content is replaced as a whole. A translator moves the text
/// of a page into elements of its own; a change of the text node that was there before would change
/// nothing on the page.
pub fn reactive_text(text: impl Fn() -> String + Send + 'static) -> impl IntoView {
    let html: Box<dyn FnMut() -> String + Send> = Box::new(move || escape_html(&text()));
    view! { <span inner_html=html></span> }
}
