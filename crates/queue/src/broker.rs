//! A broker in this process: it keeps messages in the database, delivers them, and speaks QStash's
//! protocol.
//!
//! What it promises: a message that was accepted is delivered at least once, unless somebody cancels
//! it; deliveries that fail are repeated, and in the end are dead letters that can be sent again. All
//! of it outlives the process at any instant. Several processes may share the database: a message is
//! delivered by whoever has made it theirs, and by others once they have not been heard of for
//! [`LEASE`].
//!
//! - [`accept`]: taking messages. [`deliver`]: delivering them. [`schedules`]: messages that come again
//!   and again. [`dead`], [`events`], [`messages`], [`overview`]: what is told of them, and done with
//!   them.
//!   [`permits`]: how many at once, and how origins share that. [`keys`]: what is signed with. [`sweep`]: removing what is old. [`timekeeping`]: going on when the
//!   clock is set back.

pub mod accept;
mod attempt;
mod callback;
mod claim;
pub mod dead;
mod deliver;
mod engine;
mod error;
pub mod events;
pub mod filter;
pub mod keys;
mod lane;
pub mod messages;
mod options;
pub mod overview;
mod permits;
pub mod response;
pub mod schedules;
mod send;
mod settle;
mod sweep;
#[cfg(test)]
mod tests;
mod timekeeping;
pub mod transaction;

pub use engine::Broker;
pub use engine::Counters;
pub use engine::LEASE;
pub use engine::UNREADABLE_WAIT;
pub use error::BrokerError;
pub(crate) use error::LogOnce;
pub use error::Result;
pub use options::Settings;
