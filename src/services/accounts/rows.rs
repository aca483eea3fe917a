//! Accounts and their sessions in the database: what several use cases read and write in their transactions.

use std::error::Error;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Database;
use kith_database::Engine;
use kith_database::Row;
use kith_database::Sql;
use kith_database::Tx;
use kith_database::query;
use uuid::Uuid;

use super::EmailAddress;
use super::name::AccountName;
use super::secret;
use super::secret::Hash;
use crate::services::client::Account;
use crate::services::client::AccountId;
use crate::services::client::Role;
use crate::services::client::SessionId;
use crate::services::database::milliseconds;

/// The most browsers of an account that Kith knows. The one that it has known for the longest time is forgotten.
const MAX_KNOWN_BROWSERS: u32 = 20;

/// The most sessions of an account.
pub const MAX_SESSIONS: u32 = 100;

/// Names the lock of a server that changes of accounts hold: whether an admin is the last one depends on all of them.
const LOCK: i64 = 0x6b69_7468_6163_6374;

/// An account with what is kept of its password.
pub struct Kept {
    pub account: Account,
    pub password: Option<String>,
    pub is_disabled: bool,
}

/// Begins a transaction in which no other one makes or changes accounts.
pub async fn hold_accounts(database: &Database) -> Result<Tx, sqlx::Error> {
    let mut tx = database.write().await?;
    // In a file, a transaction that writes is the only one.
    if tx.engine() == Engine::Postgres {
        query("SELECT pg_advisory_xact_lock($1)")
            .bind(LOCK)
            .execute(&mut tx)
            .await?;
    }
    Ok(tx)
}

