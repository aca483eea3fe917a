//! What has happened around a contact, as both halves tell it.

use serde::Deserialize;
use serde::Serialize;

/// Something that happened, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// RFC 3339, UTC, milliseconds.
    pub at: String,
    pub event: Event,
}

/// What happened.
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
    /// It was not sent and will not be.
    WelcomeGivenUp {
        why: String,
    },
}

/// Whether there is more to come.
pub fn is_pending(activities: &[Activity]) -> bool {
    activities
        .iter()
        .rev()
        .find_map(|activity| match activity.event {
            Event::Created => None,
            Event::WelcomeQueued | Event::WelcomeFailed { .. } => Some(true),
            Event::WelcomeSent | Event::WelcomeGivenUp { .. } => Some(false),
        })
        == Some(true)
}
