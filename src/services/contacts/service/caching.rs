//! How reads go through the cache: their audience, their policy, and the shape of what is kept.

use std::time::Duration;

use kith_cache::Cacheable;
use kith_cache::Encoding;
use kith_cache::Policy;

use super::Settings;
use crate::model::contact::Contact;
use crate::services::contacts::labels::Labels;
use crate::services::contacts::letters::FirstLetters;
use crate::services::contacts::store::ContactPage;
use crate::services::contacts::store::Stretch;
use crate::services::contacts::store::Totals;

/// Who sees what is cached: those who see the book, which the tag names.
pub const AUDIENCE: &str = "book";

impl Settings {
    /// For what must agree with every write.
    pub fn exact(&self) -> Policy {
        Policy {
            fresh_for: self.fresh_for,
            stale_for: Duration::ZERO,
            absent_for: self.absent_for,
            allow_stale_generation: false,
            encoding: Encoding::Blob,
        }
    }
}

impl Cacheable for ContactPage {
    const SCHEMA: u32 = 2;
}

impl Cacheable for Stretch {
    const SCHEMA: u32 = 4;
}

impl Cacheable for Contact {
    const SCHEMA: u32 = 2;
}

impl Cacheable for Labels {
    const SCHEMA: u32 = 1;
}

impl Cacheable for FirstLetters {
    const SCHEMA: u32 = 1;
}

impl Cacheable for Totals {
    const SCHEMA: u32 = 1;
}
