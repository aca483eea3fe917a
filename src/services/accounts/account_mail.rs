//! The mails about accounts, which the queue sends.
//!
//! The message of a job holds ids alone. The secret of a link is made when the mail is sent, so it stands in the mail and
//! nowhere else: not in the tables of the queue, not among the dead letters, and not at QStash.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kith_database::Database;
use kith_database::Row;
use kith_database::Tx;
use kith_database::query;
use kith_queue::Attempt;
use kith_queue::Failure;
use kith_queue::Job;
use kith_queue::JobOptions;
use kith_queue::Outcome;
use kith_queue::Queue;
use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use super::EmailAddress;
use super::Unavailable;
use super::links;
use super::links::NewLink;
use super::links::Purpose;
use crate::model::html::escape_html;
use crate::model::language::t;
use crate::services::client::AccountId;
use crate::services::client::LinkId;
use crate::services::mail::Mail;
use crate::services::mail::MailError;
use crate::services::mail::Mailer;

/// The most links for a new password that an account is sent within the lifetime of one, so that no client fills the
/// mailbox of another.
const MAX_RESET_MAILS: i64 = 3;

/// A mail about an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountMail {
    /// The same in every copy of the message.
    pub id: Uuid,
    pub subject: Subject,
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// This link, which is in the database.
    Link(LinkId),
    /// A link for a new password, which this account has asked for, if there is one that has an address.
    Reset(AccountId),
    /// The password of this account has changed.
    PasswordChanged(AccountId),
}

/// What sends mails about accounts. Cheap to clone.
#[derive(Clone)]
pub struct AccountMailContext {
    pub database: Database,
    pub mailer: Mailer,
    /// Where people find Kith, for example `https://kith.example.org`.
    pub origin: Arc<str>,
}

/// The text of a mail, and to whom it goes.
pub(super) struct Letter {
    pub to_name: String,
    pub to_address: String,
    pub subject: String,
    pub paragraphs: Vec<String>,
}

/// The address of the page that a link leads to.
pub fn link_url(origin: &str, token: &str) -> String {
    format!("{origin}/link/{token}")
}

/// Puts a mail on the queue, in the transaction of what it is about. [`Queue::wake`] sends it after the commit.
///
/// # Errors
/// [`Unavailable`].
pub async fn enqueue(queue: &Queue, tx: &mut Tx, subject: Subject) -> Result<(), Unavailable> {
    let id = Uuid::new_v4();
    let job = AccountMail { id, subject };
    let queued = queue.enqueue(tx, &job, &JobOptions::default()).await;
    queued.map_err(|error| match error.downcast::<sqlx::Error>() {
        Ok(error) => Unavailable::from(*error),
        Err(error) => {
            tracing::error!(%error, "a mail about an account cannot be put on the queue");
            Unavailable::Database
        }
    })
}

impl AccountMail {
    /// The mail, or `None` where there is nothing to send any more.
    async fn write(&self, context: &AccountMailContext) -> Result<Option<Letter>, sqlx::Error> {
        let now = context.database.clock().now();
        let mut tx = context.database.write().await?;
        let letter = match self.subject {
            Subject::Link(id) => link_letter(&mut tx, context, id, now).await?,
            Subject::Reset(account) => self.reset_letter(&mut tx, context, account, now).await?,
            Subject::PasswordChanged(account) => {
                let owner = owner(&mut tx, account).await?;
                owner.map(|owner| owner.letter(
                    t!("Your password for Kith has changed"),
                    vec![
                        t!("The password of your account {name} on {origin} was changed.", name = owner.name, origin = context.origin),
                        t!("If that was not you, ask for a new password on the page for signing in, and tell an admin.")
                            .to_owned(),
                    ],
                ))
            }
        };
        tx.commit().await?;
        Ok(letter)
    }

    async fn reset_letter(
        &self,
        tx: &mut Tx,
        context: &AccountMailContext,
        account: AccountId,
        now: Timestamp,
    ) -> Result<Option<Letter>, sqlx::Error> {
        let Some(owner) = owner(tx, account).await? else {
            return Ok(None);
        };
        let Ok(address) = EmailAddress::parse(&owner.email) else {
            return Ok(None);
        };
        // The same link if the mail is sent again.
        let (id, purpose) = (LinkId(self.id), Purpose::Password(account));
        let is_new = links::get(tx, id, now).await?.is_none();
        if is_new && links::count(tx, purpose, now).await? >= MAX_RESET_MAILS {
            return Ok(None);
        }
        let new = NewLink {
            id,
            purpose,
            address: Some(&address),
            made_by: None,
        };
        links::insert(tx, new, now).await?;
        link_letter(tx, context, id, now).await
    }
}

