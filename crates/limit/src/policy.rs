//! What a policy is: a name, an algorithm, a quota, and what to do while Redis is down.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::Millis;

/// How requests are counted against a [`Quota`]. Each algorithm charges the whole cost of a request, or
/// refuses the request and changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// One counter for each window, windows aligned to the epoch. Cheap; lets up to twice the
    /// limit through around the edge of two windows.
    FixedWindow,
    /// Two counters: the previous window counts in proportion to its part that is less than a window ago.
    /// Cheap, and close to exact if requests come evenly.
    SlidingWindow,
    /// The time of every request of the last window. Exact; memory grows with the limit.
    SlidingLog,
    /// A bucket of `limit` tokens that refills evenly within a window: allows a burst, then a
    /// steady rate.
    TokenBucket,
}

impl Algorithm {
    /// Every algorithm.
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

/// The text names no algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("none of fixed_window, sliding_window, sliding_log and token_bucket")]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or(UnknownAlgorithm)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `limit` units of cost in each `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    limit: u64,
    window: Millis,
}

/// Why a quota is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    #[error("the limit is at least 1")]
    /// The limit is 0.
    NoLimit,
    #[error("the window is at least 1 ms")]
    /// The window is shorter than a millisecond.
    NoWindow,
    /// The product is too large. Lua computes in doubles, which are exact up to 2^53.
    #[error("the limit times the milliseconds of the window is at most 2^50; choose smaller ones")]
    TooLarge,
}

impl Quota {
    /// A quota of `limit` units in each `window`.
    ///
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

/// What to answer while Redis is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailMode {
    /// Count in this process: every instance allows the whole quota.
    #[default]
    Local,
    /// Allow everything.
    Open,
    /// Refuse everything.
    Closed,
}

impl FailMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Local, Self::Open, Self::Closed];

    /// The name in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// The text names no mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("none of local, open and closed")]
pub struct UnknownFailMode;

impl FromStr for FailMode {
    type Err = UnknownFailMode;

    fn from_str(text: &str) -> Result<Self, UnknownFailMode> {
        let found = Self::ALL.into_iter().find(|known| known.name() == text);
        found.ok_or(UnknownFailMode)
    }
}

impl fmt::Display for FailMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A rule that requests are held to.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Names the policy in keys, headers and statistics: lower-case letters, digits and `_`.
    pub name: &'static str,
    /// How requests are counted.
    pub algorithm: Algorithm,
    /// The quota at the start. [`Limiter::set_quota`](crate::Limiter::set_quota) changes it.
    pub quota: Quota,
    /// What to answer while Redis is down. Default: [`FailMode::Local`].
    pub fail_mode: FailMode,
    /// Shadow mode: decide and count, but refuse nothing. Default: off.
    pub shadow: bool,
}

impl Policy {
    /// A policy that refuses, and counts in this process while Redis is down.
    pub fn new(name: &'static str, algorithm: Algorithm, quota: Quota) -> Self {
        Self {
            name,
            algorithm,
            quota,
            fail_mode: FailMode::default(),
            shadow: false,
        }
    }
}
