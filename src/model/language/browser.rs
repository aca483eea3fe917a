//! The texts that the server has written into the page.

use std::sync::OnceLock;

use js_sys::Array;
use js_sys::Intl::PluralRules;
use js_sys::Object;
use leptos::prelude::document;
use wasm_bindgen::JsValue;

/// The texts in the language of the page, each after its key, sorted by the keys. An English page has none.
fn texts() -> &'static [(String, String)] {
    static TEXTS: OnceLock<Vec<(String, String)>> = OnceLock::new();
    TEXTS.get_or_init(|| {
        let element = document().get_element_by_id(super::TEXTS_ID);
        let json = element.and_then(|element| element.text_content());
        json.and_then(|json| kith_wire::from_str(&json).ok())
            .unwrap_or_default()
    })
}

fn find(key: &str) -> Option<&'static str> {
    let texts = texts();
    let at = texts.binary_search_by(|(known, _)| (**known).cmp(key));
    Some(&*texts.get(at.ok()?)?.1)
}

/// The text in the language of the page.
pub fn text(text: &'static str) -> &'static str {
    find(text).unwrap_or(text)
}

/// The text in the language of the page. The context tells apart texts that are alike in English.
pub fn text_in_context(context: &'static str, text: &'static str) -> &'static str {
    find(&[context, super::SEPARATOR, text].concat()).unwrap_or(text)
}

/// The text for this number of things in the language of the page.
pub fn plural(count: u64, one: &'static str, many: &'static str) -> &'static str {
    let english = if count == 1 { one } else { many };
    // The language stands first. The page may say another one by now, if the browser translates it.
    let Some((_, language)) = texts().first() else {
        return english;
    };
    let languages = Array::of1(&JsValue::from_str(language));
    let category = PluralRules::new(&languages, &Object::new()).select(count as f64);
    let key = [one, super::SEPARATOR, &String::from(category)].concat();
    find(&key).unwrap_or(english)
}
