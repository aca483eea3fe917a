//! The runtime configuration: what an operator may set without building Kith again.
//!
//! Precedence: built-in default < `Leptos.toml` < environment. Every key has the environment name
//! `KITH_<SECTION>_<KEY>`; where a conventional name exists too, the `KITH_` one wins, because
//! only an operator of Kith sets it (`cargo leptos watch` always sets `LEPTOS_SITE_ADDR`). An empty variable counts as not set.
//!
//! Invariants:
//! - The table below is the only place that knows a key. Its type, default, environment names,
//!   its line in `Leptos.toml` and in `kith --help`, and "did you mean" derive from it.
//! - Values are parsed when they are read, and a loaded [`Config`] holds only valid ones.
//! - Nothing is ignored: unknown keys, unknown `KITH_*` variables and wrong values are all refused,
//!   together, each with its source and what to write instead. Old names of keys are read for one release,
//!   each with a warning.
//! - Secrets leave this module in no text: not printed, not in `Debug`, not in an error. A value that is refused
//!   is not shown where it may hold one.

mod as_written;
mod cli;
mod key;
mod list;
mod load;
mod pem_file;
mod quantity;
mod rules;
mod secret;
mod setting;
mod single_line;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use kith_database::ServerAddress;
use kith_limit::Algorithm;
use kith_limit::FailMode;
use kith_queue::cron::Cron;
use kith_queue::delay::RetryDelay;
use kith_queue::qstash::BaseUrl;
use kith_queue::signature::SigningKey;
use kith_queue::signature::SigningKeys;
use kith_redis::Address;
use kith_redis::KeyPrefix;
use kith_redis::SentinelLogin;
use sha2::Digest;
use sha2::Sha256;

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

pub use as_written::AsWritten;
pub use cli::BackupArguments;
pub use cli::CheckArguments;
pub use cli::Cli;
pub use cli::Command;
pub use cli::DemoArguments;
pub use cli::ImportArguments;
pub use cli::MoveArguments;
pub use cli::UserCommand;
pub use list::List;
pub use load::ConfigError;
pub use pem_file::PemFile;
pub use quantity::ByteSize;
pub use quantity::Count;
pub use quantity::Percent;
pub use quantity::Poll;
pub use quantity::Span;
pub use quantity::format_duration;
pub use quantity::parse_duration;
pub use secret::Secret;
pub use secret::Token;
pub use single_line::SingleLine;

