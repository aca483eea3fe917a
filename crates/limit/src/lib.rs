#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod algorithm;
mod batch;
mod decision;
mod identifier;
mod limiter;
mod local;
mod policy;
mod remote;
mod script;
mod stats;
#[cfg(test)]
mod tests;

pub use decision::{DecidedBy, Decision, Outcome};
pub use identifier::Identifier;
pub use limiter::{Limiter, Options, PolicyId};
pub use policy::{
    Algorithm, FailMode, Policy, Quota, QuotaError, UnknownAlgorithm, UnknownFailMode,
};
pub use stats::{Refused, Stats, Totals};

/// Milliseconds, since the epoch or of a span.
pub type Millis = u64;
