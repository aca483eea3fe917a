//! Helpers for the browser's APIs. Only events and effects call them, and these never run on the server.

use std::pin::Pin;
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use leptos::wasm_bindgen::JsValue;
use web_sys::Element;
use web_sys::FormData;
use web_sys::HtmlElement;
use web_sys::HtmlFormElement;
use web_sys::HtmlInputElement;
use web_sys::KeyboardEvent;
use web_sys::MouseEvent;

use crate::model::form::FormInputs;

/// What an island does with the browser's history when it moves to another location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryUpdate {
    /// Adds an entry, so that "back" undoes the step.
    Push,
    /// Changes the current entry, for example while the reader types a search.
    Replace,
    /// The browser itself has already moved.
    None,
}

impl HistoryUpdate {
    pub fn apply(self, url: &str) {
        let Ok(history) = window().history() else {
            return;
        };
        // Both calls fail only for a URL of another site, and no caller has one.
        let _ = match self {
            Self::Push => history.push_state_with_url(&JsValue::NULL, "", Some(url)),
            Self::Replace => history.replace_state_with_url(&JsValue::NULL, "", Some(url)),
            Self::None => Ok(()),
        };
    }
}

/// Runs a task of the page.
pub fn spawn(task: impl Future<Output = ()> + 'static) {
    let task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
    spawn_local(task);
}

/// Calls `then` after a number of seconds.
pub fn set_timeout_seconds(seconds: u32, then: impl FnOnce() + 'static) {
    set_timeout(then, Duration::from_secs(seconds.into()));
}

/// The first element that matches.
pub fn query(selector: &str) -> Option<Element> {
    document().query_selector(selector).ok().flatten()
}

/// The path and the query, without its question mark, of the address bar.
pub fn current_address() -> (String, String) {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let query = location.search().unwrap_or_default();
    (path, query.trim_start_matches('?').to_owned())
}

/// Whether a click opens a link in this tab, rather than in a new one or as a download.
pub fn is_plain_click(event: &MouseEvent) -> bool {
    event.button() == 0
        && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key())
        && !event.default_prevented()
}

/// Focuses the first element that matches, in the next frame: by then the page shows what has just changed.
pub fn focus_next_frame(selector: impl Into<String>) {
    let selector = selector.into();
    request_animation_frame(move || focus(&selector));
}

/// Focuses the first element that matches.
pub fn focus(selector: &str) {
    if let Some(element) = query(selector).and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Focuses an element and restores the scroll position of `scroller`.
pub fn focus_without_scroll(selector: &str, scroller: &str) {
    if let Some(scroller) = query(scroller) {
        let top = scroller.scroll_top();
        focus(selector);
        scroller.set_scroll_top(top);
    }
}

/// Whether an input method handles this key. Safari ends a composition before it sends the key that ended
/// it; only the code 229 marks that key.
pub fn is_composing(event: &KeyboardEvent) -> bool {
    const INPUT_METHOD_KEY_CODE: u32 = 229;
    event.is_composing() || event.key_code() == INPUT_METHOD_KEY_CODE
}

/// Whether an element is on the page and the layout of a narrow screen does not hide it.
pub fn is_visible(selector: &str) -> bool {
    let visibility = query(selector).and_then(|element| computed_style(&element, "visibility"));
    visibility.is_some_and(|visibility| visibility == "visible")
}

/// The computed value of a style property of an element.
pub fn computed_style(element: &Element, property: &str) -> Option<String> {
    let style = window().get_computed_style(element).ok().flatten()?;
    style.get_property_value(property).ok()
}

/// Whether an element that matches, or one inside of it, has the focus.
pub fn has_focus(selector: &str) -> bool {
    let focused = document().active_element();
    focused.is_some_and(|focused| focused.closest(selector).ok().flatten().is_some())
}

/// Whether no element has the focus, for example because the one that had it was removed.
pub fn is_focus_lost() -> bool {
    let focused = document().active_element();
    focused.is_none_or(|focused| focused.tag_name() == "BODY")
}

fn input(id: &str) -> Option<HtmlInputElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// The value of the field with this id; empty where there is no such field.
pub fn input_value(id: &str) -> String {
    input(id).map(|input| input.value()).unwrap_or_default()
}

/// Whether the box with this id is ticked.
pub fn is_ticked(id: &str) -> bool {
    input(id).is_some_and(|input| input.checked())
}

/// Sets the value of the field with this id. It does not write an equal value, because that would move the
/// caret.
pub fn set_input_value(id: &str, value: &str) {
    let Some(field) = document().get_element_by_id(id) else {
        return;
    };
    let (key, value) = (JsValue::from_str("value"), JsValue::from_str(value));
    if js_sys::Reflect::get(&field, &key).ok().as_ref() != Some(&value) {
        let _ = js_sys::Reflect::set(&field, &key, &value);
    }
}

/// The form with this id, if it is on the page.
pub fn form_by_id(id: &str) -> Option<HtmlFormElement> {
    document().get_element_by_id(id)?.dyn_into().ok()
}

/// The inputs of a form that say something. A browser separates lines by CRLF in form data.
pub fn form_inputs(form: &HtmlFormElement) -> FormInputs {
    let mut inputs = FormInputs::new();
    if let Ok(data) = FormData::new_with_form(form) {
        for pair in data.entries().into_iter().flatten() {
            let pair: js_sys::Array = pair.unchecked_into();
            let text = |index| pair.get(index).as_string().unwrap_or_default();
            let mut value = text(1);
            value.retain(|letter| letter != '\r');
            inputs.push((text(0), value));
        }
    }
    inputs
}

/// Takes no text in the fields of a form, or takes it again.
pub fn set_read_only(form: &str, is_read_only: bool) {
    let fields = [form, " .input"].concat();
    let Ok(fields) = document().query_selector_all(&fields) else {
        return;
    };
    for index in 0..fields.length() {
        if let Some(field) = fields
            .get(index)
            .and_then(|node| node.dyn_into::<Element>().ok())
        {
            let _ = field.toggle_attribute_with_force("readonly", is_read_only);
        }
    }
}

/// A key that no other request has. It must be unique, not secret.
pub fn random_key() -> String {
    let part = || (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
    format!("{:08x}{:08x}{:08x}{:08x}", part(), part(), part(), part())
}

/// The closest ancestor of an event's target that matches, itself included.
pub fn closest(target: Option<web_sys::EventTarget>, selector: &str) -> Option<Element> {
    target?.dyn_into::<Element>().ok()?.closest(selector).ok()?
}