/// The mail with a link, for which it makes a secret.
async fn link_letter(
    tx: &mut Tx,
    context: &AccountMailContext,
    id: LinkId,
    now: Timestamp,
) -> Result<Option<Letter>, sqlx::Error> {
    let Some(link) = links::get(tx, id, now).await? else {
        return Ok(None);
    };
    let Some(to_address) = link.address else {
        return Ok(None);
    };
    let to_name = match link.purpose.account() {
        Some(account) => {
            let name: Option<String> = query("SELECT name FROM accounts WHERE id = $1")
                .bind(account.0.as_bytes().as_slice())
                .fetch_optional(tx)
                .await?;
            name.unwrap_or_default()
        }
        None => String::new(),
    };
    let url = link_url(&context.origin, &links::add_secret(tx, id).await?);
    let ignore =
        t!("If you did not expect this mail, ignore it: nothing happens without the link.");
    let (subject, before) = words_of(link.purpose, &to_name, &context.origin);
    Ok(Some(Letter {
        to_name,
        to_address,
        subject: subject.to_owned(),
        paragraphs: vec![before, url, ignore.to_owned()],
    }))
}

/// The subject of the mail with a link, and what it says before the link.
fn words_of(purpose: Purpose, to_name: &str, origin: &str) -> (&'static str, String) {
    match purpose {
        Purpose::Invitation(_) => (
            t!("An invitation to Kith"),
            t!(
                "You are invited to keep contacts on {origin}. This link makes your account. It works once, within seven days:",
                origin = origin
            ),
        ),
        Purpose::Password(_) => (
            t!("A new password for Kith"),
            t!(
                "This link lets you choose a new password for your account {name} on {origin}. It works once, within an hour:",
                name = to_name,
                origin = origin
            ),
        ),
        Purpose::Address(_) => (
            t!("Confirm your address for Kith"),
            t!(
                "This link confirms that the account {name} on {origin} gets mail at this address. It works once, within a day:",
                name = to_name,
                origin = origin
            ),
        ),
    }
}

/// An account that can sign in and has an address.
struct Owner {
    name: String,
    email: String,
}

impl Owner {
    fn letter(&self, subject: &'static str, paragraphs: Vec<String>) -> Letter {
        Letter {
            to_name: self.name.clone(),
            to_address: self.email.clone(),
            subject: subject.to_owned(),
            paragraphs,
        }
    }
}

async fn owner(tx: &mut Tx, account: AccountId) -> Result<Option<Owner>, sqlx::Error> {
    let row: Option<Row> = query(
        "SELECT name, email FROM accounts
         WHERE id = $1 AND disabled_at IS NULL AND email IS NOT NULL",
    )
    .bind(account.0.as_bytes().as_slice())
    .fetch_optional(tx)
    .await?;
    let read = |row: Row| {
        Ok(Owner {
            name: row.get("name")?,
            email: row.get("email")?,
        })
    };
    row.map(read).transpose()
}

impl Letter {
    /// The mail of this id, which is the same if it is sent again. A paragraph may have several lines.
    pub fn into_mail(self, id: String) -> Mail {
        let html = self.paragraphs.iter().map(|paragraph| {
            let text = escape_html(paragraph);
            match paragraph.starts_with("http") {
                true => format!("<p><a href=\"{text}\">{text}</a></p>"),
                false => format!("<p>{}</p>", text.replace('\n', "<br>\n")),
            }
        });
        Mail {
            id,
            html: html.collect::<Vec<_>>().join("\n"),
            text: self.paragraphs.join("\n\n") + "\n",
            to_name: self.to_name,
            to_address: self.to_address,
            subject: self.subject,
        }
    }
}

#[async_trait]
impl Job for AccountMail {
    type Context = AccountMailContext;
    const KIND: &'static str = "account-mail";
    const LABEL: &'static str = "Mail about an account";

    fn id(&self) -> String {
        self.id.to_string()
    }

    async fn run(&self, context: &AccountMailContext, attempt: &Attempt) -> Outcome {
        let letter = match self.write(context).await {
            Ok(Some(letter)) => letter,
            Ok(None) => return Outcome::done(),
            Err(error) => {
                let _logged = Unavailable::from(error);
                return Outcome::failed(Failure::Retry(None));
            }
        };
        // It does not matter which copy arrives: each has a valid secret.
        let mail = letter.into_mail(format!("account-{}", self.id));
        let why = match context.mailer.send(&mail).await {
            Ok(()) => return Outcome::done(),
            Err(why) => why,
        };
        let mail = self.id;
        tracing::warn!(%mail, attempt = attempt.number, %why, "a mail about an account was not sent");
        Outcome::failed(match why {
            MailError::Temporary(_) | MailError::Deferred(_) => Failure::Retry(None),
            MailError::Permanent(_) => Failure::Permanent,
        })
    }
}