// To add a key, add its line. To add a section, add its block; tables within a section stand after `with`. A
// new type implements `FromStr` and `Display` beside the code that uses it, and `Described` in `setting.rs`.
key::sections! {
    /// Where Kith listens, and what it allows its clients.
    server: ServerConfig {
        /// The IP address and port to listen on; loopback only, until Kith has an admin.
        addr: SocketAddr = "127.0.0.1:3000", also "LEPTOS_SITE_ADDR";
        /// The origin under which browsers reach Kith; empty means http:// and addr.
        public_url: Option<Origin> = "", also "PUBLIC_URL";
        /// The folder of the built site: WebAssembly, styles and the files of public/.
        site_root: PathBuf = "target/site", also "LEPTOS_SITE_ROOT";
        /// The most connections open at the same time.
        max_connections: NonZeroU32 = 1024;
        /// How long a client may take to send the headers of a request.
        header_timeout: Duration = "10s";
        /// How long a client may stop reading its answer before Kith closes the connection.
        write_timeout: Duration = "30s";
        /// How long the answer to a request may take.
        request_timeout: Duration = "30s";
        /// How long running requests may take to finish after Kith receives a signal to stop.
        shutdown_grace: Span = "10s";
        /// The largest request body, which is held in memory.
        max_body: ByteSize = "256KiB";
        /// Proxies whose word Kith takes for the address of the client; empty means none.
        trusted_proxies: List<Network> = "";
        /// The header in which they name the client: x-forwarded-for or forwarded. Kith ignores the other one.
        forwarded_header: ForwardedHeader = "x-forwarded-for";
        /// Names beside that of the public URL under which proxies and tunnels reach the signed webhooks; empty means none.
        hosts: List<Host> = "";
        /// The part of all connections that one address may have, with IPv6 one /64; trusted proxies may have all.
        max_connections_per_address: Percent = "50%";
        /// Where people report a weakness of this Kith: an address of mail or an https:// page, for /.well-known/security.txt; empty means none.
        security_contact: Option<SecurityContact> = "";
        /// The time zone that says what day it is where a browser has not told its own.
        time_zone: Zone = "UTC";
    }

    /// Where Kith keeps its data.
    data: DataConfig {
        /// The folder of Kith's files; a relative one starts at the working directory.
        dir: PathBuf = "./data";
        /// The database: sqlite:// and a path, or postgres://user:password@host:port/name; empty means the file kith.db in dir.
        database_url: Option<DatabaseUrl> = "", also "DATABASE_URL";
        /// Connections that read a file at the same time; one more connection writes.
        readers: NonZeroU32 = 4;
        /// Connections to a PostgreSQL server; one more is for what every cached read asks.
        connections: NonZeroU32 = 10;
        /// A PEM file of certificate authorities that a PostgreSQL server may prove its name by, beside those that browsers trust.
        ca_file: Option<PemFile> = "";
        /// A standby of the database's server that reads lists: postgres://user:password@host:port/name; empty means none.
        replica_url: Option<DatabaseUrl> = "";
    }

    /// Backups of a SQLite file; `kith backup` says how to back up a PostgreSQL server.
    backup: BackupConfig {
        /// How often Kith makes one while it runs, for example 24h; 0s means never.
        interval: Span = "0s";
        /// The folder for them, best on another disk; empty means the folder backups of data.dir.
        dir: Option<PathBuf> = "";
        /// How many Kith keeps; it deletes older ones that it has made itself.
        keep: NonZeroU32 = 7;
    }

    /// Redis, which Kith's instances share; without Redis each instance works alone.
    redis: RedisConfig {
        /// The address: redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://.
        url: Option<AsWritten<Address>> = "", also "REDIS_URL";
        /// Instead of url: the origin of Upstash's REST API, or of a server that speaks it.
        rest_url: Option<Origin> = "", also "UPSTASH_REDIS_REST_URL";
        /// The token of the REST API.
        rest_token: Option<Secret> = "", also "UPSTASH_REDIS_REST_TOKEN";
        /// With TLS: a PEM file of the certificate authorities to trust; empty means those that browsers trust.
        ca_file: Option<PemFile> = "";
        /// How long a request waits for Redis before Kith continues without it.
        budget: Duration = "50ms";
        /// The prefix of the names of all keys.
        prefix: KeyPrefix = "kith";
        /// The password that the Sentinels of redis+sentinel:// ask for; the one in url is the primary's.
        sentinel_password: Option<Secret> = "";
        /// The user of that password; empty means the default user.
        sentinel_username: Option<Secret> = "";
    }

    /// How many requests a client may make in a window of time.
    limits: LimitsConfig {
        /// Addresses and networks that Kith refuses.
        deny: List<Network> = "";
        /// The memory of each policy's table in this process, which holds the most recent clients.
        table_size: ByteSize = "4MiB";
    } with {
        /// Requests to the REST API.
        api: PolicyConfig {
            /// How they are counted: fixed_window, sliding_window, sliding_log or token_bucket.
            algorithm: Algorithm = "sliding_window";
            /// Requests in a window.
            limit: NonZeroU32 = 10;
            /// The length of the window.
            window: Duration = "1m";
            /// What to do while Redis is lost: local (count in this process), open or closed.
            on_loss: FailMode = "local";
            /// Decide and count, but refuse nothing.
            shadow: bool = false;
        }
        /// Requests for pages.
        ui: PolicyConfig {
            /// How they are counted; a token bucket lets bursts pass, then an even rate.
            algorithm: Algorithm = "token_bucket";
            /// Requests in a window.
            limit: NonZeroU32 = 60;
            /// The length of the window.
            window: Duration = "30s";
            /// What to do while Redis is lost: local (count in this process), open or closed.
            on_loss: FailMode = "local";
            /// Decide and count, but refuse nothing.
            shadow: bool = false;
        }
        /// Requests for figures: /api/metrics, and what watches it.
        dashboard: PolicyConfig {
            /// How they are counted.
            algorithm: Algorithm = "fixed_window";
            /// Requests in a window.
            limit: NonZeroU32 = 60;
            /// The length of the window.
            window: Duration = "1m";
            /// What to do while Redis is lost: local (count in this process), open or closed.
            on_loss: FailMode = "local";
            /// Decide and count, but refuse nothing.
            shadow: bool = false;
        }
        /// Requests to the REST API with a token; each token has a count of its own.
        token: PolicyConfig {
            /// How they are counted.
            algorithm: Algorithm = "token_bucket";
            /// Requests in a window.
            limit: NonZeroU32 = 300;
            /// The length of the window.
            window: Duration = "1m";
            /// What to do while Redis is lost: local (count in this process), open or closed.
            on_loss: FailMode = "local";
            /// Decide and count, but refuse nothing.
            shadow: bool = false;
        }
        /// Requests of calendars for the dates of contacts, under secret addresses.
        calendar: PolicyConfig {
            /// How they are counted.
            algorithm: Algorithm = "token_bucket";
            /// Requests in a window.
            limit: NonZeroU32 = 60;
            /// The length of the window.
            window: Duration = "1m";
            /// What to do while Redis is lost: local (count in this process), open or closed.
            on_loss: FailMode = "local";
            /// Decide and count, but refuse nothing.
            shadow: bool = false;
        }
    }

    /// The cache of contacts that were read. A change invalidates all of it.
    cache: CacheConfig {
        /// How long an entry is fresh.
        fresh_for: Duration = "30s";
        /// How long after that totals are still shown, while Kith counts again.
        stale_for: Span = "5m";
        /// How long the cache remembers that a contact does not exist.
        absent_for: Duration = "5s";
        /// The memory of the cache in this process.
        near_size: ByteSize = "8MiB";
    }

    /// Lists of contacts, in pages and in the API, and their trash.
    contacts: ContactsConfig {
        /// Contacts in one answer when the client asks for no number.
        page_size: NonZeroU32 = 50;
        /// The most contacts that a client may ask for in one answer.
        max_page_size: NonZeroU32 = 200;
        /// After how many days in the trash Kith deletes a contact for ever; 0 means never.
        trash_days: Count = 30;
        /// How many former versions of a contact Kith keeps; 0 means none.
        max_versions: Count = 50;
    }

    /// Importing files of vCards.
    import: ImportConfig {
        /// The largest file.
        max_file: ByteSize = "200MiB";
        /// The most cards of a file.
        max_cards: NonZeroU32 = 100000;
        /// The largest card; at most 4MiB.
        max_card: ByteSize = "4MiB";
    }

    /// The REST API.
    api: ApiConfig {
        /// How long a repeated Idempotency-Key gets the first answer again.
        idempotency_ttl: Duration = "24h";
    }

    /// Accounts, which Kith has as soon as an operator or the first visitor makes one.
    accounts: AccountsConfig {
        /// How long a browser stays signed in that is not used.
        session_idle: Duration = "336h";
        /// How long a browser stays signed in at most.
        session_lifetime: Duration = "2160h";
    }

    /// Sign-in with a provider of OpenID Connect, beside the password. It needs the public URL of Kith.
    oidc: OidcConfig {
        /// The address of the provider; empty means none.
        issuer: Option<Issuer> = "";
        /// The name under which Kith is registered there, with the redirect address /sign-in/callback below the public URL.
        client_id: Option<SingleLine> = "";
        /// The secret that the provider has given Kith; empty for a public client.
        client_secret: Option<Secret> = "";
        /// Who gets an account at the first sign-in: a domain of verified email addresses, or a group; empty means none.
        create: Option<CreationRule> = "";
        /// What people call the provider.
        label: SingleLine = "your organisation";
    }

    /// The queue: QStash, or the broker in this process.
    queue: QueueConfig {
        /// The token of QStash, which then delivers; empty means that the broker in this process delivers.
        qstash_token: Option<Secret> = "", also "QSTASH_TOKEN";
        /// Where QStash is, or a server that speaks its protocol.
        qstash_url: BaseUrl = "https://qstash.upstash.io", also "QSTASH_URL";
        /// The key with which QStash signs.
        current_signing_key: Option<Secret> = "", also "QSTASH_CURRENT_SIGNING_KEY";
        /// The key with which QStash signs after its keys are rotated.
        next_signing_key: Option<Secret> = "", also "QSTASH_NEXT_SIGNING_KEY";
        /// The token that clients of the broker's API under /qstash/v2 send, of 16 characters or more; empty disables the API.
        token: Option<Token> = "";
        /// Origins that the broker delivers to, in addition to Kith's own webhooks.
        allow: List<Origin> = "";
        /// Deliveries of the broker at the same time: this many to Kith's webhooks, and this many to other origins, of which each has at most half; with 1, an origin that hangs holds up the others.
        concurrency: NonZeroU32 = 16;
        /// How long one delivery may take.
        timeout: Duration = "30s";
        /// How long delivered messages, dead letters and events are kept.
        retention: Duration = "72h";
    }

    /// The welcome email to new contacts.
    welcome: WelcomeConfig {
        /// Whether new contacts get one by default; each browser then keeps the last choice made in it.
        enabled: bool = true;
        /// How long after the creation of a contact Kith sends it.
        delay: Span = "5s";
        /// How often Kith retries.
        retries: Count = 3;
        /// The wait before a retry, in milliseconds, as an expression of retried; empty means the queue's default.
        retry_delay: Option<AsWritten<RetryDelay>> = "";
        /// The subject; {name} is the contact's name.
        subject: Template = "Welcome, {name}";
        /// The text; an empty line begins a paragraph.
        body: Template = "Hello {name},\n\nyou are in our address book now. Answer this mail if anything in it should be different.";
    }

    /// The daily report of the requests, new contacts and refusals of the day before.
    report: ReportConfig {
        /// When Kith makes it, in UTC unless a time zone is named.
        schedule: AsWritten<Cron> = "0 9 * * *";
        /// The recipient; empty means that Kith writes it to the log only.
        to: Option<MailAddress> = "";
    }

    /// The dashboard.
    dashboard: DashboardConfig {
        /// How often an open dashboard asks for new figures.
        poll: Poll = "5s";
    }

    /// The audit log.
    audit: AuditConfig {
        /// How long the audit log keeps an entry.
        keep: Duration = "8760h";
    }

    /// Mail.
    mail: MailConfig {
        /// The mail server; empty means files in the folder mail of data.dir.
        smtp_url: Option<AsWritten<SmtpServer>> = "", also "SMTP_URL";
        /// The sender.
        from: MailAddress = "Kith <kith@localhost>", also "MAIL_FROM";
        /// When Kith writes about the birthdays of the day to accounts that want it, by the time zone of the server unless one is named.
        birthdays: AsWritten<Cron> = "0 7 * * *";
    }

    /// The log on standard output.
    log: LogConfig {
        /// The format of a line: pretty, json, or auto (pretty in a terminal, otherwise json).
        format: LogFormat = "auto";
        /// What is logged, as tracing directives, for example info,kith=debug.
        filter: LogFilter = "info", also "RUST_LOG";
    }
}

