//! The types that configuration values are parsed into, and how each is read and printed.
//!
//! Invariant: `parse(print(value))` is the value again, so that printed configuration can be used.

use std::ffi::OsStr;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::host::Host;

/// A type that a key of the configuration may have.
pub(super) trait Value: Sized {
    /// What is accepted, with an example; completes "It takes …".
    const TAKES: &'static str;
    /// The TOML types that may carry the value, the one that is printed first.
    const TOML_TYPES: &'static [&'static str] = &["string"];
    /// Whether text that is meant to be such a value may hold a secret. What is refused of it is not shown.
    const MAY_HOLD_SECRET: bool = false;
    fn parse(text: &str) -> Option<Self>;
    fn print(&self) -> String;

    /// The value as it may be shown to people.
    fn show(&self) -> String {
        let text = self.print();
        if Self::MAY_HOLD_SECRET {
            return mask_secrets(&text);
        }
        text
    }
}

/// The value of a default from the table of keys.
pub(super) fn parse_default<T: Value>(text: &str) -> T {
    T::parse(text).expect("a default is valid; every test of the configuration reads them all")
}

/// The empty text stands for "not given".
impl<T: Value> Value for Option<T> {
    const TAKES: &'static str = T::TAKES;
    const MAY_HOLD_SECRET: bool = T::MAY_HOLD_SECRET;

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            Some(None)
        } else {
            T::parse(text).map(Some)
        }
    }

    fn print(&self) -> String {
        self.as_ref().map(T::print).unwrap_or_default()
    }

    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }
}

impl Value for SocketAddr {
    const TAKES: &'static str = r#"an IP address and a port, such as "127.0.0.1:3000""#;

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn print(&self) -> String {
        self.to_string()
    }
}

impl Value for PathBuf {
    const TAKES: &'static str = r#"a path, such as "./data""#;

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }

    fn print(&self) -> String {
        self.display().to_string()
    }
}

/// Every number of things is at least one: none at all would stop Kith, not tune it.
impl Value for NonZeroU32 {
    const TAKES: &'static str = "a whole number from 1 to 4294967295, such as 50";
    const TOML_TYPES: &'static [&'static str] = &["integer"];

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn print(&self) -> String {
        self.to_string()
    }
}

/// The longest unit first; see [`print_quantity`].
const TIME_UNITS: &[(&str, u64)] = &[("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
/// A year, in milliseconds: far from every overflow when it is added to a clock.
const LONGEST: u64 = 8_760 * 3_600_000;

impl Value for Duration {
    const TAKES: &'static str =
        r#"a whole number with "ms", "s", "m" or "h", from 1ms to 8760h, such as "10s""#;

    fn parse(text: &str) -> Option<Self> {
        let milliseconds = parse_quantity(text, TIME_UNITS)?;
        (1..=LONGEST)
            .contains(&milliseconds)
            .then(|| Self::from_millis(milliseconds))
    }

    fn print(&self) -> String {
        print_quantity(self.as_millis() as u64, TIME_UNITS)
    }
}

/// A number of bytes, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize(usize);

impl ByteSize {
    /// The number of bytes.
    pub fn bytes(self) -> usize {
        self.0
    }
}

const BYTE_UNITS: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
    ("", 1),
];

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print())
    }
}

impl Value for ByteSize {
    const TAKES: &'static str =
        r#"a number of bytes from 1, or of "KiB", "MiB" or "GiB", such as 65536 or "64KiB""#;
    const TOML_TYPES: &'static [&'static str] = &["string", "integer"];

    fn parse(text: &str) -> Option<Self> {
        let bytes = usize::try_from(parse_quantity(text, BYTE_UNITS)?).ok()?;
        (bytes > 0).then_some(Self(bytes))
    }

    fn print(&self) -> String {
        print_quantity(self.0 as u64, BYTE_UNITS)
    }
}

/// The number that `text` gives, in the smallest of `units`.
fn parse_quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end_of_digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = text.strip_suffix(end_of_digits)?;
    let (_, factor) = units.iter().find(|(unit, _)| *unit == end_of_digits)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The quantity in the largest unit that leaves no remainder.
fn print_quantity(quantity: u64, units: &[(&str, u64)]) -> String {
    units
        .iter()
        .find(|(_, factor)| quantity.is_multiple_of(*factor))
        .map(|(unit, factor)| format!("{}{unit}", quantity / factor))
        .unwrap_or_default()
}

