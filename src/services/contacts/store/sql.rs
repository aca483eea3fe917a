//! Contacts in a database: a `SQLite` file or a `PostgreSQL` server.
//!
//! Several processes may share the database. A write is one transaction. In a file, writers take turns, so what a
//! transaction has read stays true until it commits. On a server many transactions write at a time. There a
//! transaction locks what it reads before it decides by it, and a second one waits for the first. Readers see the
//! last commit and never wait.
//!
//! The tables are described in `migrations/` and `migrations/postgres/`. The tables of searches are written by
//! [`search`] in the same transaction as the contact; only contacts outside the trash are in them.
//!
//! - [`SqlStore`] fulfils the contract. [`create`], [`update`] and [`trash`] are its writes, [`list`] its
//!   pages; [`activities`] is what happened around a contact, and [`versions`] its former cards.
//! - [`insert`] writes new contacts, one or many. [`known`] tells which cards a book has already.
//! - [`erase`] removes for good: contacts of the trash, or all that a book has.
//! - [`export`] reads all cards of a book. [`missing_cards`] writes the cards that an earlier release has not,
//!   and [`derived`] holds everything against the cards.
//! - [`photos`] keeps the pictures of photos.
//! - [`labels`] says which contacts have which labels, and [`label_changes`] edits the cards of those that have one.
//! - [`dates`] says which days of contacts come back each year.
//! - [`row`] reads a contact. [`replay`] knows the requests that a client may send again.
//! - [`search`] is the only part with a body for each engine. Elsewhere only texts differ.
//! - [`generations`] tells the cache when contacts have changed. [`error`] makes a kind of a fault.

mod activities;
mod create;
mod dates;
pub mod derived;
pub mod erase;
mod error;
mod export;
mod generations;
pub mod insert;
pub mod known;
mod label_changes;
mod labels;
mod letters;
mod list;
mod missing_cards;
mod photos;
mod replay;
mod row;
mod saved_searches;
pub mod search;
mod sql_store;
mod trash;
mod update;
mod uses;
mod versions;

pub use self::erase::erase;
pub use self::missing_cards::write_missing_cards;
pub use self::row::rfc3339;
pub use self::row::set_summary;
pub use self::sql_store::DEFAULT_MAX_VERSIONS;
pub use self::sql_store::SqlStore;

#[cfg(test)]
mod tests;
