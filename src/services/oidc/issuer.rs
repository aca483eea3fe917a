//! [`Issuer`]: the address of a provider.

use std::fmt;
use std::str::FromStr;

use openidconnect::url::Host;
use openidconnect::url::Url;

/// The address by which a provider is known, as it writes it itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

/// The text is no address of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address such as https://id.example.org")]
pub struct InvalidIssuer;

impl Issuer {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Issuer {
    type Err = InvalidIssuer;

    fn from_str(text: &str) -> Result<Self, InvalidIssuer> {
        let url = Url::parse(text).map_err(|_| InvalidIssuer)?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        match is_plain && is_protected(&url) {
            // The provider's own spelling counts, with or without a slash at the end.
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidIssuer),
        }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether no one on the way can read or change what is sent to this address.
pub fn is_protected(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_reached_by_https_or_on_this_machine() {
        for (text, is_issuer) in [
            ("https://id.example.org", true),
            ("https://id.example.org/realms/kith/", true),
            ("http://127.0.0.1:4000", true),
            ("http://[::1]:4000", true),
            ("http://localhost:4000/a", true),
            ("http://id.example.org", false),
            ("http://localhost.example.org", false),
            ("ftp://localhost", false),
            ("https://ada@id.example.org", false),
            ("https://id.example.org/?a=b", false),
            ("https://id.example.org/#a", false),
            ("id.example.org", false),
            ("", false),
        ] {
            let parsed = text.parse::<Issuer>();
            assert_eq!(parsed.is_ok(), is_issuer, "{text}");
            if let Ok(issuer) = parsed {
                assert_eq!(issuer.to_string(), text);
            }
        }
    }
}
