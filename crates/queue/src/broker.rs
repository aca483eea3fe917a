//! A broker in this process. It stores messages in the database, delivers them over HTTP, and speaks the protocol
//! of QStash.
//!
//! The broker delivers each message that it has accepted at least once, unless a client cancels it. It retries
//! failed deliveries. A message whose retries are used up becomes a dead letter, which a client can send again.
//! All of this survives the end of the process at any instant. Several processes may share the database: the
//! process that has claimed a message delivers it, and another takes over once the claim has not been renewed for
//! [`LEASE`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use kith_database::Database;
//! use kith_database::Migration;
//! use kith_queue::broker;
//! use kith_queue::broker::Broker;
//! use kith_queue::broker::accept::Provenance;
//! use kith_queue::destination::Destinations;
//! use kith_queue::message::Publication;
//! use kith_runtime::SystemClock;
//!
//! const MIGRATIONS: &[Migration] = &[
//!     Migration {
//!         version: 1,
//!         name: "queue",
//!         sql: kith_queue::migrations::QUEUE,
//!     },
//!     Migration {
//!         version: 2,
//!         name: "origins",
//!         sql: kith_queue::migrations::ORIGINS,
//!     },
//! ];
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let options = kith_database::Options::new(folder.path().join("app.db"), MIGRATIONS);
//! let database = Database::open(options).await?;
//! let destinations = Destinations {
//!     origin: "https://app.example".to_owned(),
//!     reached_at: "http://127.0.0.1:3000".to_owned(),
//!     webhooks: "/webhooks/",
//!     allowed: Vec::new(),
//!     allow_setting: "queue.allow",
//! };
//! let options = broker::Options::new(destinations);
//! let broker = Broker::new(database.clone(), Arc::new(SystemClock), options);
//! broker.start();
//!
//! let welcome = Publication {
//!     destination: "/webhooks/welcome".to_owned(),
//!     body: b"{}".to_vec(),
//!     ..Publication::default()
//! };
//! let accepted = broker.publish(&[welcome], Provenance::default()).await?;
//! assert_eq!(accepted[0].url, "https://app.example/webhooks/welcome");
//! broker.close().await;
//! # database.close().await;
//! # Ok(())
//! # }
//! ```
//!
//! - Publishing: [`accept`], `transaction`, `schedules`.
//! - Delivering: `deliver`, `claim`, `send`, `attempt`, `settle`, `callback`, `complete`. `lane` and `permits` decide how many
//!   messages are under way, and how origins share that.
//! - Reading and acting: [`filter`], `messages`, `events`, [`dead`], [`overview`].
//! - Maintenance: `keys` for signatures, `sweep` for old rows, `timekeeping` for a clock that is set back.

pub mod accept;
mod attempt;
mod callback;
mod claim;
mod complete;
pub mod dead;
mod deliver;
mod engine;
mod error;
mod events;
pub mod filter;
mod keys;
mod lane;
mod messages;
mod options;
pub mod overview;
mod permits;
mod response;
mod schedules;
mod send;
mod settle;
mod sweep;
#[cfg(test)]
mod tests;
mod timekeeping;
mod transaction;

pub(crate) use complete::COMPLETED_HEADER;
pub(crate) use complete::Completion;
pub(crate) use complete::POSTPONED_HEADER;
pub(crate) use complete::complete;
pub use engine::Broker;
pub use engine::Counters;
pub use engine::LEASE;
pub(crate) use engine::UNREADABLE_WAIT;
pub use error::BrokerError;
pub use error::Result;
pub use options::Options;
pub(crate) use schedules::Plan;
pub(crate) use transaction::{Transaction, in_first_order, in_lock_order};