/// A web origin: scheme, host, and the port if it is not the scheme's own; lower-case and without
/// a trailing slash, as browsers write it in the `Origin` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// For example `https://kith.example.org`, ready to be followed by a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host.
    pub fn host(&self) -> Option<Host> {
        let (_, authority) = self.0.split_once("://")?;
        let (host, _) = split_port(authority);
        Host::parse(host)
    }

    /// The origin of a server that speaks plain HTTP on `addr`.
    pub(super) fn of_address(addr: SocketAddr) -> Self {
        Self::new("http", ":80", &addr.to_string())
    }

    fn new(scheme: &str, default_port: &str, authority: &str) -> Self {
        let authority = authority.strip_suffix(default_port).unwrap_or(authority);
        Self(format!("{scheme}://{authority}"))
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

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for Origin {
    const TAKES: &'static str = r#""http://" or "https://" with a host, perhaps a port, and no path, such as "https://kith.example.org""#;
    const MAY_HOLD_SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, authority) = text.strip_suffix('/').unwrap_or(&text).split_once("://")?;
        let default_port = match scheme {
            "http" => ":80",
            "https" => ":443",
            _ => return None,
        };
        let (host, port) = split_port(authority);
        let is_number = |port: &str| {
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
        };
        let valid_host = Host::parse(host).is_some();
        let valid_port = port.is_none_or(is_number);
        (valid_host && valid_port).then(|| Self::new(scheme, default_port, authority))
    }

    fn print(&self) -> String {
        self.0.clone()
    }
}

/// The address of the database: for now, always a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseUrl(PathBuf);

impl DatabaseUrl {
    /// The path of the database file; a relative one starts at the working directory.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Value for DatabaseUrl {
    const TAKES: &'static str = r#""sqlite://" and the path of a file, such as "sqlite:///var/lib/kith/kith.db"; PostgreSQL comes in a later release"#;
    const MAY_HOLD_SECRET: bool = true;

    /// The path is taken as it stands. Parameters and escapes are refused, as is `:memory:`, which
    /// would give each connection a database of its own.
    fn parse(text: &str) -> Option<Self> {
        let path = text.strip_prefix("sqlite://")?;
        let is_path = Path::new(path)
            .file_name()
            .is_some_and(|n| n != OsStr::new(":memory:"));
        (is_path && !path.contains(['?', '#', '%'])).then(|| Self(path.into()))
    }

    fn print(&self) -> String {
        format!("sqlite://{}", self.0.display())
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty if standard output is a terminal, otherwise JSON.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
}

impl Value for LogFormat {
    const TAKES: &'static str = r#""auto", "pretty" or "json""#;

    fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "pretty" => Some(Self::Pretty),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn print(&self) -> String {
        let text = match self {
            Self::Auto => "auto",
            Self::Pretty => "pretty",
            Self::Json => "json",
        };
        text.to_owned()
    }
}

/// Directives that `tracing_subscriber::EnvFilter` accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFilter(String);

impl LogFilter {
    /// The directives, checked, for `EnvFilter::new`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for LogFilter {
    const TAKES: &'static str = r#"tracing directives, such as "info" or "warn,kith=debug""#;

    fn parse(text: &str) -> Option<Self> {
        EnvFilter::try_new(text).ok().map(|_| Self(text.to_owned()))
    }

    fn print(&self) -> String {
        self.0.clone()
    }
}

/// A URL with `***` for what may be a secret in it: what stands before an `@`, and what stands after a `?` or
/// a `#`. A password may hold signs that the operator forgot to escape; where that is possible all of it is masked.
pub(super) fn mask_secrets(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else {
        return text.to_owned();
    };
    let end = rest.find(['?', '#']).map_or(rest.len(), |sign| sign + 1);
    let (shown, hidden) = rest.split_at(end);
    if hidden.contains('@') {
        return format!("{scheme}://***");
    }
    let (user, shown) = match shown.rsplit_once('@') {
        Some((_, host)) => ("***@", host),
        None => ("", shown),
    };
    let parameters = if hidden.is_empty() { "" } else { "***" };
    format!("{scheme}://{user}{shown}{parameters}")
}
