//! What a [`ContactService`](super::ContactService) is made of, and what an operator may choose.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use kith_cache::Cache;
use kith_redis::Redis;
use kith_runtime::Clock;

use super::CreationHook;
use crate::services::config::Config;
use crate::services::contacts::store::ContactStore;
use crate::services::contacts::trash_rule::TrashRule;

/// What a [`ContactService`] is made of.
pub struct Options {
    pub store: Arc<dyn ContactStore>,
    /// It must know the tag [`CONTACTS`](super::super::CONTACTS) from where the store keeps its generations.
    pub cache: Cache,
    pub clock: Arc<dyn Clock>,
    /// The Redis that instances share, and the beginning of its keys. `None` where Kith works without Redis.
    pub redis: Option<(Redis, String)>,
    pub settings: Settings,
    pub trash_rule: TrashRule,
    /// `None` in tests of the use cases themselves: a new contact then brings no message.
    pub creation_hook: Option<Box<dyn CreationHook>>,
}

/// What an operator may choose.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many contacts a page of a list has if the client names no number.
    pub default_page_size: NonZeroU32,
    /// The most contacts of a page.
    pub max_page_size: NonZeroU32,
    /// How long the cache keeps what was read.
    pub fresh_for: Duration,
    /// How long after that totals are still shown, while Kith counts them again.
    pub stale_for: Duration,
    /// How long the cache remembers that there is no such contact.
    pub absent_for: Duration,
}

impl Settings {
    pub fn of(config: &Config) -> Self {
        Self {
            default_page_size: config.contacts.page_size,
            max_page_size: config.contacts.max_page_size,
            fresh_for: config.cache.fresh_for,
            stale_for: config.cache.stale_for.0,
            absent_for: config.cache.absent_for,
        }
    }
}
