//! Moving all data to another database: from a file to a server, back, or to another of the same kind.
//!
//! - [`tables`]: what is copied. [`copy`]: how. [`fingerprint`]: whether it has arrived.
//! - [`progress`]: what the operator sees meanwhile.

pub mod copy;
pub mod fingerprint;
pub mod progress;
pub mod tables;
