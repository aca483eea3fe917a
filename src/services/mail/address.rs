//! Addresses as an operator writes them, and as they travel.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::DnsLength;
use idna::uts46::Hyphens;
use idna::uts46::Uts46;
use lettre::Address;
use lettre::message::Mailbox;

/// Whom mail comes from, or goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAddress(Mailbox);

/// The text is not an address of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address of mail, such as Kith <kith@example.com>")]
pub struct InvalidMailAddress;

impl MailAddress {
    /// The name, if there is one, and the address.
    pub fn mailbox(&self) -> &Mailbox {
        &self.0
    }
}

impl FromStr for MailAddress {
    type Err = InvalidMailAddress;

    fn from_str(text: &str) -> Result<Self, InvalidMailAddress> {
        let mailbox: Mailbox = text.parse().map_err(|_| InvalidMailAddress)?;
        deliverable(&mailbox.email).ok_or(InvalidMailAddress)?;
        Ok(Self(mailbox))
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The form in which an address is sent: with its domain in ASCII if its local part is ASCII, because
/// few servers on the way know SMTPUTF8. A local part beyond ASCII has no other form, and its domain
/// stays with it. `None` where the domain has no form in ASCII.
pub fn deliverable(address: &Address) -> Option<Address> {
    if address.domain().is_ascii() || !address.user().is_ascii() {
        return Some(address.clone());
    }
    Address::new(address.user(), ascii_domain(address.domain())?).ok()
}

/// A domain as the DNS knows it: `bücher.example` is `xn--bcher-kva.example`.
pub(super) fn ascii_domain(domain: &str) -> Option<Cow<'_, str>> {
    if domain.is_ascii() {
        return Some(domain.into());
    }
    let deny = AsciiDenyList::STD3;
    let ascii = Uts46::new().to_ascii(domain.as_bytes(), deny, Hyphens::Allow, DnsLength::Verify);
    ascii.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_ascii_wherever_the_local_part_is() {
        let long = format!("ada@{}.example", "ü".repeat(63));
        for (address, expected) in [
            ("ada@example.com", Some("ada@example.com")),
            ("ada@bücher.example", Some("ada@xn--bcher-kva.example")),
            ("ada@BÜCHER.example", Some("ada@xn--bcher-kva.example")),
            ("ada@例え.テスト", Some("ada@xn--r8jz45g.xn--zckzah")),
            ("адá@bücher.example", Some("адá@bücher.example")),
            // Its label would be longer than the DNS allows.
            (&*long, None),
        ] {
            let (user, domain) = address.split_once('@').expect("an address");
            let sent = deliverable(&Address::new_dangerous(user, domain));
            assert_eq!(sent.as_ref().map(AsRef::as_ref), expected, "{address}");
        }
    }
}
