//! What accounts write into the audit log, in the transactions of what they tell.

use jiff::Timestamp;
use kith_database::Connection;
use uuid::Uuid;

use crate::services::audit_log;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Entry;
use crate::services::audit_log::Kind;

/// Adds an entry.
pub async fn record(
    tx: &mut Connection,
    actor: &Actor,
    kind: Kind,
    subject: Option<Uuid>,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let entry = Entry {
        subject,
        ..Entry::new(actor, kind)
    };
    audit_log::record(tx, &entry, at).await?;
    Ok(())
}
