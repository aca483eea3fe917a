//! What happens around contacts.

use serde::Deserialize;
use serde::Serialize;

use crate::contact::Activities;
use crate::contact::Activity;

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// RFC 3339, UTC, milliseconds.
    pub at: String,
    pub event: Event,
}

/// What happened, as the database keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    Created,
    /// A welcome email will be sent.
    WelcomeQueued,
    /// It was tried to send it, and will be again. `why` is a sentence for people.
    WelcomeFailed {
        attempt: u32,
        why: String,
    },
    WelcomeSent,
    /// It was written to a file, because there is no mail server.
    WelcomeFiled,
    /// It was not sent and will not be.
    WelcomeGivenUp {
        why: String,
    },
}

impl Event {
    fn words(&self) -> String {
        match self {
            Self::Created => "Added".to_owned(),
            Self::WelcomeQueued => "Welcome email queued".to_owned(),
            Self::WelcomeFailed { attempt, why } => {
                format!("Welcome email: attempt {attempt} failed. {why}")
            }
            Self::WelcomeSent => "Welcome email sent".to_owned(),
            Self::WelcomeFiled => {
                "Welcome email kept as a file, because no mail server is set up".to_owned()
            }
            Self::WelcomeGivenUp { why } => format!("Welcome email not sent. {why}"),
        }
    }
}

/// Whether there is more to come.
pub fn is_pending(happened: &[Happened]) -> bool {
    let last = happened.last();
    last.is_some_and(|last| {
        matches!(
            last.event,
            Event::WelcomeQueued | Event::WelcomeFailed { .. }
        )
    })
}

/// As people read it. The words are the server's, so that the browser need not have them.
impl From<Vec<Happened>> for Activities {
    fn from(happened: Vec<Happened>) -> Self {
        Self {
            pending: is_pending(&happened),
            list: happened
                .into_iter()
                .map(|Happened { at, event }| Activity {
                    text: event.words(),
                    at,
                })
                .collect(),
        }
    }
}
