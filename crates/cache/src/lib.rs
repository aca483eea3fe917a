#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod cache;
mod entry;
mod generation;
mod key;
mod local;
mod lock;
mod policy;
mod remote;
mod stats;
#[cfg(test)]
mod tests;

pub use cache::{Cache, Options};
pub use entry::Cached;
pub use generation::{Generation, Generations, Mark, Tag};
pub use key::Key;
pub use local::Usage;
pub use lock::{Lock, Locks};
pub use policy::{Cacheable, Encoding, Policy, Status};
pub use stats::Totals;
