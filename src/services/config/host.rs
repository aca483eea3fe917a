//! Names by which people and programs reach Kith.

use std::fmt;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use super::value::Value;

/// The longest name that DNS knows.
const LONGEST_NAME: usize = 253;

/// The host of an address on the web, without a port. Case and a dot at the end make no difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// An IP address, IPv4 where it has one.
    Address(IpAddr),
    /// A name in lower case, without the dot at its end.
    Name(String),
}

impl Host {
    /// Reads a host as it stands in URLs, where IPv6 addresses are in brackets.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(address) = text.strip_prefix('[') {
            let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
            return Some(Self::Address(IpAddr::V6(address).to_canonical()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Self::Address(address.into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let of_a_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let valid = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(of_a_name);
        valid.then(|| Self::Name(name.to_ascii_lowercase()))
    }

    /// Whether it means this machine wherever it is asked for: a loopback address, `localhost` or a
    /// name below it (RFC 6761).
    pub fn is_local(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
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

/// Names of hosts, perhaps none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts(pub Vec<Host>);

impl Value for Hosts {
    const TAKES: &'static str = r#"names of hosts without ports and with commas between, such as "kith.example.org, kith.lan""#;

    fn parse(text: &str) -> Option<Self> {
        let parts = text.split(',').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(Host::parse).collect::<Option<_>>().map(Self)
    }

    fn print(&self) -> String {
        let hosts: Vec<String> = self.0.iter().map(Host::to_string).collect();
        hosts.join(", ")
    }
}
