//! What admins have done, as the audit log keeps it.

use jiff::Timestamp;
use kith_database::Database;
use kith_database::Tx;

use super::Admin;
use crate::model::error::AppError;
use crate::model::language::group_digits;
use crate::services::audit_log::Entry;
use crate::services::audit_log::Kind;
use crate::services::audit_log::Record;
use crate::services::audit_log::Selection;
use crate::services::audit_log::read;
use crate::services::audit_log::record;

/// An action of an admin in the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLogEntry {
    /// Later entries have larger numbers.
    pub seq: i64,
    pub at: Timestamp,
    /// The [name](Admin::name) of the admin.
    pub admin: String,
    /// A sentence.
    pub action: String,
}

/// The entry of an action in the audit log.
pub type Outcome = Result<AuditLogEntry, AppError>;

/// What an admin does.
pub struct Action {
    pub kind: Kind,
    /// A sentence.
    pub text: String,
}

/// Commits an action that an admin has made at this time, together with its entry.
pub async fn commit(
    mut tx: Tx,
    admin: &Admin,
    action: Action,
    at: Timestamp,
) -> Result<AuditLogEntry, sqlx::Error> {
    let actor = admin.actor();
    let entry = Entry {
        action: Some(&action.text),
        ..Entry::new(actor, action.kind)
    };
    let seq = record(&mut tx, &entry, at).await?;
    tx.commit().await?;
    let who = actor.log_name();
    tracing::info!(who, what = action.text, "an admin has acted");
    let admin = admin.name();
    Ok(AuditLogEntry {
        seq,
        at,
        admin,
        action: action.text,
    })
}

/// The last `limit` actions of admins, the latest first.
pub async fn last(database: &Database, limit: u32) -> Result<Vec<AuditLogEntry>, sqlx::Error> {
    let records = read(database, Selection::Actions, None, limit).await?;
    let entry = |record: Record| AuditLogEntry {
        seq: record.seq,
        at: record.at,
        admin: record.actor,
        action: record.action.unwrap_or_default(),
    };
    Ok(records.into_iter().map(entry).collect())
}

/// For example `1 request` and `1,200 requests`. The audit log is in English.
pub fn count(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", group_digits(count, ','))
}

/// Logs a fault of the database, and makes an error of it that is fit to be shown.
pub fn unavailable(error: sqlx::Error) -> AppError {
    tracing::warn!(%error, "an action of an admin failed");
    AppError::Unavailable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::client::Caller;
    use crate::services::client::Client;
    use crate::services::client::Identity;
    use crate::services::database::testing::TestDatabase;
    use crate::services::database::testing::on_each_engine;

    on_each_engine! {
        an_action_of_an_admin_is_in_the_audit_log
    }

    async fn an_action_of_an_admin_is_in_the_audit_log(database: TestDatabase) {
        let client = Client {
            address: "127.0.0.1".parse().expect("an address"),
            is_certain: true,
        };
        let admin = Admin::of(&Caller::without_account(client, Identity::Local)).expect("an admin");
        let at = Timestamp::from_millisecond(1_800_000_000_123).expect("a time");
        let mut entries = Vec::new();
        for text in ["One.", "Two."] {
            let tx = database.write().await.expect("a turn");
            let action = Action {
                kind: Kind::LimitsChanged,
                text: text.to_owned(),
            };
            let committed = commit(tx, &admin, action, at).await;
            entries.insert(0, committed.expect("room"));
        }
        assert_eq!(last(&database, 10).await.expect("it is open"), entries);
        assert_eq!(last(&database, 1).await.expect("it is open"), entries[..1]);
        let all = read(&database, Selection::All, None, 10).await;
        let all = all.expect("it is open");
        assert_eq!(all[0].kind, "limits_changed");
        assert_eq!(all[0].network.as_deref(), Some("127.0.0.1"));
    }
}
