//! The style of a page.

use leptos::prelude::*;

use crate::components::view::view;
use crate::web::site::Site;

/// The style sheet, or a link to it where the site has no text of it. The content security policy names the text by
/// its hash.
#[component]
pub fn Style(site: Site) -> impl IntoView {
    match site.inline_style {
        Some(text) => view! { <style inner_html=text.to_string()></style> },
        None => view! { <link rel="stylesheet" href=site.style_sheet/> },
    }
}
