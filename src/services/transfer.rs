//! Moving all data to another database: from a file to a server, back, or to another of the same kind.
//!
//! Everything is written in one transaction of the target, so the target has all of it or nothing. The table
//! `installation` of the source says where the data is, and Kith starts only with a database that is `open`:
//!
//! | the move ends | the source is | the target has | what goes on |
//! |---|---|---|---|
//! | before it has begun | open | nothing | |
//! | while rows are copied | moving | nothing | the same command, or `--abandon` |
//! | after the target has committed | moving | everything | the same command |
//! | after the source has committed | moved | everything | |
//!
//! The data takes the number of its installation along, so the second case and the third are told apart by the
//! number that the target has. A move that fails or is interrupted calls itself off: it opens the source again if the
//! target has nothing. After a kill, the operator says what is to happen.
//!
//! - [`command`]: `kith move`, from its arguments to its last sentence. [`target`]: the address behind `--to`.
//! - [`moving`]: the move itself, and calling it off. [`side`]: what both databases are asked.
//! - [`tables`]: what is copied. [`copy`]: how. [`fingerprint`]: whether it has arrived.
//! - [`progress`]: what the operator sees meanwhile. [`error`]: what they read if it fails.

pub mod command;
mod copy;
mod error;
mod fingerprint;
mod moving;
mod progress;
mod side;
mod tables;
mod target;
#[cfg(test)]
mod tests;

pub use self::error::MoveError;
pub use self::progress::Progress;
