//! What the loader needs to know of a type of values: how it is read and written, and the words that a
//! refusal uses.
//!
//! Types read and write themselves by `FromStr` and `Display`, beside the code that uses them. Here each
//! has only its [`Described`], which says what it expects in the terms of `Leptos.toml`.
//!
//! Invariant: `parse(to_text(value))` is the value again, so that printed configuration can be used. Only the address of
//! a database loses its password.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use kith_limit::Algorithm;
use kith_limit::FailMode;
use kith_queue::cron::Cron;
use kith_queue::delay::RetryDelay;
use kith_queue::qstash::BaseUrl;
use kith_redis::Address;
use kith_redis::KeyPrefix;

use super::list::List;
use super::pem_file::PemFile;
use super::quantity::ByteSize;
use super::quantity::Count;
use super::quantity::Percent;
use super::quantity::Poll;
use super::quantity::Span;
use super::quantity::format_duration;
use super::quantity::parse_duration;
use super::single_line::SingleLine;
use crate::services::database::DatabaseUrl;
use crate::services::mail::MailAddress;
use crate::services::mail::SmtpServer;
use crate::services::network::ForwardedHeader;
use crate::services::network::Network;
use crate::services::oidc::CreationRule;
use crate::services::oidc::Issuer;
use crate::services::origin::Host;
use crate::services::origin::Origin;
use crate::services::security_contact::SecurityContact;
use crate::services::telemetry::LogFilter;
use crate::services::telemetry::LogFormat;
use crate::services::time_zone::Zone;
use crate::services::welcome::Template;

/// A type that a key of the configuration may have.
pub(super) trait Setting: Sized {
    /// What is accepted, with an example; completes "It takes …".
    const EXPECTED: &'static str;
    /// The TOML types that may carry the value, the one that is printed first.
    const TOML_TYPES: &'static [&'static str] = &["string"];
    /// Whether text that is meant to be such a value may hold a secret. What is refused of it is not shown.
    const MAY_HOLD_SECRET: bool = false;

    fn parse(text: &str) -> Option<Self>;

    /// The text that [`parse`](Self::parse) reads back.
    fn to_text(&self) -> String;

    /// The value as people may see it.
    fn redacted(&self) -> String {
        let text = self.to_text();
        if Self::MAY_HOLD_SECRET {
            return mask_secrets(&text);
        }
        text
    }
}

/// A type that reads itself, in the words of the configuration. See [`Setting`].
pub(super) trait Described: FromStr {
    const EXPECTED: &'static str;
    const TOML_TYPES: &'static [&'static str] = &["string"];
    const MAY_HOLD_SECRET: bool = false;
}

impl<T: Described + fmt::Display> Setting for T {
    const EXPECTED: &'static str = <T as Described>::EXPECTED;
    const TOML_TYPES: &'static [&'static str] = <T as Described>::TOML_TYPES;
    const MAY_HOLD_SECRET: bool = <T as Described>::MAY_HOLD_SECRET;

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn to_text(&self) -> String {
        self.to_string()
    }
}

/// The empty text stands for "not given".
impl<T: Setting> Setting for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const TOML_TYPES: &'static [&'static str] = T::TOML_TYPES;
    const MAY_HOLD_SECRET: bool = T::MAY_HOLD_SECRET;

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            Some(None)
        } else {
            T::parse(text).map(Some)
        }
    }

    fn to_text(&self) -> String {
        self.as_ref().map(T::to_text).unwrap_or_default()
    }

    fn redacted(&self) -> String {
        self.as_ref().map(T::redacted).unwrap_or_default()
    }
}

/// The value of a default from the table of keys.
pub(super) fn parse_default<T: Setting>(text: &str) -> T {
    T::parse(text).expect("a default is valid; every test of the configuration reads them all")
}

impl Setting for Duration {
    const EXPECTED: &'static str =
        r#"a whole number with "ms", "s", "m" or "h", from 1ms to 8760h, such as "10s""#;

    fn parse(text: &str) -> Option<Self> {
        parse_duration(text)
    }

    fn to_text(&self) -> String {
        format_duration(*self)
    }
}

impl Setting for PathBuf {
    const EXPECTED: &'static str = r#"a path, such as "./data""#;

    fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self::from(text))
    }

    fn to_text(&self) -> String {
        self.display().to_string()
    }
}

impl Described for bool {
    const EXPECTED: &'static str = "true or false";
    const TOML_TYPES: &'static [&'static str] = &["boolean"];
}

impl Described for SecurityContact {
    const EXPECTED: &'static str = r#"an address of mail or a page, such as "security@example.org" or "https://example.org/security""#;
}

/// Every number of things is at least one: none at all would stop Kith, not tune it.
impl Described for NonZeroU32 {
    const EXPECTED: &'static str = "a whole number from 1 to 4294967295, such as 50";
    const TOML_TYPES: &'static [&'static str] = &["integer"];
}

impl Described for Count {
    const EXPECTED: &'static str = "a whole number from 0 to 1000, such as 3";
    const TOML_TYPES: &'static [&'static str] = &["integer"];
}

