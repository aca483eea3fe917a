//! Values of `serde_json`, with the numbers of JavaScript.

use serde_json::Map;

/// A value of JSON.
pub struct Value(serde_json::Value);

impl Value {
    pub(crate) fn parse(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok().map(Self)
    }

    pub(crate) fn to_json(&self) -> Option<String> {
        serde_json::to_string(&self.0).ok()
    }

    pub(crate) fn null() -> Self {
        Self(serde_json::Value::Null)
    }

    pub(crate) fn bool(value: bool) -> Self {
        Self(value.into())
    }

    pub(crate) fn number(value: f64) -> Self {
        // JavaScript writes a whole number without a point.
        let whole = value as u64;
        Self(if whole as f64 == value {
            whole.into()
        } else {
            value.into()
        })
    }

    /// A text, such as the name of a variant without content.
    pub fn string(value: &str) -> Self {
        Self(value.into())
    }

    pub(crate) fn array(values: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        let values: Option<Vec<_>> = values.map(|value| Some(value?.0)).collect();
        Some(Self(values?.into()))
    }

    /// An object without fields.
    pub fn object() -> Self {
        Self(Map::new().into())
    }

    pub(crate) fn set_value(&mut self, name: &str, value: Self) {
        if let Some(object) = self.0.as_object_mut() {
            object.insert(name.to_owned(), value.0);
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        self.0.as_object()?.get(name).cloned().map(Self)
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
        self.0.as_str().map(str::to_owned)
    }

    pub(crate) fn length(&self) -> Option<u32> {
        self.0.as_array()?.len().try_into().ok()
    }

    /// An item of an array; `null` where there is none.
    pub(crate) fn item(&self, index: u32) -> Self {
        let item = self.0.get(index as usize);
        item.map_or_else(Self::null, |item| Self(item.clone()))
    }

    pub(crate) fn only_name(&self) -> Option<String> {
        let object = self.0.as_object()?;
        let name = object.keys().next().cloned();
        name.filter(|_| object.len() == 1)
    }
}
