//! Values that belong to one part of Kith: Redis, the limiter, proxies.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use ipnet::Ipv4Net;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::value::Value;
use kith_limit::{Algorithm, FailMode};
use kith_redis::Address;

/// A type with a handful of values, each with a name.
macro_rules! one_of {
    ($Type:ty, $types:literal, $takes:literal: $($text:literal => $value:expr),+) => {
        impl Value for $Type {
            const TAKES: &'static str = $takes;
            const TOML_TYPES: &'static [&'static str] = &[$types];

            fn parse(text: &str) -> Option<Self> {
                match text {
                    $($text => Some($value),)+
                    _ => None,
                }
            }

            fn print(&self) -> String {
                let texts = [$(($value, $text)),+];
                let found = texts.iter().find(|(value, _)| value == self);
                found.map(|(_, text)| (*text).to_owned()).unwrap_or_default()
            }
        }
    };
}

one_of!(bool, "boolean", "true or false": "true" => true, "false" => false);

/// By the names that the limiter itself gives them.
impl Value for Algorithm {
    const TAKES: &'static str =
        r#""fixed_window", "sliding_window", "sliding_log" or "token_bucket""#;

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == text)
    }

    fn print(&self) -> String {
        self.name().to_owned()
    }
}

one_of!(FailMode, "string", r#""local", "open" or "closed""#:
    "local" => Self::Local,
    "open" => Self::Open,
    "closed" => Self::Closed
);

/// The header that a trusted proxy tells its clients' addresses in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: client, proxy`.
    XForwardedFor,
    /// `Forwarded: for=client, for=proxy` (RFC 7239).
    Forwarded,
}

one_of!(ForwardedHeader, "string", r#""x-forwarded-for" or "forwarded""#:
    "x-forwarded-for" => Self::XForwardedFor,
    "forwarded" => Self::Forwarded
);

/// Addresses and networks, perhaps none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

impl Networks {
    /// Whether a client's address, IPv4 where it has one, is in one of them.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl Value for Networks {
    const TAKES: &'static str =
        r#"addresses and networks with commas between, such as "10.0.0.0/8, 2001:db8::1""#;

    fn parse(text: &str) -> Option<Self> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let network = |part: &str| match part.parse::<IpNet>() {
            Ok(network) => Some(network),
            Err(_) => part.parse().ok().map(|address: IpAddr| address.into()),
        };
        // Clients are known by their IPv4 address where they have one.
        let parts = parts.map(|part| network(part).map(without_mapping));
        parts.collect::<Option<_>>().map(Self)
    }

    fn print(&self) -> String {
        let networks: Vec<String> = self.0.iter().map(IpNet::to_string).collect();
        networks.join(", ")
    }
}

/// The IPv4 network that an IPv6 network of mapped addresses stands for, or the network itself.
fn without_mapping(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V6(network) => network
            .addr()
            .to_ipv4_mapped()
            .zip(network.prefix_len().checked_sub(96)),
        IpNet::V4(_) => None,
    };
    let mapped = mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    mapped.map_or(network, IpNet::V4)
}

/// Where Redis is, with the password if it has one.
#[derive(Clone)]
pub struct RedisUrl {
    text: String,
    address: Address,
}

impl RedisUrl {
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl Value for RedisUrl {
    const TAKES: &'static str = r#""redis://", "rediss://", "redis+sentinel://" or "redis+cluster://" with a host, or "unix://" with a path, such as "redis://127.0.0.1:6379""#;
    const MAY_HOLD_SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        Some(Self {
            address: text.parse().ok()?,
            text: text.to_owned(),
        })
    }

    fn print(&self) -> String {
        self.text.clone()
    }
}

/// A file of certificates, read when the configuration is.
#[derive(Clone)]
pub struct PemFile {
    path: String,
    content: Vec<u8>,
}

impl PemFile {
    /// What was in it.
    pub fn content(&self) -> Vec<u8> {
        self.content.clone()
    }
}

impl Value for PemFile {
    const TAKES: &'static str =
        r#"the path of a file with certificates in PEM form, such as "/etc/kith/ca.pem""#;

    fn parse(path: &str) -> Option<Self> {
        let content = std::fs::read(path).ok()?;
        let mut certificates = CertificateDer::pem_slice_iter(&content).peekable();
        let any = certificates.peek().is_some();
        let valid = any && certificates.all(|certificate| certificate.is_ok());
        valid.then(|| Self {
            path: path.to_owned(),
            content,
        })
    }

    fn print(&self) -> String {
        self.path.clone()
    }
}

/// Text that is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The text of a secret without the line break that ends a file of secrets.
pub(super) fn without_line_break(text: &str) -> &str {
    text.trim_end_matches(['\r', '\n'])
}

impl Value for Secret {
    const TAKES: &'static str = "any text but a line break alone";
    const MAY_HOLD_SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let text = without_line_break(text);
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    fn print(&self) -> String {
        self.0.clone()
    }

    fn show(&self) -> String {
        "***".to_owned()
    }
}

/// What the names of all of Kith's keys on Redis begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyPrefix(String);

impl KeyPrefix {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for KeyPrefix {
    const TAKES: &'static str = r#"letters, digits, "-", "_", "." and ":", such as "kith""#;

    fn parse(text: &str) -> Option<Self> {
        let of_a_prefix = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        let valid = !text.is_empty() && text.chars().all(of_a_prefix);
        valid.then(|| Self(text.to_owned()))
    }

    fn print(&self) -> String {
        self.0.clone()
    }
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(u8);

impl Percent {
    /// From 1 to 100.
    pub fn new(percent: u8) -> Option<Self> {
        (1..=100).contains(&percent).then_some(Self(percent))
    }

    /// The part of so many, rounded up.
    pub fn of(self, many: usize) -> usize {
        many.saturating_mul(self.0.into()).div_ceil(100)
    }
}

impl Value for Percent {
    const TAKES: &'static str = r#"a whole number from 1 to 100 with "%", such as "50%""#;

    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_suffix('%')?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .parse()
            .ok()
            .filter(|_| is_number)
            .and_then(Self::new)
    }

    fn print(&self) -> String {
        format!("{}%", self.0)
    }
}
