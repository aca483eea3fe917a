//! SMTP, step by step.
//!
//! The same reply means different things at different steps: 554 to a connection is about the server,
//! 554 to a recipient is about the recipient. So Kith sends the commands itself, and the step decides what a
//! fault means. Kith writes its own error texts, because those of a server may hold anything.

use std::error::Error as _;
use std::io;
use std::mem;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::Weak;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::client::TlsParameters;
use lettre::transport::smtp::commands;
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::extension::Extension;
use lettre::transport::smtp::extension::MailBodyParameter;
use lettre::transport::smtp::extension::MailParameter;
use percent_encoding::percent_decode_str;
use reqwest::Url;
use rustls::CertificateError;
use rustls::ClientConfig;
use rustls::ClientConnection;
use rustls::RootCertStore;
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::lookup_host;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;
use tokio::time::timeout_at;

use super::address::ascii_domain;
use super::error::MailError;

/// How many connections Kith keeps for the next mail, and for how long.
const MAX_IDLE_CONNECTIONS: usize = 4;
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Where a mail server is, and how Kith speaks to it.
#[derive(Clone)]
pub struct SmtpServer {
    host: String,
    port: u16,
    security: Security,
    login: Option<Credentials>,
    /// The name that Kith gives in its greeting.
    hello: ClientId,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Security {
    /// Never TLS.
    Plain,
    /// TLS if the server offers STARTTLS.
    Opportunistic,
    /// TLS by STARTTLS, or no mail.
    StartTls,
    /// TLS from the first byte.
    Implicit,
}

/// The text is no address of a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidServer;

impl FromStr for SmtpServer {
    type Err = InvalidServer;

    /// `smtp[s]://[user:password@]host[:port][/name][?tls=none|opportunistic|required]`, where Kith
    /// gives the name in its greeting.
    fn from_str(text: &str) -> Result<Self, InvalidServer> {
        let url = Url::parse(text).map_err(|_| InvalidServer)?;
        let decode = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8();
            decoded.map(String::from).map_err(|_| InvalidServer)
        };
        let host = decode(url.host_str().ok_or(InvalidServer)?)?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let host = ascii_domain(host).filter(|host| !host.is_empty());
        // The parser of URLs keeps the case of a host where it does not know the scheme.
        let host = host.ok_or(InvalidServer)?.to_ascii_lowercase();
        let is_local = host == "localhost"
            || host
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        let tls = url.query_pairs().find(|(name, _)| name == "tls");
        let tls = tls.map(|(_, value)| value.into_owned());
        let (security, default_port) = match (url.scheme(), tls.as_deref()) {
            ("smtps", _) => (Security::Implicit, smtp::SUBMISSIONS_PORT),
            ("smtp", None) if is_local => (Security::Plain, smtp::SMTP_PORT),
            // Without TLS, other machines on the way could read passwords and mails. An operator can allow
            // that.
            ("smtp", None | Some("required")) => (Security::StartTls, smtp::SUBMISSION_PORT),
            ("smtp", Some("opportunistic")) => (Security::Opportunistic, smtp::SUBMISSION_PORT),
            ("smtp", Some("none")) => (Security::Plain, smtp::SMTP_PORT),
            _ => return Err(InvalidServer),
        };
        let login = match url.password() {
            Some(password) => Some(Credentials::new(decode(url.username())?, decode(password)?)),
            None => None,
        };
        let hello = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(default_port),
            security,
            login,
            hello,
        })
    }
}

/// A step of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Connect,
    Greet,
    StartTls,
    LogIn,
    Sender,
    Recipient,
    Content,
}

/// Sends mail to one server, and keeps connections to it for a while.
pub(super) struct Smtp {
    server: SmtpServer,
    /// How long a mail may take.
    send_timeout: Duration,
    pool: Arc<Mutex<Pool>>,
}

/// Connections that are open and not in use.
#[derive(Default)]
struct Pool {
    idle: Vec<Idle>,
    /// Whether the task runs that closes connections after [`IDLE_TIMEOUT`].
    is_swept: bool,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Smtp {
    pub(super) fn new(server: SmtpServer, send_timeout: Duration) -> Self {
        Self {
            server,
            send_timeout,
            pool: Arc::default(),
        }
    }

    pub(super) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), MailError> {
        let deadline = Instant::now() + self.send_timeout;
        let mut connection = match self.reuse().await {
            Some(connection) => connection,
            None => self.connect(deadline).await?,
        };
        let sent = self
            .send_over(&mut connection, envelope, mail, deadline)
            .await;
        // A server that refuses one mail takes others over the same connection.
        if !matches!(sent, Err(MailError::Temporary(_))) {
            self.keep(connection);
        }
        sent
    }

