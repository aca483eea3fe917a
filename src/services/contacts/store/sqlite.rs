//! Contacts in one `SQLite` file.
//!
//! Several processes may share the file. Every write is one `BEGIN IMMEDIATE` transaction, so
//! writers take turns, in this process and between processes, and what a transaction has read
//! stays true until it commits. Readers see the last commit and never wait.
//!
//! The tables are described in `migrations/`. The search tables are written by
//! [`search`] in the same transaction as the contact; only contacts outside the trash are in them.
//!
//! - [`SqliteStore`] fulfils the contract. [`create`], [`update`] and [`trash`] are its writes, [`list`] its
//!   pages; [`activities`] is what happened around a contact.
//! - [`row`] reads a contact. [`replay`] knows the requests that a client may send again.
//! - [`generations`] tells the cache when contacts have changed. [`error`] makes a kind of a fault.

mod activities;
mod create;
mod error;
mod generations;
mod list;
mod replay;
mod row;
mod search;
mod sqlite_store;
mod trash;
mod update;

pub use self::sqlite_store::SqliteStore;

#[cfg(test)]
mod tests;