impl Described for Percent {
    const EXPECTED: &'static str = r#"a whole number from 1 to 100 with "%", such as "50%""#;
}

impl Described for ByteSize {
    const EXPECTED: &'static str =
        r#"a number of bytes from 1, or of "KiB", "MiB" or "GiB", such as 65536 or "64KiB""#;
    const TOML_TYPES: &'static [&'static str] = &["string", "integer"];
}

impl Described for Span {
    const EXPECTED: &'static str =
        r#"a whole number with "ms", "s", "m" or "h", from 0s to 8760h, such as "10s""#;
}

impl Described for Poll {
    const EXPECTED: &'static str = r#"a span of time from 2s to 1h, such as "5s""#;
}

impl Described for SocketAddr {
    const EXPECTED: &'static str = r#"an IP address and a port, such as "127.0.0.1:3000""#;
}

impl Described for Origin {
    const EXPECTED: &'static str = r#""http://" or "https://" with a host, perhaps a port, and no path, such as "https://kith.example.org""#;
    const MAY_HOLD_SECRET: bool = true;
}

impl Described for List<Origin> {
    const EXPECTED: &'static str =
        r#"origins with commas between, such as "https://example.com, http://127.0.0.1:9000""#;
    const MAY_HOLD_SECRET: bool = true;
}

impl Described for List<Host> {
    const EXPECTED: &'static str = r#"names of hosts without ports and with commas between, such as "kith.example.org, kith.lan""#;
}

impl Described for List<Network> {
    const EXPECTED: &'static str =
        r#"addresses and networks with commas between, such as "10.0.0.0/8, 2001:db8::1""#;
}

impl Described for ForwardedHeader {
    const EXPECTED: &'static str = r#""x-forwarded-for" or "forwarded""#;
}

impl Described for DatabaseUrl {
    const EXPECTED: &'static str = r#""sqlite://" and the path of a file, such as "sqlite:///var/lib/kith/kith.db", or "postgres://kith:password@db.example.org:5432/kith", with special characters in it escaped"#;
    const MAY_HOLD_SECRET: bool = true;
}

impl Described for Address {
    const EXPECTED: &'static str = r#""redis://", "rediss://", "redis+sentinel://" or "redis+cluster://" with a host, or "unix://" with a path, such as "redis://127.0.0.1:6379""#;
    const MAY_HOLD_SECRET: bool = true;
}

impl Described for KeyPrefix {
    const EXPECTED: &'static str = r#"letters, digits, "-", "_", "." and ":", such as "kith""#;
}

impl Described for PemFile {
    const EXPECTED: &'static str =
        r#"the path of a file with certificates in PEM form, such as "/etc/kith/ca.pem""#;
}

impl Described for Algorithm {
    const EXPECTED: &'static str =
        r#""fixed_window", "sliding_window", "sliding_log" or "token_bucket""#;
}

impl Described for FailMode {
    const EXPECTED: &'static str = r#""local", "open" or "closed""#;
}

impl Described for BaseUrl {
    const EXPECTED: &'static str = r#""http://" or "https://" with a host and perhaps a path, such as "https://qstash.upstash.io""#;
    const MAY_HOLD_SECRET: bool = true;
}

impl Described for RetryDelay {
    const EXPECTED: &'static str =
        r#"an expression in milliseconds, such as "60000 * pow(2, retried)""#;
}

impl Described for Cron {
    const EXPECTED: &'static str = r#"a cron expression of five fields, perhaps after a time zone, such as "CRON_TZ=Europe/Paris 0 9 * * *""#;
}

impl Described for SmtpServer {
    const EXPECTED: &'static str = r#""smtps://" or "smtp://" with a host, perhaps a user and a password, such as "smtps://user:password@mail.example.com"; "smtp://" speaks TLS too, unless it ends in "?tls=none""#;
    const MAY_HOLD_SECRET: bool = true;
}

impl Described for MailAddress {
    const EXPECTED: &'static str =
        r#"an address, perhaps with a name, such as "Kith <kith@example.com>""#;
}

impl Described for Template {
    const EXPECTED: &'static str =
        r#"text in which {name} stands for the contact's name, such as "Welcome, {name}""#;
}

impl Described for Issuer {
    const EXPECTED: &'static str = r#"the address of a provider as it writes it itself, such as "https://id.example.org"; "http://" only on this machine"#;
    const MAY_HOLD_SECRET: bool = true;
}

impl Described for CreationRule {
    const EXPECTED: &'static str =
        r#"a domain of email addresses or a group, such as "@example.org" or "group:staff""#;
}

impl Described for SingleLine {
    const EXPECTED: &'static str = "a text of 1 to 100 characters in one line";
}

impl Described for LogFormat {
    const EXPECTED: &'static str = r#""auto", "pretty" or "json""#;
}

impl Described for LogFilter {
    const EXPECTED: &'static str = r#"tracing directives, such as "info" or "warn,kith=debug""#;
}

impl Described for Zone {
    const EXPECTED: &'static str = r#"a time zone of the IANA database, such as "Europe/Paris""#;
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
