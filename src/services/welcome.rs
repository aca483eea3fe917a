//! The welcome email: the message that asks for it, and what executes that.

pub mod choice;
mod template;
mod hook;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde::Serialize;
pub use template::Template;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use uuid::Uuid;

pub use self::hook::WelcomeHook;
use crate::components::words::escape;
use crate::islands::contacts::Welcome as Offer;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::model::error::AppError;
use crate::model::html::escape_html;
use crate::model::view::WelcomeOffer;
use crate::services::config::WelcomeConfig;
use crate::services::contacts::ContactService;
use crate::services::contacts::activity::Event;
use crate::services::contacts::activity::is_pending;
use crate::services::mail::Mail;
use crate::services::mail::MailError;
use crate::services::mail::Mailer;
use kith_database::Database;
use kith_queue::ledger;
use kith_queue::ledger::Claim;
use kith_queue::ledger::Granted;
use kith_queue::ledger::Settlement;
use kith_queue::message::Callback;
use kith_queue::message::DeliverySpec;
use kith_queue::message::Publication;
use kith_queue::outbox::Outgoing;
use kith_queue::receiver::NotExecuted;
use kith_runtime::Clock;

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
            delay: Some(config.delay.0.as_millis() as u64),
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
    clock: Arc<dyn Clock>,
    stopping: CancellationToken,
    config: WelcomeConfig,
    tasks: TaskTracker,
}

/// What a [`WelcomeService`] is made of.
pub struct Options {
    pub database: Database,
    pub contacts: ContactService,
    pub mailer: Mailer,
    pub clock: Arc<dyn Clock>,
    /// Cancelled once Kith is told to stop.
    pub stopping: CancellationToken,
    pub config: WelcomeConfig,
}

impl WelcomeService {
    pub fn new(options: Options) -> Self {
        let Options {
            database,
            contacts,
            mailer,
            clock,
            stopping,
            config,
        } = options;
        Self {
            database,
            contacts,
            mailer,
            clock,
            stopping,
            config,
            tasks: TaskTracker::new(),
        }
    }

    /// What Kith would send, and from which address. `choice` is what the person has chosen the last time.
    pub fn offer(&self, choice: Option<bool>) -> WelcomeOffer {
        WelcomeOffer {
            ticked: choice.unwrap_or(self.config.enabled),
            from: self.mailer.sender(),
            subject: self.config.subject.parts(),
            text: self.config.body.parts(),
            is_sent: self.mailer.has_server(),
        }
    }

