//! The photo of a contact: which one it is, and the pictures that pages show of it.
//!
//! A card holds the file. What is shown are two JPEGs that Kith has made of it, because the file may be of any size, and
//! may be anything but a picture.

mod words;

use std::fmt;
use std::str::FromStr;

use kith_photo::Prepared;
use kith_runtime::hex;
use sha2::Digest;
use sha2::Sha256;

use crate::model::contact::ContactId;

pub use self::words::for_reader;

/// How much of the hash a key has: as much as a random id.
const KEY_BYTES: usize = 16;

/// Names the photo in a card by its bytes, so that another photo has another key: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhotoKey(String);

impl PhotoKey {
    /// The key of this file.
    pub fn of(file: &[u8]) -> Self {
        Self(hex(&Sha256::digest(file)[..KEY_BYTES]))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the large picture is. The small one is at the same address with [`SMALL`] behind it.
    pub fn address(&self, contact: ContactId) -> String {
        ["/contacts/", &contact.text(), "/photo/", &self.0, ".jpg"].concat()
    }

    /// The key in the name of a file, as it stands at the end of an address.
    pub fn in_address(address: &str) -> Option<Self> {
        let name = address.rsplit('/').next()?;
        name.strip_suffix(".jpg")?.parse().ok()
    }
}

impl fmt::Display for PhotoKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidKey;

impl FromStr for PhotoKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_key = text.len() == 2 * KEY_BYTES && text.bytes().all(is_digit);
        is_key.then(|| Self(text.to_owned())).ok_or(InvalidKey)
    }
}

/// Which picture of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// For the page of a contact.
    Large,
    /// For a row of a list.
    Small,
}

impl Size {
    /// The JPEG of this size.
    pub fn of(self, prepared: Prepared) -> Vec<u8> {
        match self {
            Self::Large => prepared.large.bytes,
            Self::Small => prepared.small.bytes,
        }
    }
}

/// What is known of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    /// The JPEG.
    Made(Vec<u8>),
    /// The file in the card cannot be decoded.
    Undecodable,
    /// Kith has not tried yet.
    NotMade,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_the_key() {
        let key = PhotoKey::of(b"a file");
        assert_eq!(key.as_str().len(), 32);
        assert_ne!(key, PhotoKey::of(b"another file"));
        let address = key.address(ContactId::new(uuid::Uuid::nil()));
        assert_eq!(PhotoKey::in_address(&address), Some(key.clone()));
        for wrong in [
            "",
            "/contacts",
            &key.to_string(),
            "0123.jpg",
            &format!("{}.jpg", key.to_string().to_uppercase()),
            &format!("{key}0.jpg"),
            &format!("{key}.jpg/"),
            "éééééééééééééééé.jpg",
        ] {
            assert_eq!(PhotoKey::in_address(wrong), None, "{wrong}");
        }
    }
}
