//! The job that sends a welcome email to a new contact.

use std::sync::Arc;

use async_trait::async_trait;
use kith_queue::Attempt;
use kith_queue::Failure;
use kith_queue::Job;
use kith_queue::JobOptions;
use kith_queue::Outcome;
use serde::Deserialize;
use serde::Serialize;
use uuid::Uuid;

use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::html::escape_html;
use crate::services::config::WelcomeConfig;
use crate::services::contacts::ContactService;
use crate::services::contacts::activity::Event;
use crate::services::contacts::activity::welcome_is_pending;
use crate::services::mail::Mail;
use crate::services::mail::MailError;
use crate::services::mail::Mailer;

/// The message names the contact and says nothing else of it, so that no data of the contact leaves Kith
/// with a queue elsewhere, and Kith sends what the contact is at that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WelcomeEmail {
    /// The same in every copy of the message, whatever the queue calls it.
    pub id: Uuid,
    pub contact: ContactId,
}

/// What sends a welcome email. Cheap to clone.
#[derive(Clone)]
pub struct WelcomeContext {
    pub contacts: ContactService,
    pub mailer: Mailer,
    pub config: Arc<WelcomeConfig>,
}

impl WelcomeEmail {
    /// A welcome email to a new contact.
    pub fn new(contact: ContactId) -> Self {
        let id = Uuid::new_v4();
        Self { id, contact }
    }

    /// How the configuration has it delivered.
    pub fn options(config: &WelcomeConfig) -> JobOptions {
        JobOptions {
            delay: config.delay.0,
            retries: Some(config.retries.0),
            retry_delay: config
                .retry_delay
                .as_ref()
                .map(|wait| wait.as_str().to_owned()),
        }
    }

    async fn send(&self, context: &WelcomeContext) -> Result<Event, MailError> {
        let contact = match context.contacts.find_for_job(self.contact).await {
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
        let Some(to_address) = contact.email.clone() else {
            return Ok(Event::WelcomeGivenUp {
                why: "The contact had no email address by then.".to_owned(),
            });
        };
        let mail = self.compose(&context.config, &contact, to_address);
        context.mailer.send(&mail).await?;
        Ok(if context.mailer.has_server() {
            Event::WelcomeSent
        } else {
            Event::WelcomeFiled
        })
    }

    fn compose(&self, config: &WelcomeConfig, contact: &Contact, to_address: String) -> Mail {
        let text = config.body.fill(&contact.name);
        let paragraphs = text.split("\n\n").map(|paragraph| {
            let paragraph = escape_html(paragraph).replace('\n', "<br>\n");
            format!("<p>{paragraph}</p>")
        });
        Mail {
            id: format!("welcome-{}", self.id),
            to_name: contact.name.clone(),
            to_address,
            subject: config.subject.fill(&contact.name),
            html: paragraphs.collect::<Vec<_>>().join("\n"),
            text,
        }
    }
}

#[async_trait]
impl Job for WelcomeEmail {
    type Context = WelcomeContext;
    const KIND: &'static str = "welcome-email";
    const LABEL: &'static str = "Welcome email";
    const DISCARD_LABEL: Option<&'static str> = Some("Welcome email that failed");

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn key(&self, _message_id: &str) -> String {
        // As messages of the last release are known.
        format!("welcome:{}", self.id)
    }

    async fn run(&self, context: &WelcomeContext, attempt: &Attempt) -> Outcome {
        let (contact, attempt) = (self.contact, attempt.number);
        let (event, outcome) = match self.send(context).await {
            Ok(event) => (event, Outcome::done()),
            Err(MailError::Temporary(why) | MailError::Deferred(why)) => (
                Event::WelcomeFailed { attempt, why },
                Outcome::failed(Failure::Retry(None)),
            ),
            Err(MailError::Permanent(why)) => (
                Event::WelcomeGivenUp { why },
                Outcome::failed(Failure::Permanent),
            ),
        };
        match &event {
            Event::WelcomeFailed { why, .. } | Event::WelcomeGivenUp { why } => {
                tracing::warn!(%contact, attempt, why, "welcome email not sent");
            }
            _ => {
                let transport = context.mailer.describe();
                tracing::info!(%contact, attempt, "welcome email sent {transport}");
            }
        }
        outcome.with_step(context.contacts.recording(contact, event))
    }

    async fn discard(
        &self,
        context: &WelcomeContext,
    ) -> Result<Option<kith_database::TransactionStep>, Failure> {
        let activities = context.contacts.activities_for_job(self.contact).await;
        if !welcome_is_pending(&activities.map_err(|_| Failure::Retry(None))?) {
            return Ok(None);
        }
        let event = Event::WelcomeGivenUp {
            why: "All attempts have failed.".to_owned(),
        };
        Ok(Some(context.contacts.recording(self.contact, event)))
    }
}