impl ServerConfig {
    /// The origin under which people reach Kith: `public_url`, or `http://` and `addr`.
    pub fn origin(&self) -> Origin {
        self.public_url
            .clone()
            .unwrap_or_else(|| Origin::of_address(self.addr))
    }

    /// Whether Kith listens on this machine only.
    pub fn is_local(&self) -> bool {
        self.addr.ip().to_canonical().is_loopback()
    }

    /// Whether browsers reach Kith by https.
    pub fn has_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(Origin::is_https)
    }

    /// Whether this is a public name of Kith: the host of `public_url`, or one of `hosts`.
    pub fn is_named(&self, host: &Host) -> bool {
        let of_public_url = self.public_url.as_ref().and_then(Origin::host);
        of_public_url.as_ref() == Some(host) || self.hosts.0.contains(host)
    }
}

impl DataConfig {
    /// The database: the one that `database_url` names, or the file `kith.db` in `dir`.
    pub fn database(&self) -> DatabaseUrl {
        match self.database_url.clone() {
            Some(place) => self.with_authorities(place),
            None => DatabaseUrl::File(self.dir.join("kith.db")),
        }
    }

    /// The same address, whose server may prove its name by an authority of `ca_file`.
    pub fn with_authorities(&self, place: DatabaseUrl) -> DatabaseUrl {
        match place {
            DatabaseUrl::Server(address) => DatabaseUrl::Server(self.trusting(address)),
            file @ DatabaseUrl::File(_) => file,
        }
    }

