//! The welcome email: the message that asks for it, and what executes that.

use std::time::Duration;

use axum::http::StatusCode;
use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use crate::contact::Contact;
use crate::contact::ContactId;
use crate::error::AppError;
use crate::server::config::WelcomeConfig;
use crate::server::contacts::ContactService;
use crate::server::contacts::activity::Event;
use crate::server::contacts::activity::is_pending;
use crate::server::database::Database;
use crate::server::mail::Mail;
use crate::server::mail::MailError;
use crate::server::mail::Mailer;
use crate::server::queue::ledger;
use crate::server::queue::ledger::Claim;
use crate::server::queue::ledger::Settlement;
use crate::server::queue::message::Callback;
use crate::server::queue::message::DeliverySpec;
use crate::server::queue::message::Publication;
use crate::server::queue::outbox::Outgoing;

/// Where the message is delivered.
pub const PATH: &str = "/api/webhooks/welcome-email";

/// Where it is told that it could not be delivered.
pub const FAILURE_PATH: &str = "/api/webhooks/welcome-email/failed";

/// The message. It names the contact and says nothing of it, so that nothing of it leaves Kith with a
/// queue elsewhere, and what is sent is how the contact is then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The same in every copy of the message, whatever the queue calls it.
    pub id: Uuid,
    pub contact: ContactId,
}

/// Asks for a welcome email to a new contact.
pub fn message(contact: ContactId, config: &WelcomeConfig) -> Outgoing {
    let id = Uuid::new_v4();
    let body = serde_json::to_vec(&Welcome { id, contact }).unwrap_or_default();
    let publication = Publication {
        destination: PATH.to_owned(),
        delivery: DeliverySpec {
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            delay: Some(config.delay.as_millis() as u64),
            retries: Some(config.retries.0),
            retry_delay: config
                .retry_delay
                .as_ref()
                .map(|wait| wait.as_str().to_owned()),
            ..DeliverySpec::default()
        },
        failure_callback: Some(Callback {
            url: FAILURE_PATH.to_owned(),
            delivery: DeliverySpec::default(),
        }),
        body,
        ..Publication::default()
    };
    Outgoing {
        id: id.to_string(),
        publication,
    }
}

/// Sends welcome emails. Cheap to clone.
#[derive(Clone)]
pub struct WelcomeService {
    database: Database,
    contacts: ContactService,
    mailer: Mailer,
    config: WelcomeConfig,
}

/// Why a message was not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotExecuted {
    /// Send it again, after this long if it is known.
    Later(Option<Duration>),
    /// Never send it again.
    Never,
}

impl WelcomeService {
    pub fn new(
        database: Database,
        contacts: ContactService,
        mailer: Mailer,
        config: WelcomeConfig,
    ) -> Self {
        Self {
            database,
            contacts,
            mailer,
            config,
        }
    }

