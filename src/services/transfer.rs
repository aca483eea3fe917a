//! Moving all data to another database: from a file to a server, back, or to another of the same kind.
//!
//! - [`tables`]: what is copied. [`fingerprint`]: whether it has arrived.

pub mod fingerprint;
pub mod tables;
