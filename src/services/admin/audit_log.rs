//! The audit log: what admins have done, and when.

use jiff::Timestamp;
use kith_database::Database;
use kith_database::Tx;
use kith_database::query;

use super::Admin;
use crate::model::error::AppError;

/// The most entries of the audit log. Older ones are deleted.
const MAX_AUDIT_LOG_ENTRIES: i64 = 1000;

/// An action of an admin, as the audit log keeps it.
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

/// Commits an action that an admin has made at this time, together with its entry.
pub async fn commit(
    mut tx: Tx,
    admin: &Admin,
    action: String,
    at: Timestamp,
) -> Result<AuditLogEntry, sqlx::Error> {
    let admin = admin.name();
    let seq: i64 = query("INSERT INTO actions (at, who, what) VALUES ($1, $2, $3) RETURNING seq")
        .bind(at.as_millisecond())
        .bind(&admin)
        .bind(&action)
        .fetch_one(&mut tx)
        .await?;
    // The numbers of a server have gaps.
    query(
        "DELETE FROM actions WHERE seq <=
             (SELECT seq FROM actions ORDER BY seq DESC LIMIT 1 OFFSET $1)",
    )
    .bind(MAX_AUDIT_LOG_ENTRIES)
    .execute(&mut tx)
    .await?;
    tx.commit().await?;
    tracing::info!(who = admin, what = action, "an admin has acted");
    Ok(AuditLogEntry {
        seq,
        at,
        admin,
        action,
    })
}

/// The last `limit` entries, the latest first.
pub async fn read(database: &Database, limit: u32) -> Result<Vec<AuditLogEntry>, sqlx::Error> {
    let mut connection = database.reader().await?;
    let rows: Vec<(i64, i64, String, String)> =
        query("SELECT seq, at, who, what FROM actions ORDER BY seq DESC LIMIT $1")
            .bind(limit)
            .fetch_all(&mut connection)
            .await?;
    let entry = |(seq, at, admin, action)| AuditLogEntry {
        seq,
        at: Timestamp::from_millisecond(at).unwrap_or_default(),
        admin,
        action,
    };
    Ok(rows.into_iter().map(entry).collect())
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
        the_latest_entries_are_kept
    }

    async fn the_latest_entries_are_kept(database: TestDatabase) {
        let client = Client {
            address: "127.0.0.1".parse().expect("an address"),
            is_certain: true,
        };
        let admin = Admin::of(&Caller::new(client, Identity::Local)).expect("an admin");
        let at = Timestamp::from_millisecond(1_800_000_000_123).expect("a time");
        // One transaction for many entries is faster than the disk is with each.
        let mut tx = database.write().await.expect("a turn");
        for _ in 0..MAX_AUDIT_LOG_ENTRIES {
            query("INSERT INTO actions (at, who, what) VALUES (1, 'admin', 'Old.')")
                .execute(&mut tx)
                .await
                .expect("room");
        }
        tx.commit().await.expect("room");
        let mut entries = Vec::new();
        for action in ["One.", "Two."] {
            let tx = database.write().await.expect("a turn");
            let committed = commit(tx, &admin, action.to_owned(), at).await;
            entries.insert(0, committed.expect("room"));
        }
        let kept = read(&database, u32::MAX).await.expect("it is open");
        assert_eq!(kept.len() as i64, MAX_AUDIT_LOG_ENTRIES);
        assert_eq!(kept[..2], entries);
        assert_eq!(read(&database, 2).await.expect("it is open"), entries);
        let oldest = kept.last().map(|entry| entry.seq);
        assert_eq!(oldest, Some(entries[0].seq - MAX_AUDIT_LOG_ENTRIES + 1));
    }
}
