//! What happens around contacts.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Serialize;

use crate::model::contact::Activities;
use crate::model::contact::Activity;
use crate::model::contact::Contact;
use crate::model::language::t;
use crate::services::contacts::catalogue::Field;
use crate::services::format;
use crate::services::mail;

/// Something that happened around a contact, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRecord {
    /// RFC 3339, UTC, milliseconds.
    pub at: String,
    pub event: Event,
}

/// What happened, as the database keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    Created,
    /// It was added from a file.
    Imported,
    /// Something else stands in these fields now.
    Changed {
        /// By their names.
        fields: Vec<String>,
    },
    /// It went to the trash.
    Deleted,
    /// It came back.
    Restored,
    /// It came from another address book.
    Moved,
    /// A welcome email will be sent.
    WelcomeQueued,
    /// An attempt to send it has failed, and there will be another. `why` is a sentence for people.
    WelcomeFailed {
        attempt: u32,
        why: String,
    },
    WelcomeSent,
    /// Kith has written it to a file, because there is no mail server.
    WelcomeFiled,
    /// Kith has not sent it and never will.
    WelcomeGivenUp {
        why: String,
    },
}

impl Event {
    /// Whether the event is about the welcome email.
    pub fn is_of_welcome(&self) -> bool {
        match self {
            Self::Created
            | Self::Imported
            | Self::Changed { .. }
            | Self::Deleted
            | Self::Restored
            | Self::Moved => false,
            Self::WelcomeQueued
            | Self::WelcomeFailed { .. }
            | Self::WelcomeSent
            | Self::WelcomeFiled
            | Self::WelcomeGivenUp { .. } => true,
        }
    }

    fn text(&self) -> String {
        let text = match self {
            Self::Created => t!("Added"),
            Self::Imported => t!("Imported from a file"),
            Self::Changed { fields } => return changed(fields),
            Self::Deleted => t!("Moved to the trash"),
            Self::Restored => t!("Restored from the trash"),
            Self::Moved => t!("Moved here from another address book"),
            Self::WelcomeQueued => t!("Welcome email queued"),
            Self::WelcomeFailed { attempt, why } => {
                return t!(
                    "Welcome email: attempt {attempt} failed. {why}",
                    attempt = attempt,
                    why = shown_reason(why),
                );
            }
            Self::WelcomeSent => t!("Welcome email sent"),
            Self::WelcomeFiled => t!("Welcome email not sent: Kith is not set up to send email"),
            Self::WelcomeGivenUp { why } => {
                return t!("Welcome email not sent. {why}", why = shown_reason(why));
            }
        };
        text.to_owned()
    }
}

/// For example `Phone and notes changed`.
fn changed(fields: &[String]) -> String {
    let names: Vec<String> = fields.iter().map(|name| Field::words_of(name)).collect();
    let what = match names.as_slice() {
        [] => t!("something").to_owned(),
        names => format::list(names),
    };
    t!("{fields} changed", fields = format::sentence(&what))
}

/// Why a welcome email was not sent, as the reader says it. The database has it in English, as
/// [`WelcomeEmail`](crate::services::jobs::WelcomeEmail) says it.
fn shown_reason(why: &str) -> Cow<'_, str> {
    let known = match why {
        "The contact was in the trash by then." => t!("The contact was in the trash by then."),
        "The contact had no email address by then." => {
            t!("The contact had no email address by then.")
        }
        "The database did not answer." => t!("The database did not answer."),
        "All attempts have failed." => t!("All attempts have failed."),
        why => return mail::for_reader(why),
    };
    known.into()
}

/// Whether the welcome email may still change its state, whatever people do with the contact meanwhile.
pub fn welcome_is_pending(records: &[ActivityRecord]) -> bool {
    let mut records = records.iter().rev();
    let last = records.find(|record| record.event.is_of_welcome());
    last.is_some_and(|last| {
        matches!(
            last.event,
            Event::WelcomeQueued | Event::WelcomeFailed { .. }
        )
    })
}

