//! What happens around contacts.

use serde::Deserialize;
use serde::Serialize;

use crate::model::contact::Activities;
use crate::model::contact::Activity;
use crate::model::contact::Contact;
use crate::model::contact::Field;
use crate::services::words;
use kith_runtime::english_list;

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
    /// Something else stands in these fields now.
    Changed {
        fields: Vec<Field>,
    },
    /// It went to the trash.
    Deleted,
    /// It came back.
    Restored,
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
    /// Whether it is about the welcome email.
    pub fn is_of_welcome(&self) -> bool {
        match self {
            Self::Created | Self::Changed { .. } | Self::Deleted | Self::Restored => false,
            Self::WelcomeQueued
            | Self::WelcomeFailed { .. }
            | Self::WelcomeSent
            | Self::WelcomeFiled
            | Self::WelcomeGivenUp { .. } => true,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Created => "Added".to_owned(),
            Self::Changed { fields } => changed(fields),
            Self::Deleted => "Moved to the trash".to_owned(),
            Self::Restored => "Restored from the trash".to_owned(),
            Self::WelcomeQueued => "Welcome email queued".to_owned(),
            Self::WelcomeFailed { attempt, why } => {
                format!("Welcome email: attempt {attempt} failed. {why}")
            }
            Self::WelcomeSent => "Welcome email sent".to_owned(),
            Self::WelcomeFiled => {
                "Welcome email not sent: Kith is not set up to send email".to_owned()
            }
            Self::WelcomeGivenUp { why } => format!("Welcome email not sent. {why}"),
        }
    }
}

/// For example `Phone and notes changed`.
fn changed(fields: &[Field]) -> String {
    let names: Vec<_> = fields.iter().map(|field| field.name()).collect();
    let what = if names.is_empty() {
        "something".to_owned()
    } else {
        english_list(&names)
    };
    words::sentence(&format!("{what} changed"))
}

/// Whether there is more to come of the welcome email, whatever people do with the contact meanwhile.
pub fn is_pending(happened: &[Happened]) -> bool {
    let mut of_welcome = happened.iter().rev();
    let last = of_welcome.find(|happened| happened.event.is_of_welcome());
    last.is_some_and(|last| {
        matches!(
            last.event,
            Event::WelcomeQueued | Event::WelcomeFailed { .. }
        )
    })
}

impl Activities {
    /// As people read it: the words are the server's, so that the browser need not have them. What
    /// happened to the contact before such things were written down is told from what it says of itself.
    pub fn of(contact: &Contact, mut happened: Vec<Happened>) -> Self {
        let pending = is_pending(&happened);
        let knows = |at: &str, happened: &[Happened]| happened.iter().any(|one| one.at == at);
        if !happened.iter().any(|one| one.event == Event::Created) {
            let at = contact.created_at.clone();
            happened.insert(
                0,
                Happened {
                    at,
                    event: Event::Created,
                },
            );
        }
        if !knows(&contact.updated_at, &happened) {
            let at = contact.updated_at.clone();
            // Timestamps of one form compare as text.
            let place = happened.iter().rposition(|one| one.at <= at);
            let fields = Vec::new();
            let event = Event::Changed { fields };
            happened.insert(place.map_or(0, |place| place + 1), Happened { at, event });
        }
        let list = happened.into_iter().map(|Happened { at, event }| Activity {
            text: event.words(),
            at,
        });
        Self {
            list: list.collect(),
            pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::contact::ContactId;

    fn contact(created_at: &str, updated_at: &str) -> Contact {
        Contact {
            id: ContactId::new(uuid::Uuid::nil()),
            name: "Ada".to_owned(),
            email: "ada@example.com".to_owned(),
            phone: None,
            company: None,
            notes: None,
            created_at: created_at.to_owned(),
            updated_at: updated_at.to_owned(),
            version: 2,
        }
    }

    fn happened(at: &str, event: Event) -> Happened {
        let at = at.to_owned();
        Happened { at, event }
    }

    fn texts(activities: &Activities) -> Vec<(&str, &str)> {
        let list = activities.list.iter();
        list.map(|one| (&*one.at, &*one.text)).collect()
    }

    #[test]
    fn changes_name_what_was_changed() {
        let changed = |fields: &[Field]| {
            let fields = fields.to_vec();
            Event::Changed { fields }.words()
        };
        assert_eq!(changed(&[Field::Phone]), "Phone changed");
        assert_eq!(
            changed(&[Field::Name, Field::Notes]),
            "Name and notes changed"
        );
        assert_eq!(
            changed(&[Field::Name, Field::Email, Field::Notes]),
            "Name, email and notes changed"
        );
    }

    #[test]
    fn an_edit_does_not_end_the_wait_for_a_welcome_email() {
        let fields = vec![Field::Phone];
        let mut all = vec![
            happened("1", Event::Created),
            happened("1", Event::WelcomeQueued),
            happened("2", Event::Changed { fields }),
        ];
        assert!(is_pending(&all));
        all.push(happened("3", Event::WelcomeSent));
        all.push(happened("4", Event::Deleted));
        all.push(happened("5", Event::Restored));
        assert!(!is_pending(&all));
        assert!(!is_pending(&[]));
    }

    #[test]
    fn what_was_not_written_down_is_told_all_the_same() {
        let old = Activities::of(&contact("1", "3"), Vec::new());
        assert_eq!(texts(&old), [("1", "Added"), ("3", "Something changed")]);
        let welcomed = vec![
            happened("1", Event::Created),
            happened("1", Event::WelcomeQueued),
            happened("4", Event::WelcomeSent),
        ];
        let welcomed = Activities::of(&contact("1", "3"), welcomed);
        assert_eq!(welcomed.list.len(), 4);
        assert_eq!(welcomed.list[2].text, "Something changed");
        let new = Activities::of(&contact("1", "1"), vec![happened("1", Event::Created)]);
        assert_eq!(texts(&new), [("1", "Added")]);
    }

    #[test]
    fn what_was_not_written_down_leaves_the_order_of_the_rest() {
        let set_back = vec![
            happened("3", Event::Created),
            happened("3", Event::WelcomeQueued),
            happened("1", Event::WelcomeSent),
        ];
        let activities = Activities::of(&contact("3", "4"), set_back);
        let expected = [
            ("3", "Added"),
            ("3", "Welcome email queued"),
            ("1", "Welcome email sent"),
            ("4", "Something changed"),
        ];
        assert_eq!(texts(&activities), expected);
    }
}
