//! Requests that may be sent again without being done again.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::Digest;
use sha2::Sha256;

use crate::model::error::AppError;
use crate::model::language::t;
use crate::services::contacts::fields::ContactInput;

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

/// A request, and what distinguishes it from another one under the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotentRequest {
    pub key: IdempotencyKey,
    /// The hash of what the request asks for.
    pub fingerprint: Fingerprint,
    /// The prefix of the keys of all requests by the same form, for every content.
    pub form: Option<String>,
}

/// A hash of what a request asks for.
pub type Fingerprint = [u8; 32];

/// The prefix of fingerprints. Fingerprints of the release before begin with anything, and those of requests
/// of programs were hashes of bytes: see [`is_of_bytes`].
const MEANING_PREFIX: [u8; 4] = *b"\x00m1\x00";

/// Whether a fingerprint was made by a release that compared the bytes of a body. Such a
/// fingerprint does not say what the request has asked for.
pub fn is_of_bytes(fingerprint: &[u8]) -> bool {
    !fingerprint.starts_with(&MEANING_PREFIX)
}

impl IdempotentRequest {
    /// A request of a program: the key as it came, and what is asked for. Only that counts: the same in
    /// another order, with other blanks or escapes, is the same request.
    ///
    /// # Errors
    /// As for [`IdempotencyKey::parse`].
    pub fn new(key: &[u8], input: &ContactInput, welcome: Option<bool>) -> Result<Self, AppError> {
        let mut hash = hash(input);
        hash.update([match welcome {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        }]);
        Ok(Self {
            key: IdempotencyKey::parse(key)?,
            fingerprint: of_meaning(hash.finalize().into()),
            form: None,
        })
    }

    /// A form of a page: the key that the page hid in it, and what was typed.
    ///
    /// # Errors
    /// [`AppError::BadRequest`] with a text for people, who have never seen the key.
    pub fn of_form(key: &str, input: &ContactInput) -> Result<Self, AppError> {
        let hash: Fingerprint = hash(input).finalize().into();
        let words = BASE64_URL_SAFE_NO_PAD.encode(hash);
        let form = format!("{key}.");
        let key = IdempotencyKey::parse(key.as_bytes())
            .and_then(|_| IdempotencyKey::parse(format!("{form}{words}").as_bytes()))
            .map_err(|_| {
                AppError::bad_request(t!(
                    "This form cannot be sent. Reload the page and try again."
                ))
            })?;
        Ok(Self {
            key,
            fingerprint: of_meaning(hash),
            form: Some(form),
        })
    }
}

impl IdempotentRequest {
    /// The same request of one account in one book: others may use the same key.
    pub fn within(self, scope: &str) -> Self {
        Self {
            key: IdempotencyKey([scope, &self.key.0].concat()),
            form: self.form.map(|form| [scope, &form].concat()),
            ..self
        }
    }
}

fn of_meaning(mut hash: Fingerprint) -> Fingerprint {
    hash[..MEANING_PREFIX.len()].copy_from_slice(&MEANING_PREFIX);
    hash
}

fn hash(input: &ContactInput) -> Sha256 {
    let mut hash = Sha256::new();
    for text in input.meaning() {
        // With their lengths, so that text cannot move from one field to the next unnoticed.
        hash.update(text.len().to_be_bytes());
        hash.update(text);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::contacts::catalogue::Field;

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
    fn a_request_is_known_by_what_it_asks_for() {
        let fingerprint = |name: &str, welcome| {
            let draft = ContactInput::default().with(Field::Name, name.to_owned());
            let request = IdempotentRequest::new(b"key", &draft, welcome);
            request.expect("the key is valid").fingerprint
        };
        assert_eq!(fingerprint("Ada", None), fingerprint("Ada", None));
        assert_ne!(fingerprint("Ada", None), fingerprint("Bob", None));
        assert_ne!(fingerprint("Ada", None), fingerprint("Ada", Some(true)));
        assert!(!is_of_bytes(&fingerprint("Ada", None)));
        let form = IdempotentRequest::of_form("key", &ContactInput::default());
        assert!(!is_of_bytes(&form.expect("the key is valid").fingerprint));
        assert!(is_of_bytes(&Sha256::digest(b"{}")));
    }

    #[test]
    fn a_form_is_told_from_every_other_form() {
        let key = |name: &str, email: &str| {
            let draft = ContactInput::default()
                .with(Field::Name, name.to_owned())
                .with(Field::Emails, email.to_owned());
            IdempotentRequest::of_form("key", &draft)
                .expect("the key is valid")
                .key
        };
        assert_eq!(key("Ada", "a@b"), key("Ada", "a@b"));
        assert_ne!(key("Ada", "a@b"), key("Adaa", "@b"));
        assert_eq!(
            IdempotentRequest::of_form("", &ContactInput::default()),
            Err(AppError::bad_request(
                "This form cannot be sent. Reload the page and try again."
            ))
        );
    }
}
