#![doc = include_str!("../README.md")]
#![warn(missing_docs, unreachable_pub)]

mod cache;
mod entry;
mod generation;
mod local;
mod lock;
mod remote;
mod single_flight;
mod stats;
#[cfg(test)]
mod tests;

pub use cache::{Cache, Cacheable, Key, Options, Policy, Status};
pub use entry::Cached;
pub use generation::{Generation, Generations, Tag};
pub use local::Usage;
pub use lock::{Lock, Locks};
pub use remote::Encoding;
pub use stats::Totals;
