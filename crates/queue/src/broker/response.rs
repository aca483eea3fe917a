//! The answer of a receiver, as the broker keeps it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::Serialize;

/// What a receiver answered; without a status, nobody has, and the body says why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Response {
    pub status: u16,
    pub headers: BTreeMap<String, Vec<String>>,
    /// In base64: the first part of it.
    pub body: String,
}

impl Response {
    pub fn status(&self) -> Option<u16> {
        (self.status != 0).then_some(self.status)
    }

    /// About how many bytes it takes.
    pub fn size(&self) -> usize {
        let headers = self.headers.iter();
        let headers = headers
            .map(|(name, values)| name.len() + values.iter().map(String::len).sum::<usize>());
        self.body.len() + headers.sum::<usize>()
    }

    pub fn body_bytes(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.body).unwrap_or_default()
    }
}
