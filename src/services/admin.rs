//! Admins: who may see how Kith works and change it, and the log of their actions.
//!
//! Every action takes an [`Admin`], and only [`Admin::of`] makes one. A change of limits and its entry in
//! the audit log are one transaction. Dead letters are handled page by page. A client that hangs up meanwhile
//! does not stop this, and the audit log says how far the action came.
//!
//! - [`Admin`] is who acts, and [`AdminService`] has the actions.
//! - [`limits`] changes quotas and the deny list. [`dead_letters`] sends dead letters again and deletes them.
//! - [`queue`] resumes a queue that is paused.
//! - [`audit_log`] writes what admins have done into the audit log of Kith.

mod audit_log;
mod dead_letters;
mod identity;
mod limits;
mod queue;
mod service;

pub use self::audit_log::AuditLogEntry;
pub use self::dead_letters::DeadLetterSelection;
pub use self::identity::Admin;
pub use self::limits::describe_network;
pub use self::service::AdminService;
pub use self::service::Options;