    /// A connection that is still good. A server that has vanished answers on none of its connections, so
    /// the first silence ends the search and leaves time for a new connection.
    async fn reuse(&self) -> Option<AsyncSmtpConnection> {
        let reply_deadline = Instant::now() + self.send_timeout / 4;
        loop {
            let Idle { mut connection, .. } = lock(&self.pool).idle.pop()?;
            match timeout_at(reply_deadline, connection.command(commands::Rset)).await {
                Ok(Ok(_)) => return Some(connection),
                Ok(Err(_)) => {}
                Err(_) => {
                    lock(&self.pool).idle.clear();
                    return None;
                }
            }
        }
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let since = Instant::now();
        let mut pool = lock(&self.pool);
        if pool.idle.len() >= MAX_IDLE_CONNECTIONS {
            return;
        }
        pool.idle.push(Idle { connection, since });
        if !mem::replace(&mut pool.is_swept, true) {
            tokio::spawn(sweep(Arc::downgrade(&self.pool)));
        }
    }

    async fn connect(&self, deadline: Instant) -> Result<AsyncSmtpConnection, MailError> {
        let SmtpServer {
            host,
            port,
            security,
            login,
            hello,
        } = &self.server;
        let addresses = within(deadline, lookup_host((&**host, *port))).await?;
        let addresses: Vec<SocketAddr> = addresses.map(Iterator::collect).unwrap_or_default();
        if addresses.is_empty() {
            return Err(MailError::Temporary(
                "The name of the mail server cannot be found. Check the setting mail.smtp_url."
                    .to_owned(),
            ));
        }
        let tls = || {
            TlsParameters::new(host.clone()).map_err(|error| self.explain(Step::StartTls, &error))
        };
        let mut connection = if *security == Security::Implicit {
            let connecting = AsyncSmtpConnection::connect_tokio1(
                &addresses[..],
                Some(self.send_timeout),
                hello,
                Some(tls()?),
                None,
            );
            self.step(deadline, Step::Connect, connecting).await?
        } else {
            let stream = within(deadline, TcpStream::connect(&addresses[..])).await?;
            let mut stream = stream.map_err(|error| broken(Step::Connect, &error))?;
            self.await_greeting(&mut stream, deadline).await?;
            let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello);
            self.step(deadline, Step::Greet, greeting).await?
        };
        match security {
            Security::StartTls if !connection.can_starttls() => {
                return Err(MailError::Temporary(
                    "The mail server offers no STARTTLS, and Kith sends no mail without TLS. The \
                     setting mail.smtp_url takes smtps:// for a server that speaks TLS from the \
                     start, and ?tls=none at its end to do without."
                        .to_owned(),
                ));
            }
            Security::StartTls | Security::Opportunistic if connection.can_starttls() => {
                let upgrade = connection.starttls(tls()?, hello);
                self.step(deadline, Step::StartTls, upgrade).await?;
            }
            _ => {}
        }
        if let Some(login) = login {
            let mechanisms = DEFAULT_MECHANISMS;
            if connection
                .server_info()
                .get_auth_mechanism(mechanisms)
                .is_none()
            {
                return Err(MailError::Temporary(
                    "The mail server offers no way to log in that Kith knows, which are PLAIN and \
                     LOGIN. Perhaps it does so only with TLS."
                        .to_owned(),
                ));
            }
            let log_in = connection.auth(mechanisms, login);
            self.step(deadline, Step::LogIn, log_in).await?;
        }
        Ok(connection)
    }

    /// Waits for the first byte of a server that speaks first. One that expects TLS from the start
    /// waits for the client instead, so a silent server is asked whether it is one.
    async fn await_greeting(
        &self,
        stream: &mut TcpStream,
        deadline: Instant,
    ) -> Result<(), MailError> {
        /// The first byte of a TLS record with an alert, or with a part of a handshake.
        const TLS: [u8; 2] = [0x15, 0x16];
        let expects_tls = || {
            MailError::Temporary(
                "The mail server expects TLS from the start. The setting mail.smtp_url takes \
                 smtps:// for that."
                    .to_owned(),
            )
        };
        let mut first = [0];
        let greeting_deadline = deadline - self.send_timeout / 3;
        match timeout_at(greeting_deadline, stream.peek(&mut first)).await {
            Ok(Ok(0)) => return Err(hung_up(Step::Greet)),
            Ok(Ok(_)) if TLS.contains(&first[0]) => return Err(expects_tls()),
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => return Err(broken(Step::Greet, &error)),
            Err(_) => {}
        }
        let ask = async {
            stream
                .write_all(&client_hello(&self.server.host)?)
                .await
                .ok()?;
            let read = stream.peek(&mut first).await.ok()?;
            (read == 1).then_some(first[0])
        };
        match timeout_at(deadline, ask).await {
            Ok(Some(first)) if TLS.contains(&first) => Err(expects_tls()),
            _ => Err(slow()),
        }
    }

    /// Sends one mail over a connection.
    async fn send_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        envelope: &Envelope,
        mail: &[u8],
        deadline: Instant,
    ) -> Result<(), MailError> {
        let server = connection.server_info();
        let has_utf8 = server.supports_feature(Extension::SmtpUtfEight);
        let is_ascii = |address: &lettre::Address| {
            let text: &str = address.as_ref();
            text.is_ascii()
        };
        let sender_is_ascii = envelope.from().is_none_or(is_ascii);
        let recipients_are_ascii = envelope.to().iter().all(is_ascii);
        if !sender_is_ascii && !has_utf8 {
            return Err(MailError::Temporary(
                "The mail server has no SMTPUTF8, so it takes only senders in ASCII. Change the \
                 setting mail.from."
                    .to_owned(),
            ));
        }
        if !recipients_are_ascii && !has_utf8 {
            return Err(MailError::Permanent(
                "The address has letters beyond ASCII before its @, and the mail server takes no \
                 such address: it has no SMTPUTF8."
                    .to_owned(),
            ));
        }
        let mut parameters = Vec::new();
        if !sender_is_ascii || !recipients_are_ascii {
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !mail.is_ascii() && server.supports_feature(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        let sender = commands::Mail::new(envelope.from().cloned(), parameters);
        self.step(deadline, Step::Sender, connection.command(sender))
            .await?;
        for recipient in envelope.to() {
            let recipient = commands::Rcpt::new(recipient.clone(), Vec::new());
            self.step(deadline, Step::Recipient, connection.command(recipient))
                .await?;
        }
        self.step(deadline, Step::Content, connection.command(commands::Data))
            .await?;
        self.step(deadline, Step::Content, connection.message(mail))
            .await?;
        Ok(())
    }

    async fn step<T>(
        &self,
        deadline: Instant,
        step: Step,
        work: impl Future<Output = Result<T, smtp::Error>>,
    ) -> Result<T, MailError> {
        let done = within(deadline, work).await?;
        done.map_err(|error| self.explain(step, &error))
    }

    fn explain(&self, step: Step, error: &smtp::Error) -> MailError {
        if let Some(code) = error.status() {
            return self.refused(step, code.into(), subject(error));
        }
        let mut cause = error.source();
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                return broken(step, error);
            }
            cause = error.source();
        }
        // What lettre calls the end of the stream.
        let ended = error
            .source()
            .is_some_and(|cause| cause.to_string() == "incomplete response");
        if ended { hung_up(step) } else { not_smtp() }
    }

    /// A reply of 4xx or 5xx. `subject` is the second number of an enhanced status code (RFC 3463).
    fn refused(&self, step: Step, code: u16, subject: Option<u16>) -> MailError {
        const MAIL_SYSTEM: u16 = 3;
        let text = |what: &str| format!("{what} It said {code}.");
        let server = |what: &str| MailError::Temporary(text(what));
        let for_good = code >= 500;
        match step {
            // The server closes the connection, whatever the command was.
            _ if code == 421 => server("The mail server has ended the conversation."),
            Step::Connect | Step::Greet => server("The mail server has turned Kith away."),
            Step::StartTls => server("The mail server does not begin TLS."),
            Step::LogIn if for_good => server("The mail server refused Kith's login."),
            Step::LogIn => server("The mail server cannot check Kith's login now."),
            _ if matches!(code, 530 | 534 | 535 | 538) => {
                if self.server.login.is_some() {
                    server("The mail server refused Kith's login.")
                } else {
                    server(
                        "The mail server wants a login, which the setting mail.smtp_url takes as \
                         user:password@.",
                    )
                }
            }
            // An operator can correct the setting, and then the mail can be sent.
            Step::Sender if for_good => {
                server("The mail server refused the sender, which is the setting mail.from.")
            }
            Step::Recipient if for_good => {
                MailError::Permanent(text("The mail server refused the recipient."))
            }
            Step::Content if for_good => {
                MailError::Permanent(text("The mail server refused the mail."))
            }
            Step::Recipient if subject != Some(MAIL_SYSTEM) => MailError::Deferred(text(
                "The mail server cannot take mail for this recipient now.",
            )),
            // About an address, a mailbox, the content or a policy.
            Step::Content if matches!(subject, Some(1 | 2 | 6 | 7)) => {
                MailError::Deferred(text("The mail server cannot take this mail now."))
            }
            Step::Sender | Step::Recipient | Step::Content => {
                server("The mail server cannot take the mail now.")
            }
        }
    }
}