    /// The server that follows the one of the database, if there is one.
    pub fn replica(&self) -> Option<ServerAddress> {
        match self.replica_url.clone()? {
            DatabaseUrl::Server(address) => Some(self.trusting(address)),
            DatabaseUrl::File(_) => None,
        }
    }

    fn trusting(&self, address: ServerAddress) -> ServerAddress {
        match &self.ca_file {
            Some(file) => address.with_authorities(file.content()),
            None => address,
        }
    }

    /// How many connections read the file, or lead to the server.
    pub fn database_connections(&self) -> NonZeroU32 {
        match self.database() {
            DatabaseUrl::File(_) => self.readers,
            DatabaseUrl::Server(_) => self.connections,
        }
    }
}

impl RedisConfig {
    /// The address of Redis; `None` without Redis.
    pub fn address(&self) -> Option<Address> {
        if let Some(url) = &self.url {
            let address = url.value().clone();
            return Some(match &self.sentinel_password {
                Some(password) => address.with_sentinel_login(SentinelLogin {
                    user: self
                        .sentinel_username
                        .as_ref()
                        .map(|user| user.reveal().to_owned()),
                    password: password.reveal().to_owned(),
                }),
                None => address,
            });
        }
        Some(Address::Rest {
            url: self.rest_url.as_ref()?.as_str().to_owned(),
            token: self.rest_token.as_ref()?.reveal().to_owned(),
        })
    }
}

