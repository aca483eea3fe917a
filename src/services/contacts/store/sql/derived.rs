//! Holding what is derived from cards, the columns and the tables beside them, against the cards, and deriving it anew.
//!
//! A write derives all of it in its transaction. So it differs only after Kith has learned to read cards in another way,
//! or after another program has written to the database.
//!
//! Each page of contacts is a transaction of its own, so a process that is killed has lost no page that was committed,
//! and the next one begins again. Instances that start at the same time wait for each other.

use std::collections::BTreeMap;

use kith_database::Connection;
use kith_database::Database;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use kith_runtime::hex;
use kith_search::Document;
use serde_json::Map;
use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;

use super::dates;
use super::labels;
use super::missing_cards::write_missing_cards;
use super::row::fields_json;
use super::row::read_id;
use super::search;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::catalogue::Field;
use crate::services::contacts::dates::ContactDate;
use crate::services::contacts::dates::dates_in;
use crate::services::contacts::labels::is_favourite;
use crate::services::contacts::labels::labels_in;
use crate::services::contacts::search_document::document_of;
use crate::services::contacts::sort_keys::SortKeys;
use crate::services::contacts::store::StoreError;

/// The contacts of one transaction.
const PAGE: u32 = 100;

/// Raise this when the same card comes to say something else in the columns, and the catalogue stays as it is.
const READING: u32 = 4;

const DERIVED_BY: &str = "SELECT derived_by, search_derived_by FROM installation";

const CONTACTS: &str =
    "SELECT seq, id, in_trash, search_key, family_key, company_key, name, email, phone, company, notes, fields, favourite,
         photo, uid, fingerprint, card
     FROM contacts WHERE seq > $1 ORDER BY seq LIMIT $2";

const CONTACTS_TO_REPAIR: Sql = Sql::each(
    CONTACTS,
    "SELECT seq, id, in_trash, search_key, family_key, company_key, name, email, phone, company, notes, fields, favourite,
         photo, uid, fingerprint, card
     FROM contacts WHERE seq > $1 ORDER BY seq LIMIT $2 FOR NO KEY UPDATE",
);

/// The columns of all contacts of a page that differ, in one statement.
const WRITE: Sql = Sql::each(
    "UPDATE contacts SET search_key = derived.value ->> 'search_key',
         family_key = derived.value ->> 'family_key', company_key = derived.value ->> 'company_key',
         name = derived.value ->> 'name',
         email = derived.value ->> 'email', phone = derived.value ->> 'phone',
         company = derived.value ->> 'company', notes = derived.value ->> 'notes',
         fields = derived.value ->> 'fields', favourite = derived.value ->> 'favourite',
         photo = derived.value ->> 'photo', uid = derived.value ->> 'uid',
         fingerprint = unhex(derived.value ->> 'fingerprint')
     FROM json_each($1) AS derived WHERE seq = derived.value ->> 'seq'",
    "UPDATE contacts SET search_key = derived.value ->> 'search_key',
         family_key = derived.value ->> 'family_key', company_key = derived.value ->> 'company_key',
         name = derived.value ->> 'name',
         email = derived.value ->> 'email', phone = derived.value ->> 'phone',
         company = derived.value ->> 'company', notes = derived.value ->> 'notes',
         fields = derived.value ->> 'fields', favourite = (derived.value ->> 'favourite')::boolean,
         photo = derived.value ->> 'photo', uid = derived.value ->> 'uid',
         fingerprint = decode(derived.value ->> 'fingerprint', 'hex')
     FROM json_array_elements($1::json) AS derived(value) WHERE seq = (derived.value ->> 'seq')::bigint",
);

/// What is done about differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Report,
    Repair,
}

/// A contact of which not everything is as its card says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub contact: ContactId,
    /// What differs: columns, `search` for the table of searches, `labels` and `dates` for those of labels and dates, and
    /// `card` for a card that is missing or cannot be read.
    pub columns: Vec<&'static str>,
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    pub contacts: u64,
    pub differing: Vec<Difference>,
}

impl Checked {
    pub fn is_sound(&self) -> bool {
        self.differing.is_empty()
    }

    /// How many contacts cannot be repaired, because nothing says what they should be.
    pub fn unreadable(&self) -> usize {
        let unreadable = |one: &&Difference| one.columns == [CARD];
        self.differing.iter().filter(unreadable).count()
    }
}

const CARD: &str = "card";
const SEARCH: &str = "search";
const LABELS: &str = "labels";
const DATES: &str = "dates";