/// Closes connections that have been idle for too long, until there is none left.
async fn sweep(pool: Weak<Mutex<Pool>>) {
    loop {
        sleep(IDLE_TIMEOUT).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let (over, is_empty): (Vec<Idle>, bool) = {
            let mut pool = lock(&pool);
            let (over, idle) = mem::take(&mut pool.idle)
                .into_iter()
                .partition(|idle| idle.since.elapsed() >= IDLE_TIMEOUT);
            pool.idle = idle;
            pool.is_swept = !pool.idle.is_empty();
            (over, pool.idle.is_empty())
        };
        for Idle { mut connection, .. } in over {
            // The server can do without this command, so its result does not matter.
            let _ = timeout(Duration::from_secs(1), connection.quit()).await;
        }
        if is_empty {
            return;
        }
    }
}

fn lock(pool: &Mutex<Pool>) -> MutexGuard<'_, Pool> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn within<T>(deadline: Instant, work: impl Future<Output = T>) -> Result<T, MailError> {
    timeout_at(deadline, work).await.map_err(|_| slow())
}

fn slow() -> MailError {
    MailError::Temporary("The mail server did not answer in time.".to_owned())
}

fn not_smtp() -> MailError {
    MailError::Temporary("What answers at the setting mail.smtp_url is no mail server.".to_owned())
}