impl QueueConfig {
    /// The keys with which QStash signs, if it is used.
    pub fn qstash_keys(&self) -> Option<SigningKeys> {
        let key = |key: &Option<Secret>| Some(SigningKey::new(key.as_ref()?.reveal()));
        Some(SigningKeys {
            current: key(&self.current_signing_key)?,
            next: key(&self.next_signing_key)?,
        })
    }
}

/// What is configured of one policy of the limiter.
#[derive(Clone, Copy, Debug)]
pub struct PolicyConfig {
    pub algorithm: Algorithm,
    pub limit: NonZeroU32,
    pub window: Duration,
    pub on_loss: FailMode,
    pub shadow: bool,
}

/// Settings in which the instances of one database may differ: where each of them is, how it reaches the database, and
/// what it logs.
const SETTINGS_OF_AN_INSTANCE: [&str; 10] = [
    "server.addr",
    "server.site_root",
    "data.dir",
    "data.database_url",
    "data.readers",
    "data.connections",
    "data.ca_file",
    "data.replica_url",
    "log.format",
    "log.filter",
];

impl Config {
    /// Names the settings that the instances of one database should share, in 16 hexadecimal digits. Passwords do not
    /// change it, because it is no secret.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        let keys = SECTIONS.iter().flat_map(|section| section.keys);
        for key in keys.filter(|key| !SETTINGS_OF_AN_INSTANCE.contains(&key.path)) {
            hasher.update(format!("{} = {}\n", key.path, key.literal(self)));
        }
        hasher.finalize()[..8]
            .iter()
            .fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"))
    }

    /// The effective configuration in the form of `Leptos.toml`, passwords masked. The committed
    /// `Leptos.toml` is this text for the defaults, and a test holds the two together.
    pub fn to_toml(&self) -> String {
        let mut text = String::from(
            "# The runtime configuration of Kith: every key, and what it is for.\n\
             # Precedence: built-in default < this file < environment. In the environment a key is named\n\
             # KITH_<SECTION>_<KEY>, for example KITH_SERVER_ADDR, and wins over its conventional name, if\n\
             # it has one (\"Also\"). `kith --print-config` prints the values in force.\n\
             # What cargo-leptos and xtask build from stays in Cargo.toml.\n",
        );
        for section in SECTIONS {
            text += &format!("\n# {}\n[{}]\n", section.doc.trim(), section.name);
            for key in section.keys {
                let also = key.alias.map(|alias| format!(" Also {alias}."));
                text += &format!(
                    "# {}{}\n{} = {}\n",
                    key.doc.trim(),
                    also.unwrap_or_default(),
                    key.name,
                    key.literal(self)
                );
            }
        }
        text
    }
}