/// Whether there is an account.
pub async fn exist(connection: &mut Connection) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = query("SELECT created_at FROM accounts LIMIT 1")
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// Whether there is an admin who can sign in.
pub async fn has_admin(connection: &mut Connection) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = query(
        "SELECT created_at FROM accounts
         WHERE role = 'admin' AND disabled_at IS NULL AND password IS NOT NULL LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Adds an account, perhaps without a password; `None` where another one has the name.
pub async fn insert(
    tx: &mut Tx,
    name: &AccountName,
    role: Role,
    password: Option<&str>,
    now: Timestamp,
) -> Result<Option<AccountId>, sqlx::Error> {
    let id = AccountId(kith_runtime::sortable_id(now));
    let added = query(
        "INSERT INTO accounts (id, name, name_key, role, password, created_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (name_key) DO NOTHING",
    )
    .bind(id.0.as_bytes().as_slice())
    .bind(name.as_str())
    .bind(name.key())
    .bind(role.as_str())
    .bind(password)
    .bind(now.as_millisecond())
    .execute(tx)
    .await?;
    Ok((added > 0).then_some(id))
}

/// Reads an account that nothing changes before the transaction ends.
pub async fn hold(tx: &mut Tx, id: AccountId) -> Result<Option<Kept>, sqlx::Error> {
    let hold = Sql::each(
        "SELECT id, name, role, password, disabled_at FROM accounts WHERE id = $1",
        "SELECT id, name, role, password, disabled_at FROM accounts WHERE id = $1 FOR UPDATE",
    );
    let row: Option<Row> = query(hold)
        .bind(id.0.as_bytes().as_slice())
        .fetch_optional(tx)
        .await?;
    row.map(|row| kept(&row)).transpose()
}

/// Replaces the password of an account, and ends its sessions and its links for another password.
pub async fn set_password(tx: &mut Tx, account: AccountId, hash: &str) -> Result<(), sqlx::Error> {
    keep_password(tx, account, hash).await?;
    query("DELETE FROM account_links WHERE account = $1 AND purpose = 'password'")
        .bind(account.0.as_bytes().as_slice())
        .execute(tx)
        .await?;
    end_sessions(tx, account).await
}

/// Replaces what is kept of the password of an account.
pub async fn keep_password(tx: &mut Tx, account: AccountId, hash: &str) -> Result<(), sqlx::Error> {
    query("UPDATE accounts SET password = $2 WHERE id = $1")
        .bind(account.0.as_bytes().as_slice())
        .bind(hash)
        .execute(tx)
        .await?;
    Ok(())
}

/// Gives an account an address, unless another one has it. The transaction holds all accounts.
pub async fn set_email(
    tx: &mut Tx,
    account: AccountId,
    address: &EmailAddress,
) -> Result<bool, sqlx::Error> {
    let set = query(
        "UPDATE accounts SET email = $2 WHERE id = $1
             AND NOT EXISTS (SELECT 1 FROM accounts WHERE lower(email) = $3 AND id <> $1)",
    )
    .bind(account.0.as_bytes().as_slice())
    .bind(address.as_str())
    .bind(address.key())
    .execute(tx)
    .await?;
    Ok(set > 0)
}

/// Ends the session with this token.
pub async fn end_session(tx: &mut Tx, token: Hash) -> Result<(), sqlx::Error> {
    query("DELETE FROM sessions WHERE token = $1")
        .bind(token.bytes())
        .execute(tx)
        .await?;
    Ok(())
}

/// Ends all sessions of an account.
pub async fn end_sessions(tx: &mut Tx, account: AccountId) -> Result<(), sqlx::Error> {
    query("DELETE FROM sessions WHERE account = $1")
        .bind(account.0.as_bytes().as_slice())
        .execute(tx)
        .await?;
    Ok(())
}

/// Whether a session has not ended.
pub async fn lasts(connection: &mut Connection, session: SessionId) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = query("SELECT created_at FROM sessions WHERE id = $1")
        .bind(session.0.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// Begins a session that lasts so long at most, and returns its token. Beyond [`MAX_SESSIONS`] the oldest one ends.
pub async fn begin_session(
    tx: &mut Tx,
    account: AccountId,
    label: &str,
    now: Timestamp,
    lifetime: Duration,
) -> Result<String, sqlx::Error> {
    let token = secret::token();
    query(
        "INSERT INTO sessions (id, token, account, label, created_at, seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6)",
    )
    .bind(kith_runtime::sortable_id(now).as_bytes().as_slice())
    .bind(Hash::of(&token).bytes())
    .bind(account.0.as_bytes().as_slice())
    .bind(label)
    .bind(now.as_millisecond())
    .bind(now.as_millisecond().saturating_add(milliseconds(lifetime)))
    .execute(tx)
    .await?;
    query(
        "DELETE FROM sessions WHERE account = $1 AND id <= (
             SELECT id FROM sessions WHERE account = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
    )
    .bind(account.0.as_bytes().as_slice())
    .bind(MAX_SESSIONS)
    .execute(tx)
    .await?;
    Ok(token)
}

/// Makes a token for a browser and remembers it.
pub async fn remember_browser(
    tx: &mut Tx,
    account: AccountId,
    now: Timestamp,
) -> Result<String, sqlx::Error> {
    let token = secret::token();
    query("INSERT INTO known_browsers (browser, account, created_at) VALUES ($1, $2, $3)")
        .bind(Hash::of(&token).bytes())
        .bind(account.0.as_bytes().as_slice())
        .bind(now.as_millisecond())
        .execute(tx)
        .await?;
    query(
        "DELETE FROM known_browsers WHERE account = $1 AND created_at <= (
             SELECT created_at FROM known_browsers WHERE account = $1
             ORDER BY created_at DESC LIMIT 1 OFFSET $2)",
    )
    .bind(account.0.as_bytes().as_slice())
    .bind(MAX_KNOWN_BROWSERS)
    .execute(tx)
    .await?;
    Ok(token)
}

/// Whether the owner of an account has signed in in the browser with this token before.
pub async fn knows_browser(
    connection: &mut Connection,
    account: AccountId,
    token: &str,
) -> Result<bool, sqlx::Error> {
    let Some(browser) = secret::hash_of_token(token) else {
        return Ok(false);
    };
    let found: Option<i64> =
        query("SELECT created_at FROM known_browsers WHERE browser = $1 AND account = $2")
            .bind(browser.bytes())
            .bind(account.0.as_bytes().as_slice())
            .fetch_optional(connection)
            .await?;
    Ok(found.is_some())
}

/// Whether anything admits the owner of an account: a password, an identity at a provider, or a passkey.
pub async fn has_way_in(
    connection: &mut Connection,
    account: AccountId,
) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = query(
        "SELECT created_at FROM accounts WHERE id = $1 AND (password IS NOT NULL
             OR EXISTS (SELECT 1 FROM identities WHERE account = $1)
             OR EXISTS (SELECT 1 FROM passkeys WHERE account = $1))",
    )
    .bind(account.0.as_bytes().as_slice())
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// The account of this name.
pub async fn find(
    connection: &mut Connection,
    name: &AccountName,
) -> Result<Option<Kept>, sqlx::Error> {
    let row: Option<Row> =
        query("SELECT id, name, role, password, disabled_at FROM accounts WHERE name_key = $1")
            .bind(name.key())
            .fetch_optional(connection)
            .await?;
    row.map(|row| kept(&row)).transpose()
}

fn kept(row: &Row) -> Result<Kept, sqlx::Error> {
    Ok(Kept {
        account: Account {
            id: AccountId(read_uuid(row.get("id")?)?),
            name: row.get("name")?,
            role: read_word(row.get("role")?)?,
        },
        password: row.get("password")?,
        is_disabled: row.get::<Option<i64>>("disabled_at")?.is_some(),
    })
}

/// An id as the database keeps it.
pub fn read_uuid(bytes: &[u8]) -> Result<Uuid, sqlx::Error> {
    Uuid::from_slice(bytes).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// A role or a scope as the database keeps it.
pub fn read_word<T>(text: &str) -> Result<T, sqlx::Error>
where
    T: FromStr<Err: Error + Send + Sync + 'static>,
{
    text.parse()
        .map_err(|error: T::Err| sqlx::Error::Decode(error.into()))
}

/// A time as the database keeps it.
pub fn read_time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or(Timestamp::MAX)
}
