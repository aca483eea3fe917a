#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod types;
mod value;

use std::fmt;

pub use kith_wire_derive::{Deserialize, Serialize};
pub use value::Value;

/// A type that can be written as JSON. See the [crate](crate) for its derive.
pub trait Serialize {
    /// The value as JSON; `None` for a variant with `#[serde(skip)]`, and for a number of 2^53 or more.
    fn serialize(&self) -> Option<Value>;
}

/// A type that can be read from JSON. See the [crate](crate) for its derive.
pub trait Deserialize: Sized {
    /// Reads a value; `None` where the JSON has another form.
    fn deserialize(value: &Value) -> Option<Self>;

    /// The value of a field that an object does not have; `None` where the field is required.
    fn missing() -> Option<Self> {
        None
    }
}

/// Writes a value as JSON.
///
/// # Errors
/// [`Error`] for a value that [`Serialize::serialize`] cannot write.
///
/// ```
/// assert_eq!(kith_wire::to_string(&vec![Some(1_u32), None])?, "[1,null]");
/// # Ok::<(), kith_wire::Error>(())
/// ```
pub fn to_string<T: Serialize>(value: &T) -> Result<String, Error> {
    let value = value.serialize().ok_or(Error)?;
    value.to_json().ok_or(Error)
}

/// Reads a value from JSON.
///
/// # Errors
/// [`Error`] for text that is not JSON, or JSON of another type.
///
/// ```
/// assert_eq!(kith_wire::from_str::<Vec<u32>>("[1, 2]")?, [1, 2]);
/// assert!(kith_wire::from_str::<Vec<u32>>("[-1]").is_err());
/// # Ok::<(), kith_wire::Error>(())
/// ```
pub fn from_str<T: Deserialize>(json: &str) -> Result<T, Error> {
    let value = Value::parse(json).ok_or(Error)?;
    T::deserialize(&value).ok_or(Error)
}

/// The JSON is not what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unexpected JSON")
    }
}

impl std::error::Error for Error {}