impl Activities {
    /// As people read it. The server makes the texts, so that the browser need not have them. Changes that
    /// are older than these records are derived from the times of the contact.
    pub fn of(contact: &Contact, mut records: Vec<ActivityRecord>) -> Self {
        let pending = welcome_is_pending(&records);
        let is_first =
            |record: &ActivityRecord| matches!(record.event, Event::Created | Event::Imported);
        if !records.iter().any(is_first) {
            let created = ActivityRecord {
                at: contact.created_at.clone(),
                event: Event::Created,
            };
            records.insert(0, created);
        }
        if !records.iter().any(|record| record.at == contact.updated_at) {
            let at = contact.updated_at.clone();
            // Timestamps of one form compare as text.
            let before = records.iter().rposition(|record| record.at <= at);
            let fields = Vec::new();
            let event = Event::Changed { fields };
            let place = before.map_or(0, |before| before + 1);
            records.insert(place, ActivityRecord { at, event });
        }
        let activity = |ActivityRecord { at, event }| Activity {
            text: event.text(),
            at,
        };
        Self {
            list: records.into_iter().map(activity).collect(),
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
            email: Some("ada@example.com".to_owned()),
            phone: None,
            company: None,
            notes: None,
            fields: serde_json::Map::new(),
            photo: None,
            created_at: created_at.to_owned(),
            updated_at: updated_at.to_owned(),
            version: 2,
        }
    }

    fn record(at: &str, event: Event) -> ActivityRecord {
        let at = at.to_owned();
        ActivityRecord { at, event }
    }

    fn texts(activities: &Activities) -> Vec<(&str, &str)> {
        let list = activities.list.iter();
        list.map(|one| (&*one.at, &*one.text)).collect()
    }

    #[test]
    fn changes_name_what_was_changed() {
        let changed = |fields: &[&str]| {
            let fields = fields.iter().map(|&name| name.to_owned()).collect();
            Event::Changed { fields }.text()
        };
        assert_eq!(changed(&["phones"]), "Phone changed");
        // As earlier releases have written it.
        assert_eq!(changed(&["phone"]), "Phone changed");
        assert_eq!(changed(&["name", "notes"]), "Name and notes changed");
        assert_eq!(
            changed(&["name", "emails", "notes"]),
            "Name, email and notes changed"
        );
        assert_eq!(changed(&["shoeSize"]), "Shoesize changed");
    }

    #[test]
    fn an_edit_does_not_end_the_wait_for_a_welcome_email() {
        let fields = vec!["phones".to_owned()];
        let mut all = vec![
            record("1", Event::Created),
            record("1", Event::WelcomeQueued),
            record("2", Event::Changed { fields }),
        ];
        assert!(welcome_is_pending(&all));
        all.push(record("3", Event::WelcomeSent));
        all.push(record("4", Event::Deleted));
        all.push(record("5", Event::Restored));
        assert!(!welcome_is_pending(&all));
        assert!(!welcome_is_pending(&[]));
    }

    #[test]
    fn what_was_not_written_down_is_told_all_the_same() {
        let old = Activities::of(&contact("1", "3"), Vec::new());
        assert_eq!(texts(&old), [("1", "Added"), ("3", "Something changed")]);
        let welcomed = vec![
            record("1", Event::Created),
            record("1", Event::WelcomeQueued),
            record("4", Event::WelcomeSent),
        ];
        let welcomed = Activities::of(&contact("1", "3"), welcomed);
        assert_eq!(welcomed.list.len(), 4);
        assert_eq!(welcomed.list[2].text, "Something changed");
        let new = Activities::of(&contact("1", "1"), vec![record("1", Event::Created)]);
        assert_eq!(texts(&new), [("1", "Added")]);
    }

    #[test]
    fn what_was_not_written_down_leaves_the_order_of_the_rest() {
        let set_back = vec![
            record("3", Event::Created),
            record("3", Event::WelcomeQueued),
            record("1", Event::WelcomeSent),
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