/// Brings what an earlier release has written up to what this program reads: each contact gets a card, and everything is
/// derived anew if need be. A search index of another version stays for [`SearchRebuild`], because it can be read.
///
/// # Errors
/// [`StoreError::Unavailable`], [`StoreError::Internal`].
///
/// [`SearchRebuild`]: crate::services::contacts::SearchRebuild
pub async fn catch_up(database: &Database) -> Result<(), StoreError> {
    write_missing_cards(database).await?;
    derive_anew(database).await?;
    Ok(())
}

/// Derives everything anew if this program reads cards in another way than the one that has derived it. Returns how many
/// contacts have changed.
///
/// # Errors
/// [`StoreError::Unavailable`], [`StoreError::Internal`].
pub async fn derive_anew(database: &Database) -> Result<usize, StoreError> {
    if Version::read(database).await?.is_current(Part::Columns) {
        return Ok(0);
    }
    let checked = check(database, Mode::Repair).await?;
    Version::write_current(database).await?;
    let (changed, unreadable) = (checked.differing.len(), checked.unreadable());
    if changed > 0 {
        tracing::info!(changed, unreadable, "columns are derived from cards anew");
    }
    Ok(changed)
}

/// What is derived, by when it is derived anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Everything that lists and pages show: before Kith serves.
    Columns,
    /// What searches read: while Kith serves.
    Search,
}

/// Which programs have derived what the database has.
pub struct Version {
    columns: Option<String>,
    search: Option<String>,
}

impl Version {
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Internal`].
    pub async fn read(database: &Database) -> Result<Self, StoreError> {
        let mut reader = database.reader().await?;
        let (columns, search) = query(DERIVED_BY).fetch_one(&mut reader).await?;
        Ok(Self { columns, search })
    }

    /// Whether a program has derived it that does so as this one does.
    pub fn is_current(&self, part: Part) -> bool {
        let derived_by = match part {
            Part::Columns => &self.columns,
            Part::Search => &self.search,
        };
        derived_by.as_ref() == Some(&fingerprint(part))
    }

    /// Says that this program has derived everything.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Internal`].
    pub async fn write_current(database: &Database) -> Result<(), StoreError> {
        let mut tx = database.write().await?;
        query("UPDATE installation SET derived_by = $1, search_derived_by = $2")
            .bind(fingerprint(Part::Columns))
            .bind(fingerprint(Part::Search))
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// Names the way in which this program reads cards.
fn fingerprint(part: Part) -> String {
    let mut hash = Sha256::new();
    let number = match part {
        Part::Columns => READING,
        Part::Search => kith_search::VERSION,
    };
    hash.update(number.to_be_bytes());
    for field in Field::ALL {
        let spec = field.spec();
        let read = match part {
            Part::Columns => format!("{:?}", (spec.kind, spec.max_chars, &spec.mapping)),
            Part::Search => format!("{:?}", spec.searched),
        };
        hash.update(format!("{} {read}\n", spec.name));
    }
    hex(&hash.finalize())
}

/// Holds everything that is derived against the cards of all contacts of all books. Repairing derives what differs.
///
/// # Errors
/// [`StoreError::Unavailable`], [`StoreError::Internal`].
pub async fn check(database: &Database, mode: Mode) -> Result<Checked, StoreError> {
    let mut pass = Pass::new(database, mode);
    while pass.check_page().await? {}
    Ok(pass.checked)
}

/// A check of all contacts, which goes on as far as its caller asks for.
pub struct Pass<'d> {
    database: &'d Database,
    mode: Mode,
    /// The number of the last contact.
    after: i64,
    pub checked: Checked,
}

impl<'d> Pass<'d> {
    pub fn new(database: &'d Database, mode: Mode) -> Self {
        Self {
            database,
            mode,
            after: 0,
            checked: Checked::default(),
        }
    }

    /// Checks some more contacts. Returns whether there may be others.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Internal`].
    pub async fn check_page(&mut self) -> Result<bool, StoreError> {
        // What is read of a page is of one instant.
        let mut tx = match self.mode {
            Mode::Report => self.database.read().await?,
            Mode::Repair => self.database.write().await?,
        };
        let page = Page::read(&mut tx, self.after, self.mode).await?;
        if self.mode == Mode::Repair && !page.findings.is_empty() {
            page.write(&mut tx).await?;
            tx.commit().await?;
        }
        self.checked.contacts += page.contacts;
        let differing = page.findings.into_iter().map(|finding| finding.difference);
        self.checked.differing.extend(differing);
        self.after = page.next.unwrap_or(self.after);
        Ok(page.next.is_some())
    }
}

