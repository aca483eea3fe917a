//! The few words that islands exchange with the browser itself. They are called from events and
//! effects only, which never run on the server.

use std::time::Duration;

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::JsValue;
use web_sys::Element;
use web_sys::FormData;
use web_sys::HtmlElement;
use web_sys::HtmlFormElement;
use web_sys::HtmlInputElement;
use web_sys::KeyboardEvent;
use web_sys::MouseEvent;

use crate::model::contact::ContactDraft;
use crate::model::contact::Field;

/// What becomes of the address bar when an island moves to another location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// A step that "back" undoes.
    Push,
    /// A change on the spot, such as another letter in the search.
    Replace,
    /// The browser has moved already.
    Keep,
}

impl Address {
    pub fn show(self, href: &str) {
        let Ok(history) = window().history() else {
            return;
        };
        // Both calls fail only for an address of another site, which ours never are.
        let _ = match self {
            Self::Push => history.push_state_with_url(&JsValue::NULL, "", Some(href)),
            Self::Replace => history.replace_state_with_url(&JsValue::NULL, "", Some(href)),
            Self::Keep => Ok(()),
        };
    }
}

/// Does something after a number of seconds.
pub fn after(seconds: u32, then: impl FnOnce() + 'static) {
    set_timeout(then, Duration::from_secs(seconds.into()));
}

/// The first element that matches.
pub fn find(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// The path and the query, without its question mark, of the address bar.
pub fn current_address() -> (String, String) {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let query = location.search().unwrap_or_default();
    (path, query.trim_start_matches('?').to_owned())
}

/// Whether a click asks for this page, rather than for a new tab or a download.
pub fn is_plain_click(event: &MouseEvent) -> bool {
    event.button() == 0
        && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key())
        && !event.default_prevented()
}

/// Focuses the first element that matches, once what has just changed is on the page.
pub fn focus_soon(selector: impl Into<String>) {
    let selector = selector.into();
    request_animation_frame(move || focus(&selector));
}

/// Focuses the first element that matches.
pub fn focus(selector: &str) {
    if let Some(element) = find(selector).and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Focuses an element without scrolling to it.
pub fn focus_in_place(selector: &str, scroller: &str) {
    if let Some(scroller) = find(scroller) {
        let top = scroller.scroll_top();
        focus(selector);
        scroller.set_scroll_top(top);
    }
}

/// Whether an input method is at work, to which the keys belong then. Safari ends a composition
/// before it tells of the key that ended it; that key has no code but this.
pub fn is_composing(event: &KeyboardEvent) -> bool {
    const BELONGS_TO_AN_INPUT_METHOD: u32 = 229;
    event.is_composing() || event.key_code() == BELONGS_TO_AN_INPUT_METHOD
}

/// Whether an element is on the page and not hidden by the layout of a narrow screen.
pub fn is_shown(selector: &str) -> bool {
    let visibility = find(selector).and_then(|element| style_of(&element, "visibility"));
    visibility.is_some_and(|visibility| visibility == "visible")
}

/// What a property of an element comes to.
pub fn style_of(element: &Element, property: &str) -> Option<String> {
    let style = window().get_computed_style(element).ok().flatten()?;
    style.get_property_value(property).ok()
}

/// Whether the focus is in an element that matches, or in something inside of it.
pub fn has_focus(selector: &str) -> bool {
    let focused = document().active_element();
    focused.is_some_and(|focused| focused.closest(selector).ok().flatten().is_some())
}

/// Whether the focus is lost, because what had it has gone.
pub fn nothing_has_focus() -> bool {
    let focused = document().active_element();
    focused.is_none_or(|focused| focused.tag_name() == "BODY")
}

fn input(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// What stands in the field with this id.
pub fn input_value(id: &str) -> String {
    input(id).map(|input| input.value()).unwrap_or_default()
}

/// Whether the box with this id is ticked.
pub fn is_ticked(id: &str) -> bool {
    input(id).is_some_and(|input| input.checked())
}

/// Writes into the field with this id, unless it says so already: writing moves the caret.
pub fn set_input_value(id: &str, value: &str) {
    let Some(field) = document().get_element_by_id(id) else {
        return;
    };
    let (key, value) = (JsValue::from_str("value"), JsValue::from_str(value));
    if js_sys::Reflect::get(&field, &key).ok().as_ref() != Some(&value) {
        let _ = js_sys::Reflect::set(&field, &key, &value);
    }
}

/// The form with this id, as far as it is on the page.
pub fn form_by_id(id: &str) -> Option<HtmlFormElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// What stands in the fields of a contact form at this moment: those whose names begin with `prefix`.
pub fn read_draft(form: &HtmlFormElement, prefix: &str) -> ContactDraft {
    let mut draft = ContactDraft::default();
    if let Ok(data) = FormData::new_with_form(form) {
        for field in Field::ALL {
            let text = data.get(&[prefix, field.name()].concat()).as_string();
            let mut text = text.unwrap_or_default();
            // A browser keeps lines apart by CRLF when it is asked for the form.
            text.retain(|letter| letter != '\r');
            *draft.get_mut(field) = text;
        }
    }
    draft
}

/// A key that no other request carries. It has to be distinct, not secret.
pub fn random_key() -> String {
    let part = || (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
    format!("{:08x}{:08x}{:08x}{:08x}", part(), part(), part(), part())
}

/// The closest ancestor of an event's target that matches, itself included.
pub fn closest(target: Option<web_sys::EventTarget>, selector: &str) -> Option<Element> {
    target?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}
