//! Accounts on both engines.
