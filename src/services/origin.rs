//! Names under which browsers and proxies reach a server: hosts and web origins.

use std::fmt;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::str::FromStr;

/// The longest name that DNS knows.
const MAX_NAME_LENGTH: usize = 253;

/// The host of an address on the web, without a port. Case and a dot at the end make no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An IP address, IPv4 where it has one.
    Address(IpAddr),
    /// A name in lower case, without the dot at its end.
    Name(String),
}

/// The text is not a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a host, such as kith.example.org or [::1]")]
pub struct InvalidHost;

impl Host {
    /// Whether it means this machine wherever it is asked for: a loopback address, `localhost` or a
    /// name below it (RFC 6761).
    pub fn is_local(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }
}

impl FromStr for Host {
    type Err = InvalidHost;

    /// Reads a host as it stands in URLs, where IPv6 addresses are in brackets.
    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        if let Some(address) = text.strip_prefix('[') {
            let address = address.strip_suffix(']').ok_or(InvalidHost)?;
            let address: Ipv6Addr = address.parse().map_err(|_| InvalidHost)?;
            return Ok(Self::Address(IpAddr::V6(address).to_canonical()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(address.into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let of_a_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        if (1..=MAX_NAME_LENGTH).contains(&name.len()) && name.chars().all(of_a_name) {
            return Ok(Self::Name(name.to_ascii_lowercase()));
        }
        Err(InvalidHost)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A web origin: scheme, host, and the port if it is not the scheme's own; lower-case and without
/// a trailing slash, as browsers write it in the `Origin` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The text is not a web origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin, such as https://kith.example.org")]
pub struct InvalidOrigin;

impl Origin {
    /// For example `https://kith.example.org`, ready to be followed by a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host.
    pub fn host(&self) -> Option<Host> {
        let (_, authority) = self.0.split_once("://")?;
        let (host, _) = split_port(authority);
        host.parse().ok()
    }

    /// Whether browsers reach it by https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The origin of a server that speaks plain HTTP on `addr`.
    pub fn of_address(addr: SocketAddr) -> Self {
        Self::new("http", ":80", &addr.to_string())
    }

    fn new(scheme: &str, default_port: &str, authority: &str) -> Self {
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        Self(format!("{scheme}://{authority}"))
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let text = text.to_ascii_lowercase();
        let text = text.strip_suffix('/').unwrap_or(&text);
        let (scheme, authority) = text.split_once("://").ok_or(InvalidOrigin)?;
        let default_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return Err(InvalidOrigin),
        };
        let (host, port) = split_port(authority);
        let is_number = |port: &str| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
        };
        if host.parse::<Host>().is_err() || !port.is_none_or(is_number) {
            return Err(InvalidOrigin);
        }
        Ok(Self::new(scheme, default_port, authority))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The host and the port of an authority, perhaps without one.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    // The colons inside of an IPv6 address, which stands in brackets, begin no port.
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}
