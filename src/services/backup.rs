//! Backups of a SQLite file, and going back to one. A PostgreSQL server has tools of its own.
//!
//! - [`command`]: `kith backup` and `kith restore`, from their arguments to their last sentence.
//! - [`restore`]: a backup is checked and prepared beside the database, and then takes its place in one step.
//! - [`Backups`]: the backups that a running Kith makes by itself, and what it knows of the last one. One instance at
//!   a time makes them, by a [`Lease`](super::lease::Lease).
//! - [`names`]: their names, and which of them are deleted. [`record`]: what the database knows of the last backup.
//! - [`server`]: the commands for a PostgreSQL server. [`error`]: what operators read if something fails.

pub mod command;
mod error;
mod names;
mod record;
mod restore;
mod schedule;
mod server;
#[cfg(test)]
mod tests;

pub use self::error::BackupError;
pub use self::schedule::BackupStatus;
pub use self::schedule::Backups;
pub use self::schedule::Options;