fn hung_up(step: Step) -> MailError {
    let when = match step {
        Step::Connect | Step::Greet => "without a greeting",
        Step::Content => "before it said whether it has the mail",
        _ => "in the middle of the conversation",
    };
    MailError::Temporary(format!("The mail server hung up {when}."))
}

/// The error of a connection that cannot be made, or that ends.
fn broken(step: Step, error: &io::Error) -> MailError {
    let tls = error.get_ref().and_then(|cause| cause.downcast_ref());
    if let Some(tls) = tls {
        return MailError::Temporary(without_tls(step, tls).to_owned());
    }
    match error.kind() {
        io::ErrorKind::TimedOut => slow(),
        io::ErrorKind::ConnectionRefused => {
            MailError::Temporary("The mail server refuses connections.".to_owned())
        }
        io::ErrorKind::InvalidData => not_smtp(),
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => hung_up(step),
        _ => MailError::Temporary("The mail server cannot be reached.".to_owned()),
    }
}

/// Why there is no TLS.
fn without_tls(step: Step, error: &rustls::Error) -> &'static str {
    use CertificateError as Certificate;
    match error {
        rustls::Error::InvalidMessage(_) if step == Step::Connect => {
            "The mail server speaks no TLS on this port. The setting mail.smtp_url takes smtp:// for \
             a server that begins without it."
        }
        rustls::Error::InvalidCertificate(
            Certificate::Expired | Certificate::ExpiredContext { .. },
        ) => "The mail server's certificate has expired.",
        rustls::Error::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        ) => "The mail server's certificate is for another name.",
        rustls::Error::InvalidCertificate(_) => "The mail server's certificate is not trusted.",
        _ => "The mail server and Kith cannot agree on TLS.",
    }
}

/// The second number of an enhanced status code (RFC 2034), such as 1 of `4.1.1`.
fn subject(error: &smtp::Error) -> Option<u16> {
    let text = error.source()?.to_string();
    let mut numbers = text.split_whitespace().next()?.splitn(3, '.');
    let class = numbers.next()?;
    let subject = numbers.next()?.parse().ok()?;
    let detail = numbers.next()?.parse::<u16>();
    (matches!(class, "4" | "5") && detail.is_ok()).then_some(subject)
}

/// The first message of a client that speaks TLS.
fn client_hello(host: &str) -> Option<Vec<u8>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).ok()?;
    let mut client = ClientConnection::new(Arc::new(config), name).ok()?;
    let mut hello = Vec::new();
    client.write_tls(&mut hello).ok()?;
    Some(hello)
}
