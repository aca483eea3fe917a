//! The audit log: who did what, when and from where.
//!
//! It keeps sign-ins and failures, changes of accounts and tokens, deleted contacts, and what admins do. An entry is part
//! of the transaction of what it tells, so neither is there without the other. It names accounts and contacts by their
//! ids, and holds no secret and nothing that a contact is made of.
//!
//! - [`record`] adds an [`Entry`]. [`Actor`] is who acts, and [`Kind`] what is done.
//! - [`read`] reads a page of entries: all, those of one account, or the actions of admins.
//! - [`AuditLog`] removes entries that are too old or too many.

mod entry;
mod retention;
mod store;

pub use entry::Actor;
pub use entry::Entry;
pub use entry::Kind;
pub use entry::Record;
pub use retention::AuditLog;
pub use retention::Options;
pub use store::Selection;
pub use store::read;
pub use store::record;
