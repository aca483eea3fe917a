//! Values of the queue, of mail and of what is sent by them.

use std::fmt;
use std::time::Duration;

use lettre::message::Mailbox;
use reqwest::Url;

use super::parts::without_line_break;
use super::value::Origin;
use super::value::Value;
use crate::services::mail::SmtpServer;
use crate::services::mail::deliverable;
use kith_queue::cron::Cron;
use kith_queue::delay::RetryDelay;
use kith_queue::destination::is_foreign;

/// A number that may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub u32);

impl Value for Count {
    const TAKES: &'static str = "a whole number from 0 to 1000, such as 3";
    const TOML_TYPES: &'static [&'static str] = &["integer"];

    fn parse(text: &str) -> Option<Self> {
        let number = text.parse().ok().filter(|number| *number <= 1000);
        number.map(Self)
    }

    fn print(&self) -> String {
        self.0.to_string()
    }
}

/// A span of time that may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl Value for Span {
    const TAKES: &'static str =
        r#"a whole number with "ms", "s", "m" or "h", from 0s to 8760h, such as "10s""#;

    fn parse(text: &str) -> Option<Self> {
        if ["0ms", "0s", "0m", "0h"].contains(&text) {
            return Some(Self(Duration::ZERO));
        }
        <Duration as Value>::parse(text).map(Self)
    }

    fn print(&self) -> String {
        if self.0.is_zero() {
            "0s".to_owned()
        } else {
            self.0.print()
        }
    }
}

/// How often something asks for news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll(Duration);

impl Poll {
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl Value for Poll {
    const TAKES: &'static str = r#"a span of time from 2s to 1h, such as "5s""#;

    fn parse(text: &str) -> Option<Self> {
        let possible = Duration::from_secs(2)..=Duration::from_secs(3600);
        let period = <Duration as Value>::parse(text)?;
        possible.contains(&period).then_some(Self(period))
    }

    fn print(&self) -> String {
        self.0.print()
    }
}

/// Web origins, perhaps none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(pub Vec<Origin>);

impl Value for Origins {
    const TAKES: &'static str =
        r#"origins with commas between, such as "https://example.com, http://127.0.0.1:9000""#;
    const MAY_HOLD_SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let parts = text.split(',').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        parts.map(Origin::parse).collect::<Option<_>>().map(Self)
    }

    fn print(&self) -> String {
        let origins: Vec<&str> = self.0.iter().map(Origin::as_str).collect();
        origins.join(", ")
    }
}

/// The address of an API: an origin and perhaps a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Without a slash at its end.
    pub fn as_str(&self) -> &str {
        self.0.trim_end_matches('/')
    }
}

impl Value for BaseUrl {
    const TAKES: &'static str = r#""http://" or "https://" with a host and perhaps a path, such as "https://qstash.upstash.io""#;
    const MAY_HOLD_SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let known = matches!(url.scheme(), "http" | "https") && !text.contains(is_foreign);
        (plain && known).then(|| Self(text.to_owned()))
    }

    fn print(&self) -> String {
        self.0.clone()
    }
}

/// A mail server, with the password if it has one.
#[derive(Clone)]
pub struct SmtpUrl {
    text: String,
    server: SmtpServer,
}

impl SmtpUrl {
    pub fn server(&self) -> &SmtpServer {
        &self.server
    }
}

impl Value for SmtpUrl {
    const TAKES: &'static str = r#""smtps://" or "smtp://" with a host, perhaps a user and a password, such as "smtps://user:password@mail.example.com"; "smtp://" speaks TLS too, unless it ends in "?tls=none""#;
    const MAY_HOLD_SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        Some(Self {
            server: text.parse().ok()?,
            text: text.to_owned(),
        })
    }

    fn print(&self) -> String {
        self.text.clone()
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show())
    }
}

/// Whom mail comes from, or goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAddress(Mailbox);

impl MailAddress {
    pub fn mailbox(&self) -> &Mailbox {
        &self.0
    }
}

impl Value for MailAddress {
    const TAKES: &'static str =
        r#"an address, perhaps with a name, such as "Kith <kith@example.com>""#;

    fn parse(text: &str) -> Option<Self> {
        let mailbox: Mailbox = text.parse().ok()?;
        deliverable(&mailbox.email)?;
        Some(Self(mailbox))
    }

    fn print(&self) -> String {
        self.0.to_string()
    }
}

/// What stands for a contact's name in a [`Template`].
const NAME: &str = "{name}";

/// A text in which `{name}` stands for a contact's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(String);

impl Template {
    /// The text with a contact's name in it.
    pub fn fill(&self, name: &str) -> String {
        self.0.replace(NAME, name)
    }

    /// What stands before, between and after the contact's name.
    pub fn parts(&self) -> Vec<String> {
        self.0.split(NAME).map(str::to_owned).collect()
    }
}

impl Value for Template {
    const TAKES: &'static str =
        r#"text in which {name} stands for the contact's name, such as "Welcome, {name}""#;

    /// No other braces are taken: whoever writes `{email}` expects something.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.replace(NAME, "");
        let valid = !text.trim().is_empty() && !rest.contains(['{', '}']);
        valid.then(|| Self(text.to_owned()))
    }

    fn print(&self) -> String {
        self.0.clone()
    }
}

/// A secret that is too long to be guessed over the network.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Value for Token {
    const TAKES: &'static str =
        r#"16 or more visible ASCII characters, for example of `openssl rand -hex 20`"#;
    const MAY_HOLD_SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let text = without_line_break(text);
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        (text.len() >= 16 && visible).then(|| Self(text.to_owned()))
    }

    fn print(&self) -> String {
        self.0.clone()
    }

    fn show(&self) -> String {
        "***".to_owned()
    }
}

/// A wait before something is tried again, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait(String);

impl Wait {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for Wait {
    const TAKES: &'static str =
        r#"an expression in milliseconds, such as "60000 * pow(2, retried)""#;

    fn parse(text: &str) -> Option<Self> {
        let parsed = text.parse::<RetryDelay>();
        parsed.ok().map(|_| Self(text.to_owned()))
    }

    fn print(&self) -> String {
        self.0.clone()
    }
}

/// Times at which something happens again and again, as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times(String);

impl Times {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for Times {
    const TAKES: &'static str = r#"a cron expression of five fields, perhaps after a time zone, such as "CRON_TZ=Europe/Paris 0 9 * * *""#;

    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        text.parse::<Cron>().ok().map(|_| Self(text.to_owned()))
    }

    fn print(&self) -> String {
        self.0.clone()
    }
}
