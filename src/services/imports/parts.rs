//! The parts of a file, in batches: cards that are ready to be written, and what is no card.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use kith_card::BrokenCard;
use kith_card::RawCard;
use kith_card::SplitReason;
use kith_card::split;
use kith_database::Engine;
use serde_json::Map;
use tokio::sync::mpsc;
use uuid::ContextV7;
use uuid::Uuid;

use super::limits::Limits;
use crate::model::contact::Contact;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::card::ContactCard;
use crate::services::contacts::store::sql::insert::Addition;
use crate::services::contacts::store::sql::set_summary;

/// The parts of a batch,
const MAX_PARTS: u64 = 500;

/// or the bytes of it, beside its last part.
const MAX_BYTES: usize = 4 << 20;

/// Some parts of a file that stand behind each other.
#[derive(Debug, Default)]
pub struct Batch {
    /// Up to which byte the file is read.
    pub processed: u64,
    pub parts: u64,
    pub additions: Vec<Addition>,
    pub broken: Vec<BrokenPart>,
}

/// A part of a file that could not be read.
#[derive(Debug)]
pub struct BrokenPart {
    /// Which part of the file it is, counted from 0.
    pub place: u64,
    pub line: u64,
    pub reason: String,
    pub body: Vec<u8>,
}

/// Why a file was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It has more parts than Kith imports at once.
    TooMany,
    /// The database does not give it.
    Unreadable,
    /// The batches are not taken any more.
    NotWanted,
}

/// Where the contacts of a file go, and how much of it is read.
pub struct Reading {
    pub engine: Engine,
    pub book: BookKey,
    pub limits: Limits,
    /// The parts that are worked off already.
    pub skipped: u64,
    /// The bytes that are read.
    pub consumed: Arc<AtomicU64>,
    pub now: Timestamp,
}

impl Reading {
    /// Reads a file and sends its parts in batches. This takes a thread that may block.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn read_file(self, file: impl BufRead, batches: &mpsc::Sender<Batch>) -> Result<(), Stop> {
        let limits = kith_card::Limits {
            max_bytes: self.limits.max_card.bytes(),
            ..kith_card::Limits::default()
        };
        self.read(split(file, limits), batches)
    }

    /// The same with parts from elsewhere.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn read(
        self,
        parts: impl Iterator<Item = Result<RawCard, BrokenCard>>,
        batches: &mpsc::Sender<Batch>,
    ) -> Result<(), Stop> {
        let ids = Mutex::new(ContextV7::new());
        let mut batch = Batch::default();
        let mut bytes = 0;
        for (place, part) in (0..).zip(parts) {
            if is_unreadable(&part) {
                return Err(Stop::Unreadable);
            }
            if place < self.skipped {
                continue;
            }
            if place >= u64::from(self.limits.max_cards.get()) {
                self.send(batch, batches)?;
                return Err(Stop::TooMany);
            }
            batch.parts += 1;
            match self.ready(place, part, &ids) {
                Ok((addition, length)) => {
                    bytes += length;
                    batch.additions.push(addition);
                }
                Err(broken) => {
                    bytes += broken.body.len();
                    batch.broken.push(broken);
                }
            }
            if batch.parts == MAX_PARTS || bytes >= MAX_BYTES {
                self.send(std::mem::take(&mut batch), batches)?;
                bytes = 0;
            }
        }
        self.send(batch, batches)
    }

    fn send(&self, mut batch: Batch, batches: &mpsc::Sender<Batch>) -> Result<(), Stop> {
        batch.processed = self.consumed.load(Ordering::Relaxed);
        batches.blocking_send(batch).map_err(|_| Stop::NotWanted)
    }

    /// A card as a contact that can be written, with its length in bytes.
    fn ready(
        &self,
        place: u64,
        part: Result<RawCard, BrokenCard>,
        ids: &Mutex<ContextV7>,
    ) -> Result<(Addition, usize), BrokenPart> {
        let raw = part.map_err(|broken| BrokenPart {
            place,
            line: broken.line as u64,
            reason: broken.reason.to_string(),
            body: broken.bytes,
        })?;
        let card = ContactCard::parse(raw.bytes.as_slice()).map_err(|error| BrokenPart {
            place,
            line: (raw.line + error.line).saturating_sub(1) as u64,
            reason: error.reason.to_string(),
            body: raw.bytes.clone(),
        })?;
        let mut contact = Contact {
            id: new_id(self.now, ids),
            name: String::new(),
            email: None,
            phone: None,
            company: None,
            notes: None,
            fields: Map::new(),
            photo: None,
            created_at: String::new(),
            updated_at: String::new(),
            version: 1,
        };
        set_summary(&mut contact, card.summary());
        let addition = Addition::new(self.engine, self.book, &contact, &card);
        Ok((addition, raw.bytes.len()))
    }
}

fn is_unreadable(part: &Result<RawCard, BrokenCard>) -> bool {
    matches!(part, Err(broken) if matches!(broken.reason, SplitReason::Unreadable(_)))
}

/// Ids of a file are in the order of its cards.
fn new_id(now: Timestamp, ids: &Mutex<ContextV7>) -> ContactId {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    ContactId::new(Uuid::new_v7(uuid::Timestamp::from_unix(
        ids, seconds, nanos,
    )))
}
