//! [`Mailer`]: sends mails to a server, or into files.

use std::fs;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::SystemTime;

use kith_runtime::HealthRecorder;
use lettre::Address;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::MultiPart;
use lettre::message::header::Header;
use lettre::message::header::HeaderName;
use lettre::message::header::HeaderValue;

use super::address::ascii_domain;
use super::address::deliverable;
use super::error::MailError;
use super::smtp::Smtp;
use crate::model::language::t;
use crate::services::config::MailConfig;

/// The folder beside the database that has the mails of a Kith without a mail server.
pub const DIRECTORY: &str = "mail";

/// How long the mail server may take. It is well within the lease on the message that asks for the mail.
pub(crate) const SEND_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends mail. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
    sent: Arc<AtomicU64>,
    health: HealthRecorder,
}

/// Where mails go.
#[derive(Clone)]
enum Transport {
    Smtp(Arc<Smtp>),
    Files(PathBuf),
}

/// A mail to one person.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The same whenever the same mail is sent, so that mail servers can tell that it came twice.
    /// Letters, digits and hyphens.
    pub id: String,
    pub to_name: String,
    pub to_address: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Mailer {
    /// `data` is where the files go without a server: into its folder `mail`.
    pub fn new(config: &MailConfig, data: &Path) -> Self {
        Self::with_timeout(config, data, SEND_TIMEOUT)
    }

    /// The same with another timeout of the mail server.
    pub fn with_timeout(config: &MailConfig, data: &Path, timeout: Duration) -> Self {
        let transport = match &config.smtp_url {
            Some(url) => Transport::Smtp(Arc::new(Smtp::new(url.value().clone(), timeout))),
            None => Transport::Files(data.join(DIRECTORY)),
        };
        let mut from = config.from.mailbox().clone();
        if let Some(address) = deliverable(&from.email) {
            from.email = address;
        }
        Self {
            from,
            transport,
            sent: Arc::default(),
            health: HealthRecorder::default(),
        }
    }

    /// Whether the mail server or the folder takes mails.
    pub fn health(&self) -> &HealthRecorder {
        &self.health
    }

    /// How many mails this process has sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The sender of every mail.
    pub fn sender(&self) -> String {
        self.from.to_string()
    }

    /// Whether mails go to a server, and not into a folder.
    pub fn has_server(&self) -> bool {
        matches!(self.transport, Transport::Smtp(_))
    }

    /// Names the folder that mails go into, by a file beside it, which is made if it is not there. `None` where mails go to
    /// a server.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn folder_id(&self) -> io::Result<Option<String>> {
        let Transport::Files(folder) = &self.transport else {
            return Ok(None);
        };
        make_folder(folder)?;
        let path = folder.with_extension("id");
        let id = uuid::Uuid::new_v4().simple().to_string();
        // A link is made at once and never replaces another, so no process reads half of a name.
        let unfinished = folder.with_extension(&id);
        let made = fs::write(&unfinished, &id).and_then(|()| fs::hard_link(&unfinished, &path));
        let _ = fs::remove_file(&unfinished);
        match made {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::read_to_string(path).map(Some),
        }
    }

    /// Where mails go, for the log.
    pub fn describe(&self) -> String {
        match &self.transport {
            Transport::Smtp(_) => t!("to the mail server").to_owned(),
            Transport::Files(folder) => t!("into {folder}", folder = folder.display()),
        }
    }

    /// # Errors
    /// [`MailError`].
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.compose(mail)?;
        let sent = self.transfer(&mail.id, &message).await;
        match &sent {
            Ok(()) => {
                self.sent.fetch_add(1, Ordering::Relaxed);
                self.health.record(None);
            }
            Err(MailError::Temporary(why)) => self.health.record(Some(why.clone())),
            // A server that judges a mail works.
            Err(MailError::Deferred(_) | MailError::Permanent(_)) => self.health.record(None),
        }
        sent
    }

    async fn transfer(&self, id: &str, message: &Message) -> Result<(), MailError> {
        match &self.transport {
            Transport::Smtp(smtp) => smtp.send(message.envelope(), &message.formatted()).await,
            Transport::Files(folder) => {
                write(folder, id, &message.formatted())
                    .await
                    .map_err(|error| {
                        tracing::warn!(%error, "a mail cannot be written");
                        MailError::Temporary("The mail cannot be written to the disk.".to_owned())
                    })
            }
        }
    }

    fn compose(&self, mail: &Mail) -> Result<Message, MailError> {
        let address: Address = mail
            .to_address
            .parse()
            .map_err(|_| MailError::Permanent("No mail can be sent to this address.".to_owned()))?;
        let address = deliverable(&address).ok_or_else(|| {
            MailError::Permanent("The domain of this address has no form for mail.".to_owned())
        })?;
        let to = Mailbox::new(Some(single_line(&mail.to_name)), address);
        let domain = ascii_domain(self.from.email.domain()).unwrap_or("localhost".into());
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(single_line(&mail.subject))
            // Earlier times do not fit.
            .date(SystemTime::now().max(SystemTime::UNIX_EPOCH))
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(
                mail.text.clone(),
                mail.html.clone(),
            ));
        message.map_err(|error| {
            tracing::error!(%error, "a mail cannot be composed");
            MailError::Permanent("The mail cannot be composed.".to_owned())
        })
    }
}

/// The text as one line, which a header can hold.
fn single_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_control() || c.is_whitespace());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    // A mail reader would decode a text that looks encoded, into anything.
    words.join(" ").replace("=?", "= ?")
}

/// Writes a file of this name, completely or not at all. The same mail replaces itself.
async fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let path = folder.join(format!("{name}.eml"));
    let unfinished = folder.join(format!(".{name}.{}", uuid::Uuid::new_v4().simple()));
    let (folder, content) = (folder.to_owned(), content.to_owned());
    let written = tokio::task::spawn_blocking(move || {
        make_folder(&folder)?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        let finished = file
            .write_all(&content)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&unfinished, path));
        if finished.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        finished?;
        // The name must outlive a power cut as well.
        fs::File::open(folder)?.sync_all()
    });
    written.await.map_err(io::Error::other)?
}

/// Only its owner may read the folder and the files in it, because they hold names and addresses.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Says that no person wrote this, so that no answering machine answers (RFC 3834).
#[derive(Clone, Debug)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests;
