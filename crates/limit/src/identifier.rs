//! Who is charged.

use sha2::Digest;

/// A longer identifier is replaced by its hash.
const MAX_IDENTIFIER_BYTES: usize = 128;

/// Identifies the client that is charged, for example its address or its account.
///
/// ```
/// let client = kith_limit::Identifier::new("203.0.113.7");
/// assert_eq!(client.as_str(), "203.0.113.7");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identifier(String);

impl Identifier {
    /// An identifier of any text. Braces become parentheses, because braces have a meaning in the keys of
    /// a Redis cluster. A text of more than 128 bytes becomes its SHA-256.
    pub fn new(text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.len() > MAX_IDENTIFIER_BYTES {
            let hash = sha2::Sha256::digest(text.as_bytes());
            text = kith_runtime::hex(&hash);
        }
        if text.bytes().any(|byte| matches!(byte, b'{' | b'}')) {
            text = text.replace('{', "(").replace('}', ")");
        }
        Self(text)
    }

    /// The text, as it stands in keys.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
