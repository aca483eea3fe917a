//! What Kith offers to send to a new contact, and how it asks for that.

pub mod choice;
mod hook;
mod template;

use std::sync::Arc;

use crate::model::view::WelcomeOffer;
use crate::services::config::WelcomeConfig;
use crate::services::mail::Mailer;

pub use self::hook::WelcomeHook;
pub use self::template::Template;

/// Says what a welcome email would be. Cheap to clone.
#[derive(Clone)]
pub struct WelcomeService {
    mailer: Mailer,
    config: Arc<WelcomeConfig>,
}

impl WelcomeService {
    pub fn new(mailer: Mailer, config: Arc<WelcomeConfig>) -> Self {
        Self { mailer, config }
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
}