    /// Sends the welcome email that a message asks for, once however often the message comes.
    /// `attempt` is counted from 1.
    ///
    /// # Errors
    /// [`NotExecuted`]; why stands in the contact's activity and in the log.
    pub async fn execute(&self, body: &[u8], attempt: u32) -> Result<(), NotExecuted> {
        let Ok(welcome) = serde_json::from_slice::<Welcome>(body) else {
            tracing::warn!("a welcome message is not understood");
            return Err(NotExecuted::Never);
        };
        let key = format!("welcome:{}", welcome.id);
        let now = jiff::Timestamp::now();
        let granted = match ledger::claim(&self.database, &key, now).await {
            Ok(Claim::Granted(granted)) => granted,
            Ok(Claim::Done) => return Ok(()),
            Ok(Claim::Busy(left)) => return Err(NotExecuted::Later(Some(left))),
            Err(error) => {
                tracing::warn!(%error, "a welcome message waits");
                return Err(NotExecuted::Later(None));
            }
        };
        let (event, result) = match self.send(&welcome).await {
            Ok(event) => (event, Ok(())),
            Err(MailError::Temporary(why)) => (
                Event::WelcomeFailed { attempt, why },
                Err(NotExecuted::Later(None)),
            ),
            Err(MailError::Permanent(why)) => {
                (Event::WelcomeGivenUp { why }, Err(NotExecuted::Never))
            }
        };
        let settlement = match result {
            Err(NotExecuted::Later(_)) => Settlement::GiveBack(granted),
            _ => Settlement::Finish(granted),
        };
        let contact = welcome.contact;
        let recorded = self.contacts.record(contact, &event, &settlement).await;
        match (&recorded, &event) {
            // It may have been sent; when it comes again, it is the same mail.
            (Err(_), _) => return Err(NotExecuted::Later(None)),
            (Ok(false), _) => {
                tracing::warn!(%contact, "somebody else has this welcome message by now");
            }
            (Ok(true), Event::WelcomeSent) => {
                tracing::info!(%contact, attempt, "welcome email sent {}", self.mailer.describe());
            }
            (Ok(true), Event::WelcomeFailed { why, .. } | Event::WelcomeGivenUp { why }) => {
                tracing::warn!(%contact, attempt, why, "welcome email not sent");
            }
            (Ok(true), _) => {}
        }
        result
    }

    /// Writes down that all deliveries of a message have failed. `body` is what the queue tells.
    ///
    /// # Errors
    /// The status to answer with.
    pub async fn give_up(&self, body: &[u8]) -> Result<(), StatusCode> {
        use base64::Engine;

        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct News {
            source_body: String,
        }
        let source = serde_json::from_slice::<News>(body).ok();
        let source = source.and_then(|news| {
            let body = base64::prelude::BASE64_STANDARD.decode(news.source_body);
            serde_json::from_slice::<Welcome>(&body.ok()?).ok()
        });
        let Some(Welcome { id, contact }) = source else {
            tracing::warn!("news of a welcome message are not understood");
            return Err(StatusCode::BAD_REQUEST);
        };
        let unavailable = |_| StatusCode::SERVICE_UNAVAILABLE;
        // News may come twice, and the message may be sent again by hand meanwhile.
        let key = format!("welcome-given-up:{id}");
        let now = jiff::Timestamp::now();
        let claim = ledger::claim(&self.database, &key, now).await;
        let Claim::Granted(granted) = claim.map_err(unavailable)? else {
            return Ok(());
        };
        let activities = self.contacts.activities(contact).await;
        let activities = activities.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        if !is_pending(&activities) {
            return Ok(());
        }
        let event = Event::WelcomeGivenUp {
            why: "All attempts have failed.".to_owned(),
        };
        let settlement = Settlement::Finish(granted);
        self.contacts
            .record(contact, &event, &settlement)
            .await
            .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        Ok(())
    }

    async fn send(&self, welcome: &Welcome) -> Result<Event, MailError> {
        let contact = match self.contacts.get(welcome.contact).await {
            Ok(contact) => contact,
            Err(AppError::NotFound) => {
                return Ok(Event::WelcomeGivenUp {
                    why: "The contact was in the trash by then.".to_owned(),
                });
            }
            Err(_) => {
                return Err(MailError::Temporary(
                    "The database did not answer.".to_owned(),
                ));
            }
        };
        self.mailer.send(&self.compose(welcome, &contact)).await?;
        Ok(Event::WelcomeSent)
    }

    fn compose(&self, welcome: &Welcome, contact: &Contact) -> Mail {
        let fill = |template: &str| template.replace("{name}", &contact.name);
        let text = fill(self.config.body.as_str());
        let paragraphs = text
            .split("\n\n")
            .map(|paragraph| format!("<p>{}</p>", escape(paragraph).replace('\n', "<br>\n")));
        Mail {
            id: format!("welcome-{}", welcome.id),
            to_name: contact.name.clone(),
            to_address: contact.email.clone(),
            subject: fill(self.config.subject.as_str()),
            html: paragraphs.collect::<Vec<_>>().join("\n"),
            text,
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
