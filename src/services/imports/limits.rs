//! [`Limits`]: how much Kith imports at once.

use std::num::NonZeroU32;

use crate::services::config::ByteSize;
use crate::services::config::Config;

/// How much Kith imports at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The bytes of a file.
    pub max_file: ByteSize,
    /// The cards of a file.
    pub max_cards: NonZeroU32,
    /// The bytes of a card.
    pub max_card: ByteSize,
}

impl Limits {
    pub fn of(config: &Config) -> Self {
        Self {
            max_file: config.import.max_file,
            max_cards: config.import.max_cards,
            max_card: config.import.max_card,
        }
    }
}
