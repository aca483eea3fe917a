//! Importing files of vCards into an address book.
//!
//! A file is taken in as it arrives ([`Upload`]) and kept in the database until its import is over, so that any instance can
//! go on with it. One instance at a time works off what waits ([`ImportService`]): it reads the file card by card
//! (`reader`, `parts`), and writes the new contacts in batches. Each batch is one transaction with its place in the file,
//! so a process that is killed leaves neither doubles nor gaps (`run`).
//!
//! A card is known if a contact of the book has its UID, or, where it has none, if one says the same. Contacts of the trash
//! do not count: a person who imports a file again wants back what they have deleted. A card that is known changes nothing.
//!
//! An undo (`undo`) removes the contacts that an import has added and that have not been changed since. [`command`] is
//! `kith import`. [`demo`] adds people who do not exist in the same way.

pub mod command;
pub mod demo;
mod error;
mod import;
mod limits;
mod parts;
mod reader;
mod run;
mod service;
mod store;
mod undo;
mod upload;
mod words;

#[cfg(test)]
mod tests;

pub use self::error::ImportError;
pub use self::import::Import;
pub use self::import::ImportId;
pub use self::import::ImportState;
pub use self::import::Problem;
pub use self::limits::Limits;
pub use self::service::ImportService;
pub use self::service::Options;
pub use self::upload::Upload;
pub use self::words::for_reader;
