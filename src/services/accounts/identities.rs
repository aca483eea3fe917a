//! The identities at a provider that accounts have linked.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Tx;
use kith_database::query;

use super::AccountError;
use super::AccountService;
use super::audit;
use super::rows;
use super::rows::read_time;
use super::rows::read_uuid;
use super::service::signed_in;
use crate::services::audit_log::Kind;
use crate::services::client::AccountId;
use crate::services::client::Caller;
use crate::services::client::IdentityId;
use crate::services::oidc::Identified;

/// The most identities of an account. One more replaces none.
const MAX_IDENTITIES: i64 = 20;

/// The most characters of a label.
const MAX_LABEL: usize = 200;

/// An identity, as the owner of the account sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityInfo {
    pub id: IdentityId,
    pub issuer: String,
    /// What the provider called it when it was linked: an email address or a name.
    pub label: String,
    pub created_at: Timestamp,
}

impl AccountService {
    /// The identities of the caller's account, the newest first.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn identities(&self, caller: &Caller) -> Result<Vec<IdentityInfo>, AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut reader = self.shared.database.reader().await?;
        let rows: Vec<Row> = query(
            "SELECT id, issuer, label, created_at FROM identities
             WHERE account = $1 ORDER BY created_at DESC, id DESC",
        )
        .bind(account.id.0.as_bytes().as_slice())
        .fetch_all(&mut reader)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Takes an identity from the caller's account.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] where the account has no such identity, [`AccountError::LastWay`] where nothing else
    /// would admit its owner.
    pub async fn unlink(&self, caller: &Caller, id: IdentityId) -> Result<(), AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut tx = self.shared.database.write().await?;
        rows::hold(&mut tx, account.id).await?;
        let unlinked = query("DELETE FROM identities WHERE id = $1 AND account = $2")
            .bind(id.0.as_bytes().as_slice())
            .bind(account.id.0.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        if unlinked == 0 {
            return Err(AccountError::NotFound);
        }
        if !rows::has_way_in(&mut tx, account.id).await? {
            return Err(AccountError::LastWay);
        }
        let (actor, now) = (caller.actor(), self.shared.now());
        audit::record(&mut tx, &actor, Kind::IdentityUnlinked, Some(id.0), now).await?;
        Ok(tx.commit().await?)
    }
}

/// How linking has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    Made(IdentityId),
    /// The account has it already.
    Kept,
    /// Another account has it, or this one has too many.
    Refused,
}

/// Links an identity to an account that the transaction holds.
pub async fn link(
    tx: &mut Tx,
    account: AccountId,
    person: &Identified,
    now: Timestamp,
) -> Result<Link, sqlx::Error> {
    match find(tx, person).await? {
        Some(owner) if owner == account => return Ok(Link::Kept),
        Some(_) => return Ok(Link::Refused),
        None => {}
    }
    let count: i64 = query("SELECT count(*) FROM identities WHERE account = $1")
        .bind(account.0.as_bytes().as_slice())
        .fetch_one(tx)
        .await?;
    if count >= MAX_IDENTITIES {
        return Ok(Link::Refused);
    }
    let id = IdentityId(kith_runtime::sortable_id(now));
    let label = [&person.email, &person.username, &person.name];
    let label = label
        .into_iter()
        .flatten()
        .next()
        .unwrap_or(&person.subject);
    let label: String = label
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_LABEL)
        .collect();
    let added = query(
        "INSERT INTO identities (id, issuer, subject, account, label, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (issuer, subject) DO NOTHING",
    )
    .bind(id.0.as_bytes().as_slice())
    .bind(&person.issuer)
    .bind(&person.subject)
    .bind(account.0.as_bytes().as_slice())
    .bind(&label)
    .bind(now.as_millisecond())
    .execute(tx)
    .await?;
    Ok(if added > 0 {
        Link::Made(id)
    } else {
        Link::Refused
    })
}

/// The account that an identity belongs to.
pub async fn find(
    connection: &mut Connection,
    person: &Identified,
) -> Result<Option<AccountId>, sqlx::Error> {
    let row: Option<Row> =
        query("SELECT account FROM identities WHERE issuer = $1 AND subject = $2")
            .bind(&person.issuer)
            .bind(&person.subject)
            .fetch_optional(connection)
            .await?;
    row.map(|row| Ok(AccountId(read_uuid(row.get("account")?)?)))
        .transpose()
}

fn read(row: &Row) -> Result<IdentityInfo, sqlx::Error> {
    Ok(IdentityInfo {
        id: IdentityId(read_uuid(row.get("id")?)?),
        issuer: row.get("issuer")?,
        label: row.get("label")?,
        created_at: read_time(row.get("created_at")?),
    })
}
