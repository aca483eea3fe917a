//! Tokens, which programs send instead of a password.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Row;
use kith_database::query;

use super::AccountError;
use super::AccountName;
use super::AccountService;
use super::audit;
use super::rows::hold;
use super::rows::read_time;
use super::rows::read_uuid;
use super::rows::read_word;
use super::secret;
use super::secret::Hash;
use super::service::signed_in;
use crate::services::audit_log::Kind;
use crate::services::book::BookId;
use crate::services::client::Caller;
use crate::services::client::Role;
use crate::services::client::Scope;
use crate::services::client::TokenId;
use crate::services::database::milliseconds;

/// The most tokens of an account.
const MAX_TOKENS: i64 = 50;

/// How many characters at the end of a token its owner recognises it by.
const ENDING: usize = 4;

/// What a token is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewToken<'a> {
    /// What its owner knows it by, as short as the name of an account.
    pub name: &'a str,
    /// What its holder may do. [`Scope::Admin`] is for admins.
    pub scope: Scope,
    /// The one book that its holder sees; `None` for all that the account sees.
    pub book: Option<BookId>,
    /// `None`: it stays valid until it is revoked.
    pub expires_in: Option<Duration>,
}

/// A token, as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiTokenInfo {
    pub id: TokenId,
    pub name: String,
    pub scope: Scope,
    /// The last four characters of the token.
    pub ending: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Some minutes ago while the token is used; `None` for one that never was.
    pub last_used_at: Option<Timestamp>,
}

impl AccountService {
    /// Makes a token for the caller's account. The token itself is shown nowhere else.
    ///
    /// # Errors
    /// [`AccountError`]; [`AccountError::AdminNeeded`] for a member that asks for [`Scope::Admin`].
    pub async fn create_token(
        &self,
        caller: &Caller,
        new: NewToken<'_>,
    ) -> Result<(String, ApiTokenInfo), AccountError> {
        let (account, session) = signed_in(caller)?;
        let name = AccountName::parse(new.name)?;
        let book = match new.book {
            Some(_) => Some(
                caller
                    .book(new.book)
                    .map_err(|_| AccountError::NoBook)?
                    .key
                    .0,
            ),
            None => None,
        };
        let mut tx = self.shared.database.write().await?;
        let held = hold(&mut tx, account.id).await?;
        let held = held.filter(|held| !held.is_disabled);
        let role = held.ok_or(AccountError::NoAccount)?.account.role;
        if new.scope == Scope::Admin && role != Role::Admin {
            return Err(AccountError::AdminNeeded);
        }
        // It may have ended while the form was sent.
        let label: Option<String> = query("SELECT label FROM sessions WHERE id = $1")
            .bind(session.0.as_bytes().as_slice())
            .fetch_optional(&mut tx)
            .await?;
        label.ok_or(AccountError::SessionNeeded)?;
        let count: i64 = query("SELECT count(*) FROM api_tokens WHERE account = $1")
            .bind(account.id.0.as_bytes().as_slice())
            .fetch_one(&mut tx)
            .await?;
        if count >= MAX_TOKENS {
            return Err(AccountError::TooManyTokens(MAX_TOKENS));
        }
        let now = self.shared.now();
        let token = secret::api_token();
        let lasts = new.expires_in.map(milliseconds);
        let info = ApiTokenInfo {
            id: TokenId(kith_runtime::sortable_id(now)),
            name: name.as_str().to_owned(),
            scope: new.scope,
            ending: token[token.len() - ENDING..].to_owned(),
            created_at: read_time(now.as_millisecond()),
            expires_at: lasts.map(|lasts| read_time(now.as_millisecond().saturating_add(lasts))),
            last_used_at: None,
        };
        query(
            "INSERT INTO api_tokens (id, token, account, name, scope, ending, created_at, expires_at, book)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(info.id.0.as_bytes().as_slice())
        .bind(Hash::of(&token).bytes())
        .bind(account.id.0.as_bytes().as_slice())
        .bind(&info.name)
        .bind(info.scope.as_str())
        .bind(&info.ending)
        .bind(info.created_at.as_millisecond())
        .bind(info.expires_at.map(Timestamp::as_millisecond))
        .bind(book)
        .execute(&mut tx)
        .await?;
        let (actor, subject) = (caller.actor(), Some(info.id.0));
        audit::record(&mut tx, &actor, Kind::TokenAdded, subject, now).await?;
        tx.commit().await?;
        Ok((token, info))
    }

    /// The tokens of the caller's account, the newest first. Those that have expired are among them.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn tokens(&self, caller: &Caller) -> Result<Vec<ApiTokenInfo>, AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut reader = self.shared.database.reader().await?;
        let rows: Vec<Row> = query(
            "SELECT id, name, scope, ending, created_at, expires_at, last_used_at FROM api_tokens
             WHERE account = $1 ORDER BY created_at DESC, id DESC",
        )
        .bind(account.id.0.as_bytes().as_slice())
        .fetch_all(&mut reader)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Revokes a token of the caller's account.
    ///
    /// # Errors
    /// [`AccountError::NotFound`] where the account has no such token.
    pub async fn revoke_token(&self, caller: &Caller, id: TokenId) -> Result<(), AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut tx = self.shared.database.write().await?;
        let revoked = query("DELETE FROM api_tokens WHERE id = $1 AND account = $2")
            .bind(id.0.as_bytes().as_slice())
            .bind(account.id.0.as_bytes().as_slice())
            .execute(&mut tx)
            .await?;
        if revoked == 0 {
            return Err(AccountError::NotFound);
        }
        let (actor, now) = (caller.actor(), self.shared.now());
        audit::record(&mut tx, &actor, Kind::TokenRevoked, Some(id.0), now).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn read(row: &Row) -> Result<ApiTokenInfo, sqlx::Error> {
    Ok(ApiTokenInfo {
        id: TokenId(read_uuid(row.get("id")?)?),
        name: row.get("name")?,
        scope: read_word(row.get("scope")?)?,
        ending: row.get("ending")?,
        created_at: read_time(row.get("created_at")?),
        expires_at: row.get::<Option<i64>>("expires_at")?.map(read_time),
        last_used_at: row.get::<Option<i64>>("last_used_at")?.map(read_time),
    })
}
