//! The table of the audit log.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Database;
use kith_database::Row;
use kith_database::query;
use uuid::Uuid;

use super::Entry;
use super::Record;

/// Which entries are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    All,
    /// What this account has done, and what others have done to it.
    OfAccount(Uuid),
    /// What admins have done: the entries with a sentence.
    Actions,
}

/// Adds an entry to the caller's transaction. Returns its number.
///
/// # Errors
/// Those of the database.
pub async fn record(
    tx: &mut Connection,
    entry: &Entry<'_>,
    at: Timestamp,
) -> Result<i64, sqlx::Error> {
    let account = entry.actor.account.map(|id| id.as_bytes().to_vec());
    let subject = entry.subject.map(|id| id.to_string());
    query(
        "INSERT INTO audit_log (at, account, actor, kind, subject, action, network)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING seq",
    )
    .bind(at.as_millisecond())
    .bind(account)
    .bind(&entry.actor.name)
    .bind(entry.kind.name())
    .bind(&subject)
    .bind(entry.action)
    .bind(&entry.actor.network)
    .fetch_one(tx)
    .await
}

/// At most `limit` entries that were written before the one with the number `before`, the latest first; from the latest
/// one on without `before`.
///
/// # Errors
/// Those of the database.
pub async fn read(
    database: &Database,
    selection: Selection,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Record>, sqlx::Error> {
    let mut connection = database.reader().await?;
    let query = match selection {
        Selection::All => query(
            "SELECT seq, at, account, actor, kind, subject, action, network FROM audit_log
             WHERE seq < $1 ORDER BY seq DESC LIMIT $2",
        ),
        Selection::OfAccount(_) => query(
            "SELECT seq, at, account, actor, kind, subject, action, network FROM audit_log
             WHERE seq < $1 AND (account = $3 OR subject = $4) ORDER BY seq DESC LIMIT $2",
        ),
        Selection::Actions => query(
            "SELECT seq, at, account, actor, kind, subject, action, network FROM audit_log
             WHERE seq < $1 AND action IS NOT NULL ORDER BY seq DESC LIMIT $2",
        ),
    };
    let mut query = query.bind(before.unwrap_or(i64::MAX)).bind(limit);
    if let Selection::OfAccount(account) = selection {
        query = query
            .bind(account.as_bytes().to_vec())
            .bind(account.to_string());
    }
    let rows: Vec<Row> = query.fetch_all(&mut connection).await?;
    rows.iter().map(read_row).collect()
}

fn read_row(row: &Row) -> Result<Record, sqlx::Error> {
    let account: Option<Vec<u8>> = row.get("account")?;
    Ok(Record {
        seq: row.get("seq")?,
        at: Timestamp::from_millisecond(row.get("at")?).unwrap_or_default(),
        account: account.and_then(|id| Uuid::from_slice(&id).ok()),
        actor: row.get("actor")?,
        kind: row.get("kind")?,
        subject: row.get("subject")?,
        action: row.get("action")?,
        network: row.get("network")?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Actor;
    use super::super::Kind;
    use super::*;
    use crate::services::database::testing::TestDatabase;
    use crate::services::database::testing::on_each_engine;

    on_each_engine! {
        entries_are_read_by_page_by_account_and_by_action
        an_entry_is_undone_with_its_transaction
    }

    async fn entries_are_read_by_page_by_account_and_by_action(database: TestDatabase) {
        let address = "203.0.113.7".parse().expect("an address");
        let at = Timestamp::from_millisecond(1_800_000_000_123).expect("a time");
        let ada = Uuid::now_v7();
        let known = Actor::of_account(ada, "ada", address);
        let unknown = Actor::of_address(address);
        let session = Uuid::now_v7();
        let entries = [
            Entry {
                subject: Some(session),
                ..Entry::new(&known, Kind::SignIn)
            },
            Entry::new(&unknown, Kind::SignInFailed),
            Entry {
                action: Some("Limit changed."),
                ..Entry::new(&known, Kind::LimitsChanged)
            },
        ];
        let mut tx = database.write().await.expect("a turn");
        for entry in &entries {
            record(&mut tx, entry, at).await.expect("room");
        }
        tx.commit().await.expect("room");

        let page = async |selection, before, limit| {
            let records = read(&database, selection, before, limit).await;
            records.expect("it is open")
        };
        let all = page(Selection::All, None, 10).await;
        let kinds: Vec<_> = all.iter().map(|record| record.kind.as_str()).collect();
        assert_eq!(kinds, ["limits_changed", "sign_in_failed", "sign_in"]);
        assert_eq!(page(Selection::All, None, 2).await, all[..2]);
        assert_eq!(page(Selection::All, Some(all[1].seq), 2).await, all[2..]);
        let of_ada = page(Selection::OfAccount(ada), None, 10).await;
        assert_eq!(of_ada, [all[0].clone(), all[2].clone()]);
        assert_eq!(page(Selection::Actions, None, 10).await, all[..1]);
        let first = Record {
            seq: all[2].seq,
            at,
            account: Some(ada),
            actor: "ada".to_owned(),
            kind: "sign_in".to_owned(),
            subject: Some(session.to_string()),
            action: None,
            network: Some("203.0.113.7".to_owned()),
        };
        assert_eq!(all[2], first);
        assert_eq!(all[1].account, None);
    }

    async fn an_entry_is_undone_with_its_transaction(database: TestDatabase) {
        let mut tx = database.write().await.expect("a turn");
        let actor = Actor::operator();
        let entry = Entry::new(&actor, Kind::UserAdded);
        record(&mut tx, &entry, Timestamp::UNIX_EPOCH)
            .await
            .expect("room");
        drop(tx);
        let left = read(&database, Selection::All, None, 10).await;
        assert_eq!(left.expect("it is open"), []);
    }
}
