//! The answer of a receiver, as the broker keeps it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::Serialize;

/// The answer of a receiver. Without a status there was none, and the body holds the reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Response {
    /// Zero where there was no answer.
    pub(super) status: u16,
    /// By their canonical names.
    pub(super) headers: BTreeMap<String, Vec<String>>,
    /// The first part of the body, in base64.
    pub(super) body: String,
}

impl Response {
    pub(super) fn status(&self) -> Option<u16> {
        (self.status != 0).then_some(self.status)
    }

    /// About how many bytes the API needs to show it.
    pub(super) fn size(&self) -> usize {
        let headers = self.headers.iter();
        let headers = headers
            .map(|(name, values)| name.len() + values.iter().map(String::len).sum::<usize>());
        self.body.len() + headers.sum::<usize>()
    }

    pub(super) fn body_bytes(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.body).unwrap_or_default()
    }
}
