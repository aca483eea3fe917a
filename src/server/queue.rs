//! The queue's language: what QStash's messages are signed with, when they are sent again, and when
//! schedules are due. It speaks to nobody yet.
//!
//! - [`signature`]: signing and verifying. [`delay`]: spans of time and retries. [`cron`]: schedules.
//!
//! This module knows nothing of contacts, pages or accounts.

pub mod cron;
pub mod delay;
pub mod signature;
