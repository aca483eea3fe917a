//! [`Leaderboard`]: the contacts of each book that are used most, as a sorted set on Redis that instances share.
//!
//! A set is loaded from the database when someone asks for it, lives for a minute, and belongs to a generation of the
//! contacts of its book: one of another generation is loaded anew, so a contact that was moved or deleted is not in it.
//! Its scores are [frecencies](Frecency), which never get lower, so it does not matter in which order instances add what
//! they have written, or whether they do so while another one loads the set.
//!
//! Redis may fail or lose data at any time. Then the database is asked, and a set that has missed a batch lives for no
//! longer than its minute.

use std::sync::LazyLock;
use std::time::Duration;

use kith_cache::Generation;
use kith_redis::Error;
use kith_redis::Redis;
use kith_redis::Script;

use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::frecency::Frecency;
use crate::services::contacts::store::Used;

/// How long a set lives.
const LIFETIME: Duration = Duration::from_secs(60);

static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/read.lua")));
static LOAD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/load.lua")));
static ADD: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/add.lua")));

pub struct Leaderboard {
    redis: Redis,
    prefix: String,
}

impl Leaderboard {
    /// The most contacts that a set gives.
    pub const SIZE: u32 = 16;

    pub fn new(redis: Redis, prefix: &str) -> Self {
        let prefix = format!("{prefix}:frequent");
        Self { redis, prefix }
    }

    fn key(&self, book: BookKey) -> String {
        format!("{}:{}", self.prefix, book.0)
    }

    /// The contacts that are used most; `None` if the set of this generation is not loaded. Then the caller has to read
    /// them from the database, and should [`load`](Self::load) them.
    pub async fn read(&self, book: BookKey, generation: Generation) -> Option<Vec<ContactId>> {
        let key = self.key(book);
        let mut call = READ.call([key.as_str()].into_iter());
        call.arg(generation.0)
            .arg(Self::SIZE)
            .arg(LIFETIME.as_millis() as u64);
        let found = self.redis.call::<Option<Vec<String>>>(&call).await;
        let ids = found.inspect_err(log_error).ok().flatten()?;
        ids.iter().map(|id| id.parse().ok()).collect()
    }

    /// Loads the set with what the database has, unless it belongs to another generation by now.
    pub async fn load(&self, book: BookKey, generation: Generation, used: &[Used]) {
        let key = self.key(book);
        let mut call = LOAD.call([key.as_str()].into_iter());
        call.arg(generation.0);
        for Used {
            contact,
            frecency: Frecency(score),
            ..
        } in used
        {
            call.arg(*score).arg(contact.to_string());
        }
        let loaded = self.redis.call::<bool>(&call).await;
        let _ = loaded.inspect_err(log_error);
    }

    /// Adds what was written to the sets that there are.
    pub async fn add(&self, written: &[Used]) {
        let mut rest = written.to_vec();
        rest.sort_by_key(|used| used.book.0);
        for of_book in rest.chunk_by(|one, other| one.book == other.book) {
            let key = self.key(of_book[0].book);
            let mut call = ADD.call([key.as_str()].into_iter());
            for used in of_book {
                call.arg(used.frecency.0).arg(used.contact.to_string());
            }
            let added = self.redis.call::<bool>(&call).await;
            let _ = added.inspect_err(log_error);
        }
    }
}

/// Logs an error, unless the Redis client has logged it: it logs once that Redis is down.
fn log_error(error: &Error) {
    if !matches!(error, Error::Down(_)) {
        tracing::warn!(%error, "the contacts that are used most cannot be kept on Redis");
    }
}
