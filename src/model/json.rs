//! The JSON codec of server functions.
//!
//! The codec of leptos parses bytes. The browser half parses the data of islands as text, and a parser for
//! both adds 40 kB, or 2 kB compressed.

use bytes::Bytes;
use leptos::serde_json;
use leptos::server_fn::ContentType;
use leptos::server_fn::Decodes;
use leptos::server_fn::Encodes;
use leptos::server_fn::Format;
use leptos::server_fn::FormatType;
use leptos::server_fn::codec::Post;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::Error as _;

/// Arguments and results as JSON in the bodies of a `POST` request and its response.
pub type JsonText = Post<JsonTextEncoding>;

pub struct JsonTextEncoding;

impl ContentType for JsonTextEncoding {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonTextEncoding {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonTextEncoding {
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_string(value).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonTextEncoding {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        let text = std::str::from_utf8(&bytes).map_err(serde_json::Error::custom)?;
        serde_json::from_str(text)
    }
}
