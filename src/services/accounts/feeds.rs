//! Feeds: secret addresses under which a program of calendars reads the dates of one address book.
//!
//! The secret has 256 random bits and is looked for by its hash, as tokens are, so how long that takes says nothing of it.
//! A feed belongs to the membership of its account in the book, and goes with it.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;

use super::AccountError;
use super::AccountService;
use super::Unavailable;
use super::audit;
use super::authenticate::Kind as Holding;
use super::rows::hold;
use super::rows::read_time;
use super::rows::read_uuid;
use super::secret;
use super::secret::Hash;
use super::service::signed_in;
use crate::services::audit_log::Kind;
use crate::services::book::Book;
use crate::services::book::BookKey;
use crate::services::client::AccountId;
use crate::services::client::Caller;
use crate::services::client::Client;

/// A feed, as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeedInfo {
    pub created_at: Timestamp,
    /// Some minutes ago while it is read; `None` for one that never was.
    pub last_used_at: Option<Timestamp>,
}

/// On a server, the membership stays until the transaction is over.
const HOLD_MEMBERSHIP: Sql = Sql::each(
    "SELECT role FROM book_members WHERE book = $1 AND account = $2",
    "SELECT role FROM book_members WHERE book = $1 AND account = $2 FOR KEY SHARE",
);

impl AccountService {
    /// Makes the feed of a book for the caller's account, in the place of the one that there was. Returns the secret, which
    /// is shown nowhere else.
    ///
    /// # Errors
    /// [`AccountError::NoBook`] for an account that does not see the book any more; [`AccountError`].
    pub async fn create_feed(&self, caller: &Caller, book: &Book) -> Result<String, AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut tx = self.shared.database.write().await?;
        let held = hold(&mut tx, account.id).await?;
        held.filter(|held| !held.is_disabled)
            .ok_or(AccountError::NoAccount)?;
        let role: Option<String> = query(HOLD_MEMBERSHIP)
            .bind(book.key.0)
            .bind(account.id.0.as_bytes().as_slice())
            .fetch_optional(&mut tx)
            .await?;
        role.ok_or(AccountError::NoBook)?;
        remove(&mut tx, book.key, account.id).await?;
        let now = self.shared.now();
        let (id, secret) = (kith_runtime::sortable_id(now), secret::token());
        query(
            "INSERT INTO calendar_feeds (id, secret, account, book, created_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(id.as_bytes().as_slice())
        .bind(Hash::of(&secret).bytes())
        .bind(account.id.0.as_bytes().as_slice())
        .bind(book.key.0)
        .bind(now.as_millisecond())
        .execute(&mut tx)
        .await?;
        audit::record(&mut tx, &caller.actor(), Kind::FeedAdded, Some(id), now).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// The feed of a book for the caller's account; `None` if there is none, as for a caller who is not signed in.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn feed(
        &self,
        caller: &Caller,
        book: &Book,
    ) -> Result<Option<FeedInfo>, AccountError> {
        let Ok((account, _)) = signed_in(caller) else {
            return Ok(None);
        };
        let mut reader = self.shared.database.reader().await?;
        let row: Option<Row> = query(
            "SELECT created_at, last_used_at FROM calendar_feeds WHERE book = $1 AND account = $2",
        )
        .bind(book.key.0)
        .bind(account.id.0.as_bytes().as_slice())
        .fetch_optional(&mut reader)
        .await?;
        row.map(|row| {
            Ok(FeedInfo {
                created_at: read_time(row.get("created_at")?),
                last_used_at: row.get::<Option<i64>>("last_used_at")?.map(read_time),
            })
        })
        .transpose()
    }

    /// Revokes the feed of a book for the caller's account.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] where there is none.
    pub async fn revoke_feed(&self, caller: &Caller, book: &Book) -> Result<(), AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut tx = self.shared.database.write().await?;
        let id: Option<Vec<u8>> =
            query("SELECT id FROM calendar_feeds WHERE book = $1 AND account = $2")
                .bind(book.key.0)
                .bind(account.id.0.as_bytes().as_slice())
                .fetch_optional(&mut tx)
                .await?;
        let id = read_uuid(&id.ok_or(AccountError::NotFound)?)?;
        remove(&mut tx, book.key, account.id).await?;
        let now = self.shared.now();
        audit::record(&mut tx, &caller.actor(), Kind::FeedRevoked, Some(id), now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whom a feed lets in, who sees its book alone and only reads; `None` for a secret of no feed, and for that of a feed
    /// whose account is disabled.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub async fn feed_caller(
        &self,
        secret: &str,
        client: Client,
    ) -> Result<Option<Caller>, Unavailable> {
        let Some(hash) = secret::hash_of_token(secret) else {
            return Ok(None);
        };
        let holder = self.holder(Holding::Feed, hash).await?;
        Ok(holder.map(|holder| holder.into_caller(client)))
    }
}

async fn remove(tx: &mut Connection, book: BookKey, account: AccountId) -> Result<(), sqlx::Error> {
    query("DELETE FROM calendar_feeds WHERE book = $1 AND account = $2")
        .bind(book.0)
        .bind(account.0.as_bytes().as_slice())
        .execute(tx)
        .await?;
    Ok(())
}
