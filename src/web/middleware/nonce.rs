//! [`Nonce`]: marks the scripts of a response.

use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Marks the scripts of one response as Kith's own. It is random, and drawn when it is first used.
#[derive(Default)]
pub struct Nonce(OnceLock<String>);

impl Nonce {
    pub fn text(&self) -> &str {
        self.0
            .get_or_init(|| BASE64_STANDARD.encode(rand::random::<[u8; 16]>()))
    }
}
