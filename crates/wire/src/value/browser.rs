//! Values of JavaScript.

use js_sys::Array;
use js_sys::JSON;
use js_sys::Object;
use js_sys::Reflect;
use wasm_bindgen::JsCast;
use wasm_bindgen::JsValue;

/// A value of JSON, held by the browser.
pub struct Value(JsValue);

impl Value {
    pub(crate) fn parse(json: &str) -> Option<Self> {
        JSON::parse(json).ok().map(Self)
    }

    pub(crate) fn to_json(&self) -> Option<String> {
        JSON::stringify(&self.0).ok()?.as_string()
    }

    pub(crate) fn null() -> Self {
        Self(JsValue::NULL)
    }

    pub(crate) fn bool(value: bool) -> Self {
        Self(value.into())
    }

    pub(crate) fn number(value: f64) -> Self {
        Self(value.into())
    }

    /// A text, such as the name of a variant without content.
    pub fn string(value: &str) -> Self {
        Self(value.into())
    }

    pub(crate) fn array(values: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        let array = Array::new();
        for value in values {
            array.push(&value?.0);
        }
        Some(Self(array.into()))
    }

    /// An object without fields.
    pub fn object() -> Self {
        Self(Object::new().into())
    }

    pub(crate) fn set_value(&mut self, name: &str, value: Self) {
        // A new object takes every field.
        let _ = Reflect::set(&self.0, &name.into(), &value.0);
    }

    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        if !self.0.is_object() {
            return None;
        }
        let value = Reflect::get(&self.0, &name.into()).ok()?;
        (!value.is_undefined()).then_some(Self(value))
    }

    /// Whether this is `null`, which is also the content of a variant that has none.
    pub fn is_null(&self) -> bool {
        self.0.is_null()
    }

    pub(crate) fn as_bool(&self) -> Option<bool> {
        self.0.as_bool()
    }

    pub(crate) fn as_number(&self) -> Option<f64> {
        self.0.as_f64()
    }

    /// The text, where this is one.
    pub fn as_string(&self) -> Option<String> {
        self.0.as_string()
    }

    pub(crate) fn length(&self) -> Option<u32> {
        self.0.dyn_ref::<Array>().map(|array| array.length())
    }

    /// An item of an array; `null` where there is none.
    pub(crate) fn item(&self, index: u32) -> Self {
        Self(Reflect::get_u32(&self.0, index).unwrap_or(JsValue::NULL))
    }

    pub(crate) fn only_name(&self) -> Option<String> {
        let names = Object::keys(self.0.dyn_ref::<Object>()?);
        let name = names.get(0).as_string();
        name.filter(|_| names.length() == 1)
    }
}
