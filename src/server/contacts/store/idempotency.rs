//! Requests that may be sent again without being done again.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::Digest;
use sha2::Sha256;

use crate::contact::ContactDraft;
use crate::error::AppError;

/// A name that a client gave to one request of its own: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    pub const MAX_CHARS: usize = 255;

    /// # Errors
    /// [`AppError::BadRequest`] for anything that is not 1 to 255 visible ASCII characters.
    pub fn parse(key: &[u8]) -> Result<Self, AppError> {
        let fits = (1..=Self::MAX_CHARS).contains(&key.len());
        if fits && key.iter().all(u8::is_ascii_graphic) {
            Ok(Self(key.iter().copied().map(char::from).collect()))
        } else {
            Err(AppError::bad_request(format!(
                "An Idempotency-Key has 1 to {} visible ASCII characters, for example a UUID.",
                Self::MAX_CHARS
            )))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request and what tells it from another one under the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotentRequest {
    pub key: IdempotencyKey,
    /// A SHA-256 of what was asked for.
    pub fingerprint: [u8; 32],
}

impl IdempotentRequest {
    /// A request of a program: the key as it came, and the body, byte for byte.
    ///
    /// # Errors
    /// As for [`IdempotencyKey::parse`].
    pub fn new(key: &[u8], body: &[u8]) -> Result<Self, AppError> {
        Ok(Self {
            key: IdempotencyKey::parse(key)?,
            fingerprint: Sha256::digest(body).into(),
        })
    }

    /// A form of a page: the key that the page hid in it, and what was typed. Sent again with
    /// other words, which "back" in a browser leads to, it is another request, not a mistake.
    ///
    /// # Errors
    /// [`AppError::BadRequest`] in words for somebody who has never seen the key.
    pub fn of_form(key: &str, draft: &ContactDraft) -> Result<Self, AppError> {
        let mut fingerprint = Sha256::new();
        for field in [
            &draft.name,
            &draft.email,
            &draft.phone,
            &draft.company,
            &draft.notes,
        ] {
            // With their lengths, so that text cannot move from one field to the next unnoticed.
            fingerprint.update(field.len().to_be_bytes());
            fingerprint.update(field);
        }
        let fingerprint: [u8; 32] = fingerprint.finalize().into();
        let words = BASE64_URL_SAFE_NO_PAD.encode(fingerprint);
        let key = IdempotencyKey::parse(key.as_bytes())
            .and_then(|key| IdempotencyKey::parse(format!("{}.{words}", key.0).as_bytes()))
            .map_err(|_| {
                AppError::bad_request("This form cannot be sent. Reload the page and try again.")
            })?;
        Ok(Self { key, fingerprint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        for key in [
            "a",
            "0198c9b1-7d2c-7000-8000-000000000000",
            "\"quoted\"",
            &"k".repeat(255),
        ] {
            let parsed = IdempotencyKey::parse(key.as_bytes());
            assert_eq!(parsed.as_ref().map(IdempotencyKey::as_str), Ok(key));
        }
        for key in ["", " ", "a b", "a\n", "é", &"k".repeat(256)] {
            let parsed = IdempotencyKey::parse(key.as_bytes());
            assert!(
                matches!(parsed, Err(AppError::BadRequest { .. })),
                "{key:?}"
            );
        }
    }

    #[test]
    fn a_form_is_told_from_every_other_form() {
        let key = |name: &str, email: &str| {
            let draft = ContactDraft {
                name: name.to_owned(),
                email: email.to_owned(),
                ..ContactDraft::default()
            };
            IdempotentRequest::of_form("key", &draft)
                .expect("the key is valid")
                .key
        };
        assert_eq!(key("Ada", "a@b"), key("Ada", "a@b"));
        assert_ne!(key("Ada", "a@b"), key("Adaa", "@b"));
        assert_eq!(
            IdempotentRequest::of_form("", &ContactDraft::default()),
            Err(AppError::bad_request(
                "This form cannot be sent. Reload the page and try again."
            ))
        );
    }
}
