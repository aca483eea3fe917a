//! Which cards a book has already: by their UIDs, and by what they say.

use std::collections::HashSet;

use kith_database::Connection;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::hex;
use serde_json::json;

use super::insert::Addition;
use super::insert::Occasion;
use super::insert::insert;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::store::StoreError;

const UIDS: Sql = Sql::each(
    "SELECT uid FROM contacts
     WHERE book = $1 AND deleted_at IS NULL AND uid IN (SELECT value FROM json_each($2))",
    "SELECT uid FROM contacts
     WHERE book = $1 AND deleted_at IS NULL AND uid = ANY (ARRAY(SELECT json_array_elements_text($2::json)))",
);

const FINGERPRINTS: Sql = Sql::each(
    "SELECT fingerprint FROM contacts
     WHERE book = $1 AND deleted_at IS NULL AND fingerprint IN (SELECT unhex(value) FROM json_each($2))",
    "SELECT fingerprint FROM contacts WHERE book = $1 AND deleted_at IS NULL
         AND fingerprint = ANY (ARRAY(SELECT decode(json_array_elements_text($2::json), 'hex')))",
);

/// A contact that was added.
#[derive(Clone, Copy, Debug)]
pub struct Added {
    pub id: ContactId,
    pub has_email: bool,
}

/// Writes those contacts whose cards the book does not have, and returns them.
///
/// # Errors
/// Those of the engine.
pub async fn insert_unknown(
    tx: &mut Connection,
    occasion: Occasion<'_>,
    additions: Vec<Addition>,
) -> Result<Vec<Added>, StoreError> {
    let mut known = Known::of(tx, occasion.book, &additions).await?;
    let new = additions.into_iter();
    let new: Vec<_> = new.filter(|addition| known.adds(addition)).collect();
    let added = new.iter().map(|addition| Added {
        id: addition.id,
        has_email: addition.has_email,
    });
    let added: Vec<_> = added.collect();
    if !new.is_empty() {
        insert(tx, occasion, new).await?;
    }
    Ok(added)
}

/// What a book has of some cards.
#[derive(Debug, Default)]
struct Known {
    uids: HashSet<String>,
    fingerprints: HashSet<String>,
}

impl Known {
    /// What the book has of these cards. Contacts of its trash do not count.
    async fn of(
        tx: &mut Connection,
        book: BookKey,
        additions: &[Addition],
    ) -> Result<Self, StoreError> {
        let (mut uids, mut fingerprints) = (Vec::new(), Vec::new());
        for addition in additions {
            match &addition.uid {
                Some(uid) => uids.push(uid.as_str()),
                None => fingerprints.push(addition.fingerprint.as_str()),
            }
        }
        let mut known = Self::default();
        if !uids.is_empty() {
            let found = query(UIDS).bind(book.0).bind(json!(uids).to_string());
            known.uids = found.fetch_all(&mut *tx).await?.into_iter().collect();
        }
        if !fingerprints.is_empty() {
            let found = query(FINGERPRINTS).bind(book.0);
            let found = found.bind(json!(fingerprints).to_string());
            let found: Vec<Vec<u8>> = found.fetch_all(tx).await?;
            known.fingerprints = found.iter().map(|fingerprint| hex(fingerprint)).collect();
        }
        Ok(known)
    }

    /// Whether the card is new, and known from now on. A card with a UID is known by it alone: two contacts may say the
    /// same. One without is known by what it says.
    fn adds(&mut self, addition: &Addition) -> bool {
        match &addition.uid {
            Some(uid) => {
                // A card without a UID that comes later and says the same is a copy of this one.
                self.fingerprints.insert(addition.fingerprint.clone());
                self.uids.insert(uid.clone())
            }
            None => self.fingerprints.insert(addition.fingerprint.clone()),
        }
    }
}