/// Some contacts in the order of their numbers.
struct Page {
    contacts: u64,
    findings: Vec<Finding>,
    /// The number behind which the next page begins.
    next: Option<i64>,
}

struct Finding {
    seq: i64,
    in_trash: bool,
    difference: Difference,
    /// `None` if the card cannot be read.
    derived: Option<Derived>,
}

impl Page {
    async fn read(connection: &mut Connection, after: i64, mode: Mode) -> Result<Self, StoreError> {
        let contacts = match mode {
            Mode::Report => CONTACTS.into(),
            Mode::Repair => CONTACTS_TO_REPAIR,
        };
        let rows: Vec<Row> = query(contacts)
            .bind(after)
            .bind(PAGE)
            .fetch_all(&mut *connection)
            .await?;
        let next = match rows.last() {
            Some(last) if rows.len() == PAGE as usize => Some(last.get("seq")?),
            _ => None,
        };
        let mut entries = Entries::read(connection, after, next.unwrap_or(i64::MAX)).await?;
        let mut findings = Vec::new();
        for row in &rows {
            findings.extend(Finding::of(connection, row, &mut entries)?);
        }
        Ok(Self {
            contacts: rows.len() as u64,
            findings,
            next,
        })
    }

    async fn write(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let derived = self.findings.iter().filter_map(Finding::to_json);
        let derived = Value::Array(derived.collect());
        query(WRITE)
            .bind(derived.to_string())
            .execute(&mut *connection)
            .await?;
        let is_found_otherwise = |finding: &&Finding| finding.difference.columns.contains(&SEARCH);
        let found_otherwise = self.findings.iter().filter(is_found_otherwise);
        let entries: Vec<search::Entry> =
            found_otherwise.filter_map(Finding::search_entry).collect();
        search::write(connection, &entries).await?;
        for finding in &self.findings {
            finding.write_entries(connection).await?;
        }
        Ok(())
    }
}

/// What the tables beside the columns have of contacts, by the numbers of the contacts. A contact of the trash has no
/// labels and dates there.
struct Entries {
    search: BTreeMap<i64, String>,
    labels: BTreeMap<i64, String>,
    dates: BTreeMap<i64, String>,
}

impl Entries {
    /// Of the contacts from behind `after` to `last`.
    async fn read(connection: &mut Connection, after: i64, last: i64) -> Result<Self, StoreError> {
        Ok(Self {
            search: search::entries(connection, after, last).await?,
            labels: labels::entries(connection, after, last).await?,
            dates: dates::entries(connection, after, last).await?,
        })
    }

    /// Takes out what the tables have of a contact, each table by its name.
    fn take(&mut self, seq: i64) -> [(&'static str, Option<String>); 3] {
        [
            (SEARCH, self.search.remove(&seq)),
            (LABELS, self.labels.remove(&seq)),
            (DATES, self.dates.remove(&seq)),
        ]
    }
}

impl Finding {
    /// What differs in a row, whose entries in the tables beside it are taken out of `entries`.
    fn of(
        connection: &Connection,
        row: &Row,
        entries: &mut Entries,
    ) -> Result<Option<Self>, StoreError> {
        let seq: i64 = row.get("seq")?;
        let in_trash: bool = row.get("in_trash")?;
        let contact = read_id(row)?;
        let found = entries.take(seq);
        let card: Option<Vec<u8>> = row.get("card")?;
        let card = card.and_then(|card| ContactCard::parse(card).ok());
        let derived = card.as_ref().map(Derived::of).transpose()?;
        let mut columns = Vec::new();
        match &derived {
            None => columns.push(CARD),
            Some(derived) => {
                columns = derived.differing(row)?;
                let expected = derived.entries(connection, seq, in_trash);
                let tables = found.into_iter().zip(expected);
                let differing = tables.filter(|((_, found), expected)| found != expected);
                columns.extend(differing.map(|((table, _), _)| table));
            }
        }
        Ok((!columns.is_empty()).then_some(Self {
            seq,
            in_trash,
            difference: Difference { contact, columns },
            derived,
        }))
    }

    fn search_entry(&self) -> Option<search::Entry> {
        let derived = self.derived.as_ref()?;
        Some(derived.search_entry(self.seq, self.in_trash))
    }

