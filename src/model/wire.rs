//! JSON between the halves: the bodies of server functions, and the data of islands.
//!
//! The server takes the derives and the parser of serde. The browser has a parser of its own, and that of serde
//! would be a fifth of a page. Its half takes the derives of `kith-wire`, which read the same attributes.

use bytes::Bytes;
use leptos::server_fn::ContentType;
use leptos::server_fn::Decodes;
use leptos::server_fn::Encodes;
use leptos::server_fn::Format;
use leptos::server_fn::FormatType;

#[cfg(feature = "ssr")]
pub use serde::{Deserialize, Serialize};

#[cfg(not(feature = "ssr"))]
pub use kith_wire::{Deserialize, Serialize};

/// The codec of errors, and on the server of everything else.
pub struct JsonEncoding;

impl ContentType for JsonEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

#[cfg(feature = "ssr")]
impl<T: Serialize> Encodes<T> for JsonEncoding {
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(value).map(Bytes::from)
    }
}

#[cfg(feature = "ssr")]
impl<T: serde::de::DeserializeOwned> Decodes<T> for JsonEncoding {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        serde_json::from_slice(&bytes)
    }
}

#[cfg(not(feature = "ssr"))]
impl<T: Serialize> Encodes<T> for JsonEncoding {
    type Error = kith_wire::Error;

    fn encode(value: &T) -> Result<Bytes, Self::Error> {
        kith_wire::to_string(value).map(Bytes::from)
    }
}

#[cfg(not(feature = "ssr"))]
impl<T: Deserialize> Decodes<T> for JsonEncoding {
    type Error = kith_wire::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = std::str::from_utf8(&bytes).map_err(|_| kith_wire::Error)?;
        kith_wire::from_str(text)
    }
}

#[cfg(test)]
mod tests;
