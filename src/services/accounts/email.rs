//! The address to which an account gets mail.

use std::fmt;

use lettre::Address;

use crate::model::language::t;
use crate::services::mail::deliverable;

/// The most bytes of an address (RFC 5321, 4.5.3.1.3).
const MAX_BYTES: usize = 254;

/// An address that mail can be sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAddress(String);

/// Why a text is no address. It says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", t!("Enter an address that mail can be sent to, such as ada@example.com."))]
pub struct InvalidEmail;

impl EmailAddress {
    /// Reads what a person has typed.
    ///
    /// # Errors
    /// [`InvalidEmail`].
    pub fn parse(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return Err(InvalidEmail);
        }
        let address: Address = text.parse().map_err(|_| InvalidEmail)?;
        deliverable(&address).ok_or(InvalidEmail)?;
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What tells addresses apart, as the database computes it with `lower`.
    pub(super) fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_that_mail_can_be_sent_to() {
        for text in [" Ada@Example.com ", "ada+kith@bücher.example"] {
            let address = EmailAddress::parse(text).expect("an address");
            assert_eq!(address.as_str(), text.trim());
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for text in [
            "",
            "ada",
            "ada@",
            "Ada <ada@example.com>",
            "a@b\r\nc: d",
            &long,
        ] {
            assert_eq!(EmailAddress::parse(text), Err(InvalidEmail), "{text:?}");
        }
    }
}
