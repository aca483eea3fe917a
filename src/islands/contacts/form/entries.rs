//! Adding entries to a field of several: another email, another phone.
//!
//! The server draws a blank entry in a part that opens, which needs no JavaScript. Once hydrated, each click adds a copy
//! of that entry before it.

use leptos::ev::MouseEvent;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::islands::browser;

/// The attribute of the part that opens: the name of its blank entry, such as `emails.1`.
const NEXT: &str = "data-next";

/// Adds an entry where the reader asks for one.
pub fn add_by_click(event: MouseEvent) {
    if let Some(summary) = browser::closest(event.target(), ".another > summary") {
        event.prevent_default();
        add(&summary);
    }
}

fn add(summary: &web_sys::Element) -> Option<()> {
    let another = summary.parent_element()?;
    let blank = another.query_selector(".entry").ok()??;
    another
        .insert_adjacent_html("beforebegin", &blank.outer_html())
        .ok()?;
    // The blank entry is the one after the new one.
    let name = another.get_attribute(NEXT)?;
    let (field, number) = name.rsplit_once('.')?;
    let number = number.parse::<u32>().ok()? + 1;
    let next = [field, ".", &number.to_string()].concat();
    // An id has a dash where the name has a dot.
    let id = |name: &str| name.replace('.', "-");
    let html = blank.inner_html().replace(&name, &next);
    blank.set_inner_html(&html.replace(&id(&name), &id(&next)));
    another.set_attribute(NEXT, &next).ok()?;
    let added = another.previous_element_sibling()?;
    let input = added.query_selector("input").ok()??;
    input.dyn_into::<HtmlElement>().ok()?.focus().ok()
}