    /// Waits for what is under way.
    pub async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
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
        let service = self.clone();
        // Goes on when the queue hangs up: what the mail server has taken must be written down.
        let work = async move { service.execute_once(welcome, attempt).await };
        let work = self.tasks.spawn(work.in_current_span());
        work.await.unwrap_or(Err(NotExecuted::Later(None)))
    }

    async fn execute_once(&self, welcome: Welcome, attempt: u32) -> Result<(), NotExecuted> {
        let Some(granted) = self.claim(&format!("welcome:{}", welcome.id)).await? else {
            return Ok(());
        };
        let (event, result) = match self.send(&welcome).await {
            Ok(event) => (event, Ok(())),
            Err(MailError::Temporary(why) | MailError::Deferred(why)) => (
                Event::WelcomeFailed { attempt, why },
                Err(NotExecuted::Later(None)),
            ),
            Err(MailError::Permanent(why)) => {
                (Event::WelcomeGivenUp { why }, Err(NotExecuted::Never))
            }
        };
        // What was not sent may be sent by hand, once whatever was wrong has been put right.
        let settlement = match result {
            Ok(()) => Settlement::Finish(granted),
            Err(_) => Settlement::GiveBack(granted),
        };
        let contact = welcome.contact;
        match (self.record(contact, &event, &settlement).await?, &event) {
            (false, _) => {
                tracing::warn!(%contact, "somebody else has this welcome message by now");
            }
            (true, Event::WelcomeSent | Event::WelcomeFiled) => {
                tracing::info!(%contact, attempt, "welcome email sent {}", self.mailer.describe());
            }
            (true, Event::WelcomeFailed { why, .. } | Event::WelcomeGivenUp { why }) => {
                tracing::warn!(%contact, attempt, why, "welcome email not sent");
            }
            (true, _) => {}
        }
        result
    }

    /// Writes down that all deliveries of a message have failed. `body` is what the queue tells.
    ///
    /// # Errors
    /// [`NotExecuted`].
    pub async fn give_up(&self, body: &[u8]) -> Result<(), NotExecuted> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct News {
            source_message_id: String,
            source_body: String,
        }
        let news = serde_json::from_slice::<News>(body).ok();
        let understood = news.and_then(|news| {
            let body = BASE64_STANDARD.decode(news.source_body).ok()?;
            let welcome = serde_json::from_slice::<Welcome>(&body).ok()?;
            Some((news.source_message_id, welcome))
        });
        let Some((message, Welcome { contact, .. })) = understood else {
            tracing::warn!("news of a welcome message are not understood");
            return Err(NotExecuted::Never);
        };
        let activities = self.contacts.activities(contact).await;
        if !is_pending(&activities.map_err(|_| NotExecuted::Later(None))?) {
            return Ok(());
        }
        let Some(granted) = self.claim(&format!("welcome-failed:{message}")).await? else {
            return Ok(());
        };
        let event = Event::WelcomeGivenUp {
            why: "All attempts have failed.".to_owned(),
        };
        self.record(contact, &event, &Settlement::Finish(granted))
            .await?;
        Ok(())
    }

    /// Asks for the right to execute a message; `None` when it was executed. Where another has it, who
    /// may have died, this waits until that would be over: an answer now would be a failed attempt.
    async fn claim(&self, key: &str) -> Result<Option<Granted>, NotExecuted> {
        let mut waited = false;
        loop {
            match ledger::claim(&self.database, key, self.clock.clone()).await {
                Ok(Claim::Granted(granted)) => return Ok(Some(granted)),
                Ok(Claim::Done) => return Ok(None),
                Ok(Claim::Busy(left)) if waited => return Err(NotExecuted::Later(Some(left))),
                Ok(Claim::Busy(left)) => {
                    waited = true;
                    tokio::select! {
                        () = tokio::time::sleep(left) => {}
                        () = self.stopping.cancelled() => {
                            return Err(NotExecuted::Later(Some(left)));
                        }
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a message cannot be claimed");
                    return Err(NotExecuted::Later(None));
                }
            }
        }
    }

    /// Writes down what happened, and tries again while nobody else may have the message: otherwise
    /// what was done would be done again.
    async fn record(
        &self,
        contact: ContactId,
        event: &Event,
        settlement: &Settlement,
    ) -> Result<bool, NotExecuted> {
        const ATTEMPTS: u32 = 4;
        for attempt in 1.. {
            match self.contacts.record(contact, event, settlement).await {
                Ok(recorded) => return Ok(recorded),
                Err(_) if attempt < ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Err(_) => break,
            }
        }
        Err(NotExecuted::Later(None))
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
        Ok(if self.mailer.has_server() {
            Event::WelcomeSent
        } else {
            Event::WelcomeFiled
        })
    }

    fn compose(&self, welcome: &Welcome, contact: &Contact) -> Mail {
        let text = self.config.body.fill(&contact.name);
        let paragraphs = text
            .split("\n\n")
            .map(|paragraph| format!("<p>{}</p>", escape_html(paragraph).replace('\n', "<br>\n")));
        Mail {
            id: format!("welcome-{}", welcome.id),
            to_name: contact.name.clone(),
            to_address: contact.email.clone(),
            subject: self.config.subject.fill(&contact.name),
            html: paragraphs.collect::<Vec<_>>().join("\n"),
            text,
        }
    }
}
