//! The elements of the changing part of the page.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::Element;
use web_sys::FormData;
use web_sys::HtmlElement;
use web_sys::HtmlFormElement;
use web_sys::HtmlTemplateElement;
use web_sys::SubmitEvent;
use web_sys::UrlSearchParams;

use super::morph;
use crate::components::clock;
use crate::islands::browser;

/// The part of the page that changes.
pub const PART_ID: &str = "live";

/// The element with the result of the last action.
const NOTICES_ID: &str = "notices";

/// What stays until the next action: the result of the last one, and the fields that the reader has to
/// correct.
const KEPT: &str = "#notices, [aria-invalid]";

/// What happens to the result of the last action when the page is updated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Notices {
    Keep,
    Replace,
}

/// Morphs the page into what the server has drawn. Returns `None` where either is not such a part.
pub fn show_part(html: &str, notices: Notices) -> Option<()> {
    let template = document().create_element("template").ok()?;
    let template = template.dyn_into::<HtmlTemplateElement>().ok()?;
    template.set_inner_html(html);
    let new = template.content().first_element_child()?;
    let old = document().get_element_by_id(PART_ID)?;
    if notices == Notices::Keep {
        copy_kept(&old, &new);
    }
    // Before the two are compared, because the page shows local times.
    clock::localize_times(&new);
    morph::morph(&old, &new);
    Some(())
}

/// Replaces elements of `new` with those of `old` that stay.
fn copy_kept(old: &Element, new: &Element) {
    let Ok(kept) = old.query_selector_all(KEPT) else {
        return;
    };
    for index in 0..kept.length() {
        let Some(element) = kept
            .get(index)
            .and_then(|node| node.dyn_into::<Element>().ok())
        else {
            continue;
        };
        let other = new.query_selector(&format!("#{}", element.id()));
        if let (Ok(Some(other)), Ok(copy)) = (other, element.clone_node_with_deep(true)) {
            let _ = other.replace_with_with_node_1(&copy);
        }
    }
}

pub fn clear_notices() {
    if let Some(notices) = document().get_element_by_id(NOTICES_ID) {
        notices.set_inner_html("");
    }
}

/// The form that an event submits, with its values and that of the button that was pressed.
pub fn form_data(event: &SubmitEvent) -> Option<(HtmlFormElement, UrlSearchParams)> {
    let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
    let data = FormData::new_with_form(&form).ok()?;
    if let Some(button) = event.submitter() {
        let name = button.get_attribute("name").unwrap_or_default();
        let value = button.get_attribute("value").unwrap_or_default();
        if !name.is_empty() {
            let _ = data.append_with_str(&name, &value);
        }
    }
    let body = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?;
    Some((form, body))
}

/// Empties a form that was accepted and closes its details. Focuses the first invalid field of one that
/// was refused.
pub fn finish_form(form: &HtmlFormElement, is_refused: bool) {
    if is_refused {
        if let Ok(Some(invalid)) = form.query_selector("[aria-invalid]")
            && let Some(invalid) = invalid.dyn_ref::<HtmlElement>()
        {
            let _ = invalid.focus();
        }
        return;
    }
    form.reset();
    if let Ok(Some(open)) = form.query_selector("details.confirm[open]") {
        let _ = open.remove_attribute("open");
    }
}

/// Focuses a section where no element has the focus: the update may have removed the button that was
/// pressed in it.
pub fn restore_focus(section: Option<Element>) {
    let section = section.and_then(|section| section.dyn_into::<HtmlElement>().ok());
    if let Some(section) = section.filter(|_| browser::is_focus_lost()) {
        let _ = section.focus();
    }
}
