//! [`MailServer`]: a mail server that keeps what it takes, refuses what it is told to, and plays the
//! faults of others.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;

use rcgen::CertifiedKey;
use rcgen::generate_simple_self_signed;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::AsyncBufReadExt;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt;
use tokio::io::BufReader;
use tokio::io::split;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What it answers to a mail instead of taking it.
pub const BUSY: &str = "451 4.3.0 try again later";
pub const NO_SUCH_USER: &str = "550 5.1.1 no such user";

/// An answer that is none: the server closes the connection.
pub const HANG_UP: &str = "";

/// An answer that never comes: the server keeps the connection and says nothing more to this command.
pub const SILENCE: &str = "\0";

/// How a server behaves beside taking mail.
#[derive(Clone)]
pub struct Manners {
    /// What it says first; `None` for nothing, ever.
    pub greeting: Option<&'static str>,
    /// The extensions that it names.
    pub offers: Vec<&'static str>,
    /// What it answers to commands that begin like this, instead of `250`. `.` is the end of a mail.
    pub answers: Vec<(&'static str, &'static str)>,
    /// Whether it speaks TLS from the start, with a certificate that no client trusts.
    pub tls: bool,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            greeting: Some("220 kept.example ESMTP"),
            offers: vec!["8BITMIME"],
            answers: Vec::new(),
            tls: false,
        }
    }
}

/// Speaks SMTP (RFC 5321) on a port of its own, for as long as the test's runtime lives.
#[derive(Clone)]
pub struct MailServer {
    pub url: String,
    manners: Manners,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    /// Each with the epoch in which it came.
    mails: Vec<(u64, String)>,
    /// To whom the mails go.
    recipients: HashSet<String>,
    epoch: u64,
    refusals: Vec<&'static str>,
    asked: usize,
    connections: usize,
    /// Every command, of all connections.
    commands: Vec<String>,
}

impl MailServer {
    pub async fn start() -> Self {
        Self::with(Manners::default()).await
    }

    pub async fn with(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let kept = Arc::new(Mutex::new(Kept::default()));
        let server = Self {
            url: format!("smtp://{address}"),
            manners,
            kept,
        };
        let serving = server.clone();
        let tls = server.manners.tls.then(acceptor);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serving.kept.lock().expect("no panic").connections += 1;
                let (serving, tls) = (serving.clone(), tls.clone());
                // A client that is killed breaks off in the middle.
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => serving.serve(tls.accept(stream).await?).await,
                        None => serving.serve(stream).await,
                    }
                });
            }
        });
        server
    }

    /// Refuses the next `times` mails.
    pub fn refuse(&self, answer: &'static str, times: usize) {
        let mut kept = self.kept.lock().expect("no panic");
        kept.refusals.extend(std::iter::repeat_n(answer, times));
    }

    /// How many mails it was asked to take.
    pub fn asked(&self) -> usize {
        self.kept.lock().expect("no panic").asked
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.kept.lock().expect("no panic").connections
    }

    /// The commands that begin like this, in their order.
    pub fn commands(&self, start: &str) -> Vec<String> {
        let kept = self.kept.lock().expect("no panic");
        let commands = kept.commands.iter();
        let commands = commands.filter(|command| command.starts_with(start));
        commands.cloned().collect()
    }

    /// What it took, each as it was sent.
    pub fn mails(&self) -> Vec<String> {
        let kept = self.kept.lock().expect("no panic");
        kept.mails.iter().map(|(_, mail)| mail.clone()).collect()
    }

    /// Begins another epoch, such as the life of another sender.
    pub fn next_epoch(&self) {
        self.kept.lock().expect("no panic").epoch += 1;
    }

    /// How many mails came twice in one epoch, by `Message-ID`.
    pub fn repeated_in_an_epoch(&self) -> usize {
        let kept = self.kept.lock().expect("no panic");
        let mails = kept.mails.iter();
        let all: Vec<_> = mails
            .map(|(epoch, mail)| (epoch, header(mail, "Message-ID")))
            .collect();
        let distinct: HashSet<_> = all.iter().collect();
        all.len() - distinct.len()
    }

    /// How many recipients were sent a mail.
    pub fn recipients(&self) -> usize {
        self.kept.lock().expect("no panic").recipients.len()
    }

    /// How often each recipient was sent each mail, by `Message-ID`.
    pub fn by_recipient(&self) -> HashMap<String, HashMap<String, usize>> {
        let mut recipients = HashMap::<_, HashMap<_, usize>>::new();
        for mail in self.mails() {
            let to = header(&mail, "To").to_owned();
            let id = header(&mail, "Message-ID").to_owned();
            *recipients.entry(to).or_default().entry(id).or_default() += 1;
        }
        recipients
    }

    async fn serve(&self, stream: impl AsyncRead + AsyncWrite) -> std::io::Result<()> {
        let (read, mut write) = split(stream);
        let mut lines = BufReader::new(read).lines();
        if let Some(greeting) = self.manners.greeting {
            if greeting == HANG_UP {
                return Ok(());
            }
            write
                .write_all(format!("{greeting}\r\n").as_bytes())
                .await?;
        }
        while let Some(line) = lines.next_line().await? {
            if self.manners.greeting.is_none() {
                continue;
            }
            let command = line.split(' ').next().unwrap_or_default().to_uppercase();
            self.kept
                .lock()
                .expect("no panic")
                .commands
                .push(line.clone());
            let answer = match (&*command, self.manner(&line)) {
                (_, Some(answer)) => answer.to_owned(),
                ("EHLO", _) => {
                    let offers = self.manners.offers.iter();
                    let offers: String = offers.map(|offer| format!("250-{offer}\r\n")).collect();
                    format!("250-kept.example\r\n{offers}250 HELP")
                }
                ("DATA", _) => {
                    write.write_all(b"354 go on\r\n").await?;
                    let mut mail = String::new();
                    loop {
                        // A mail that breaks off is none.
                        let Some(line) = lines.next_line().await? else {
                            return Ok(());
                        };
                        if line == "." {
                            break;
                        }
                        mail += line.strip_prefix('.').unwrap_or(&line);
                        mail += "\r\n";
                    }
                    match self.manner(".") {
                        Some(answer) => answer.to_owned(),
                        None => self.take(mail).to_owned(),
                    }
                }
                ("QUIT", _) => {
                    write.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 fine".to_owned(),
            };
            if answer == HANG_UP {
                return Ok(());
            }
            if answer == SILENCE {
                continue;
            }
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }

    fn manner(&self, line: &str) -> Option<&'static str> {
        let mut answers = self.manners.answers.iter();
        let (_, answer) = answers.find(|(start, _)| line.starts_with(start))?;
        Some(answer)
    }

    fn take(&self, mail: String) -> &'static str {
        let mut kept = self.kept.lock().expect("no panic");
        kept.asked += 1;
        if !kept.refusals.is_empty() {
            return kept.refusals.remove(0);
        }
        let epoch = kept.epoch;
        kept.recipients.insert(header(&mail, "To").to_owned());
        kept.mails.push((epoch, mail));
        "250 taken"
    }
}

/// A header of a mail; empty where there is none.
pub fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    let head = mail.split("\r\n\r\n").next().unwrap_or_default();
    let value = head
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    value.unwrap_or_default()
}

/// TLS with a certificate that it has made for itself.
fn acceptor() -> TlsAcceptor {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(names).expect("a certificate");
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}
