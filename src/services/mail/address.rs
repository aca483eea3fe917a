//! Addresses as they travel.

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::DnsLength;
use idna::uts46::Hyphens;
use idna::uts46::Uts46;
use lettre::Address;

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
