//! What a policy is: a name, an algorithm, a quota, and what to do at the edges.

use std::fmt;
use std::time::Duration;

use super::Millis;

/// How requests are counted against a [`Quota`]. Each charges a request all it costs, or refuses
/// it and changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// One counter for each window, windows aligned to the epoch. Cheap; lets up to twice the
    /// limit through around the edge of two windows.
    FixedWindow,
    /// Two counters: the last window weighs as much as of it is still less than a window ago.
    /// As cheap, and close to exact where requests come evenly.
    SlidingWindow,
    /// The time of every request of the last window. Exact; memory grows with the limit.
    SlidingLog,
    /// A bucket of `limit` tokens that refills evenly within a window: allows a burst, then a
    /// steady rate.
    TokenBucket,
}

impl Algorithm {
    pub const ALL: [Self; 4] = [
        Self::FixedWindow,
        Self::SlidingWindow,
        Self::SlidingLog,
        Self::TokenBucket,
    ];

    /// The name in configuration, and of the script's file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FixedWindow => "fixed_window",
            Self::SlidingWindow => "sliding_window",
            Self::SlidingLog => "sliding_log",
            Self::TokenBucket => "token_bucket",
        }
    }
}

/// `limit` units of cost in each `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    limit: u64,
    window: Millis,
}

/// Why there is no such quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    #[error("the limit is at least 1")]
    NoLimit,
    #[error("the window is at least 1 ms")]
    NoWindow,
    /// Lua reckons in doubles, which are exact up to 2^53.
    #[error("the limit times the milliseconds of the window is at most 2^50; choose smaller ones")]
    TooLarge,
}

impl Quota {
    /// # Errors
    /// When one of the two is zero or their product is beyond exact arithmetic.
    pub fn new(limit: u64, window: Duration) -> Result<Self, QuotaError> {
        const EXACT: u128 = 1 << 50;
        let window = window.as_millis();
        if limit == 0 {
            return Err(QuotaError::NoLimit);
        }
        if window == 0 {
            return Err(QuotaError::NoWindow);
        }
        if u128::from(limit).saturating_mul(window) > EXACT {
            return Err(QuotaError::TooLarge);
        }
        Ok(Self {
            limit,
            window: window as Millis,
        })
    }

    /// The most that one window admits, and with it the most that one request may cost.
    pub fn limit(self) -> u64 {
        self.limit
    }

    /// The length of the window in milliseconds.
    pub fn window(self) -> Millis {
        self.window
    }
}

/// What to answer while Redis cannot be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLoss {
    /// Count in this process alone: every instance grants the whole quota.
    #[default]
    Local,
    /// Allow everything.
    Open,
    /// Refuse everything.
    Closed,
}

/// A rule that requests are held to.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Names the policy in keys, headers and statistics: lower-case letters, digits and `_`.
    pub name: &'static str,
    pub algorithm: Algorithm,
    pub quota: Quota,
    pub on_loss: OnLoss,
    /// Decide and count, but refuse nothing.
    pub shadow: bool,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
