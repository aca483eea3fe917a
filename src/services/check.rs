//! `kith check`: whether the columns of contacts, and the table of searches, say what the cards say.
//!
//! It works on the database itself, on both engines and while servers run.

use std::fmt::Write;
use std::num::NonZeroU32;

use kith_database::Database;

use crate::services::config::Config;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::sql::derived;
use crate::services::contacts::store::sql::derived::Checked;
use crate::services::contacts::store::sql::derived::Mode;
use crate::services::contacts::store::sql::write_missing_cards;
use crate::services::database;
use crate::services::format;

/// One for the check, and one for what the engine itself needs.
const CONNECTIONS: NonZeroU32 = NonZeroU32::new(3).expect("it is not 0");

/// What came of a check.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// For the operator: ids of contacts, and names of columns.
    pub text: String,
    /// Nothing differs any more.
    pub is_sound: bool,
}

/// Why nothing was checked, or not everything. It says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error(transparent)]
    Open(#[from] database::OpenError),
    #[error("cannot read or write all contacts; run the command again")]
    Store(#[from] StoreError),
}

/// Checks all contacts of all books, and derives anew what differs if it is to `repair`.
///
/// # Errors
/// [`CheckError`].
pub async fn run(repair: bool, config: &Config) -> Result<Report, CheckError> {
    let database = database::open(config.data.database(), CONNECTIONS).await?;
    let checked = check(&database, repair).await;
    database.close().await;
    Ok(report(&checked?, repair))
}

async fn check(database: &Database, repair: bool) -> Result<Checked, StoreError> {
    if !repair {
        return derived::check(database, Mode::Report).await;
    }
    write_missing_cards(database).await?;
    derived::check(database, Mode::Repair).await
}

fn report(checked: &Checked, repair: bool) -> Report {
    let mut text = String::new();
    for difference in &checked.differing {
        let columns = difference.columns.join(", ");
        let _ = writeln!(text, "contact {}: {columns}", difference.contact);
    }
    let contacts = format::count(checked.contacts, "contact");
    let differing = checked.differing.len();
    let unreadable = checked.unreadable();
    let (says, is_sound) = if checked.is_sound() {
        (
            "All that Kith derives from their cards is as they say.".to_owned(),
            true,
        )
    } else if !repair {
        let says = format!(
            "Different from their cards: {differing}. `kith check --repair` derives what differs anew."
        );
        (says, false)
    } else if unreadable == 0 {
        (
            "All that has differed from their cards is derived anew.".to_owned(),
            true,
        )
    } else {
        let says = format!(
            "Cards that cannot be read: {unreadable}. These contacts stay as they are, and the others are derived anew."
        );
        (says, false)
    };
    let _ = writeln!(text, "{contacts} checked. {says}");
    Report { text, is_sound }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::contact::ContactId;
    use crate::services::contacts::store::sql::derived::Difference;

    fn checked(columns: &[&'static str]) -> Checked {
        let contact = ContactId::new(uuid::Uuid::nil());
        Checked {
            contacts: 2,
            differing: vec![Difference {
                contact,
                columns: columns.to_vec(),
            }],
        }
    }

    #[test]
    fn a_report_names_contacts_and_columns() {
        let sound = Checked {
            contacts: 1,
            ..Checked::default()
        };
        let sound = report(&sound, false);
        assert!(sound.is_sound);
        assert!(sound.text.starts_with("1 contact checked."), "{sound:?}");
        let differing = report(&checked(&["email", "fields"]), false);
        assert!(!differing.is_sound);
        let line = "contact 00000000-0000-0000-0000-000000000000: email, fields\n2 contacts checked. Different from their cards: 1.";
        assert!(differing.text.starts_with(line), "{differing:?}");
        assert!(report(&checked(&["email"]), true).is_sound);
        assert!(!report(&checked(&["card"]), true).is_sound);
    }
}
