//! [`SecurityContact`]: where people report a weakness of this Kith.

use std::fmt;
use std::str::FromStr;

use lettre::Address;
use reqwest::Url;

/// An address of mail or a page, as the URI that `Contact` of a `security.txt` takes (RFC 9116, 2.5.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityContact(String);

/// The text is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither an address of mail nor an https:// page")]
pub struct InvalidSecurityContact;

impl FromStr for SecurityContact {
    type Err = InvalidSecurityContact;

    fn from_str(text: &str) -> Result<Self, InvalidSecurityContact> {
        if text.starts_with("https://") {
            let page: Url = text.parse().map_err(|_| InvalidSecurityContact)?;
            return Ok(Self(page.to_string()));
        }
        let address = text.strip_prefix("mailto:").unwrap_or(text);
        let address: Address = address.parse().map_err(|_| InvalidSecurityContact)?;
        // A URI has no other characters.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "@.-_+~".contains(c);
        let uri = format!("mailto:{address}");
        let is_uri = uri["mailto:".len()..].chars().all(is_plain);
        is_uri.then_some(Self(uri)).ok_or(InvalidSecurityContact)
    }
}

impl fmt::Display for SecurityContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_an_address_of_mail_or_a_page() {
        for (text, expected) in [
            ("security@example.org", Some("mailto:security@example.org")),
            (
                "mailto:security@example.org",
                Some("mailto:security@example.org"),
            ),
            (
                "https://example.org/security",
                Some("https://example.org/security"),
            ),
            ("http://example.org", None),
            ("example.org", None),
            ("a@example.org\nContact: b@example.org", None),
            ("https://", None),
        ] {
            let contact = text.parse::<SecurityContact>().ok();
            assert_eq!(
                contact.map(|contact| contact.to_string()).as_deref(),
                expected,
                "{text:?}"
            );
        }
        let page: SecurityContact = "https://example.org/a\nb".parse().expect("a page");
        assert!(!page.to_string().contains('\n'));
    }
}