    /// Derives the labels and dates that differ.
    async fn write_entries(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let Some(derived) = &self.derived else {
            return Ok(());
        };
        let (seq, contact) = (self.seq, self.difference.contact);
        let differs = |what| self.difference.columns.contains(&what);
        if differs(LABELS) {
            labels::remove(connection, seq).await?;
            if !self.in_trash {
                let labelled = [(contact, derived.labels.clone())];
                labels::add_many(connection, BookKey::of_contact(seq), &labelled).await?;
            }
        }
        if differs(DATES) {
            dates::remove(connection, seq).await?;
            if !self.in_trash {
                dates::add(connection, &[(contact, derived.dates.clone())]).await?;
            }
        }
        Ok(())
    }

    fn to_json(&self) -> Option<Value> {
        let derived = self.derived.as_ref()?;
        let mut object = Map::new();
        object.insert("seq".to_owned(), self.seq.into());
        object.insert("favourite".to_owned(), derived.favourite.into());
        object.insert("fingerprint".to_owned(), hex(&derived.fingerprint).into());
        for (column, text) in derived.texts() {
            object.insert(column.to_owned(), text.into());
        }
        Some(object.into())
    }
}

/// What the columns should say.
struct Derived {
    keys: SortKeys,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    company: Option<String>,
    notes: Option<String>,
    fields: String,
    favourite: bool,
    photo: Option<String>,
    uid: Option<String>,
    fingerprint: Vec<u8>,
    labels: Vec<String>,
    document: Document,
    dates: Vec<ContactDate>,
}

impl Derived {
    fn of(card: &ContactCard) -> Result<Self, StoreError> {
        let summary = card.summary();
        Ok(Self {
            document: document_of(&summary),
            keys: SortKeys::of_summary(&summary),
            fields: fields_json(&summary.fields)?,
            favourite: is_favourite(&summary.fields),
            photo: summary.photo.map(|key| key.to_string()),
            uid: card.uid(),
            fingerprint: card.fingerprint().to_vec(),
            labels: labels_in(&summary.fields)
                .into_iter()
                .map(str::to_owned)
                .collect(),
            dates: dates_in(&summary.fields),
            name: summary.name,
            email: summary.email,
            phone: summary.phone,
            company: summary.company,
            notes: summary.notes,
        })
    }

    fn search_entry(&self, seq: i64, in_trash: bool) -> search::Entry {
        search::Entry {
            seq,
            in_trash,
            document: self.document.clone(),
        }
    }

    /// What the tables beside the columns should have, in the order of [`Entries::take`].
    fn entries(&self, connection: &Connection, seq: i64, in_trash: bool) -> [Option<String>; 3] {
        let search = self.search_entry(seq, in_trash);
        let search = search::entry_text(connection.engine(), &search, &self.keys.name);
        let [labels, dates] = match in_trash {
            true => [None, None],
            false => [labels::entry(&self.labels), dates::entry(&self.dates)],
        };
        [Some(search), labels, dates]
    }

    fn texts(&self) -> [(&'static str, Option<&str>); 11] {
        [
            ("search_key", Some(&self.keys.name)),
            ("family_key", Some(&self.keys.family)),
            ("company_key", Some(&self.keys.company)),
            ("name", Some(&self.name)),
            ("email", self.email.as_deref()),
            ("phone", self.phone.as_deref()),
            ("company", self.company.as_deref()),
            ("notes", self.notes.as_deref()),
            ("fields", Some(&self.fields)),
            ("photo", self.photo.as_deref()),
            ("uid", self.uid.as_deref()),
        ]
    }

    /// The columns of a row that say something else.
    fn differing(&self, row: &Row) -> Result<Vec<&'static str>, StoreError> {
        let mut differing = Vec::new();
        for (column, text) in self.texts() {
            let stored: Option<&str> = row.get(column)?;
            if stored != text {
                differing.push(column);
            }
        }
        let favourite: bool = row.get("favourite")?;
        let fingerprint: Option<&[u8]> = row.get("fingerprint")?;
        if fingerprint != Some(&self.fingerprint) {
            differing.push("fingerprint");
        }
        if favourite != self.favourite {
            differing.push("favourite");
        }
        Ok(differing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprints_are_those_of_this_program_alone() {
        for part in [Part::Columns, Part::Search] {
            assert_eq!(fingerprint(part), fingerprint(part));
            assert_eq!(fingerprint(part).len(), 64);
        }
        assert_ne!(fingerprint(Part::Columns), fingerprint(Part::Search));
    }
}
