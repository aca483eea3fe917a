//! Fields and variants, and the types of Rust that JSON has.

use crate::Deserialize;
use crate::Serialize;
use crate::Value;

/// `Number.MAX_SAFE_INTEGER` of JavaScript: larger whole numbers may be those of another text.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// What the code of the derives calls.
impl Value {
    /// The value of a field; `None` where it has another type, or where it is missing and required.
    pub fn field<T: Deserialize>(&self, name: &str) -> Option<T> {
        match self.get(name) {
            Some(value) => T::deserialize(&value),
            None => T::missing(),
        }
    }

    /// The value of a field, `default` where it is missing; `None` where it has another type.
    pub fn field_or<T: Deserialize>(&self, name: &str, default: T) -> Option<T> {
        match self.get(name) {
            Some(value) => T::deserialize(&value),
            None => Some(default),
        }
    }

    /// Sets a field of an [`object`](Self::object); `None` where its value cannot be written.
    pub fn set<T: Serialize>(&mut self, name: &str, value: &T) -> Option<()> {
        self.set_value(name, value.serialize()?);
        Some(())
    }

    /// The name of a variant of an enum and its content: `"name"`, or `{"name": content}`.
    pub fn variant(&self) -> Option<(String, Option<Self>)> {
        if let Some(name) = self.as_string() {
            return Some((name, None));
        }
        let name = self.only_name()?;
        let content = self.get(&name)?;
        Some((name, Some(content)))
    }

    /// A variant of an enum with a content.
    pub fn of_variant(name: &str, content: Self) -> Self {
        let mut object = Self::object();
        object.set_value(name, content);
        object
    }
}

impl Serialize for String {
    fn serialize(&self) -> Option<Value> {
        Some(Value::string(self))
    }
}

impl Deserialize for String {
    fn deserialize(value: &Value) -> Option<Self> {
        value.as_string()
    }
}

impl Serialize for bool {
    fn serialize(&self) -> Option<Value> {
        Some(Value::bool(*self))
    }
}

impl Deserialize for bool {
    fn deserialize(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Serialize for u64 {
    fn serialize(&self) -> Option<Value> {
        (*self <= MAX_SAFE_INTEGER).then(|| Value::number(*self as f64))
    }
}

impl Deserialize for u64 {
    fn deserialize(value: &Value) -> Option<Self> {
        let number = value.as_number()?;
        let whole = number as Self;
        (whole as f64 == number && whole <= MAX_SAFE_INTEGER).then_some(whole)
    }
}

impl Serialize for u32 {
    fn serialize(&self) -> Option<Value> {
        u64::from(*self).serialize()
    }
}

impl Deserialize for u32 {
    fn deserialize(value: &Value) -> Option<Self> {
        u64::deserialize(value)?.try_into().ok()
    }
}

impl Serialize for () {
    fn serialize(&self) -> Option<Value> {
        Some(Value::null())
    }
}

impl Deserialize for () {
    fn deserialize(value: &Value) -> Option<Self> {
        value.is_null().then_some(())
    }
}

impl<T: Serialize> Serialize for Option<T> {
    fn serialize(&self) -> Option<Value> {
        self.as_ref().map_or_else(|| ().serialize(), T::serialize)
    }
}

impl<T: Deserialize> Deserialize for Option<T> {
    fn deserialize(value: &Value) -> Option<Self> {
        if value.is_null() {
            Some(None)
        } else {
            T::deserialize(value).map(Some)
        }
    }

    fn missing() -> Option<Self> {
        Some(None)
    }
}

/// As an array of two.
impl<A: Serialize, B: Serialize> Serialize for (A, B) {
    fn serialize(&self) -> Option<Value> {
        Value::array([self.0.serialize(), self.1.serialize()].into_iter())
    }
}

impl<A: Deserialize, B: Deserialize> Deserialize for (A, B) {
    fn deserialize(value: &Value) -> Option<Self> {
        if value.length()? != 2 {
            return None;
        }
        Some((
            A::deserialize(&value.item(0))?,
            B::deserialize(&value.item(1))?,
        ))
    }
}

impl<T: Serialize> Serialize for Vec<T> {
    fn serialize(&self) -> Option<Value> {
        Value::array(self.iter().map(T::serialize))
    }
}

impl<T: Deserialize> Deserialize for Vec<T> {
    fn deserialize(value: &Value) -> Option<Self> {
        let mut items = Vec::new();
        for index in 0..value.length()? {
            items.push(T::deserialize(&value.item(index))?);
        }
        Some(items)
    }
}

impl<T: Serialize> Serialize for Box<T> {
    fn serialize(&self) -> Option<Value> {
        T::serialize(self)
    }
}

impl<T: Deserialize> Deserialize for Box<T> {
    fn deserialize(value: &Value) -> Option<Self> {
        T::deserialize(value).map(Self::new)
    }
}

impl<T: Serialize, E: Serialize> Serialize for Result<T, E> {
    fn serialize(&self) -> Option<Value> {
        Some(match self {
            Ok(value) => Value::of_variant("Ok", value.serialize()?),
            Err(error) => Value::of_variant("Err", error.serialize()?),
        })
    }
}

impl<T: Deserialize, E: Deserialize> Deserialize for Result<T, E> {
    fn deserialize(value: &Value) -> Option<Self> {
        let (name, content) = value.variant()?;
        match &*name {
            "Ok" => T::deserialize(&content?).map(Ok),
            "Err" => E::deserialize(&content?).map(Err),
            _ => None,
        }
    }
}
