//! What an operator does with accounts.

use std::sync::Arc;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Database;
use kith_database::Engine;
use kith_database::Row;
use kith_database::Tx;
use kith_database::query;
use kith_runtime::Clock;

use super::AccountError;
use super::AccountName;
use super::authenticate::read_uuid;
use super::authenticate::read_word;
use super::password::NewPassword;
use super::password::Passwords;
use super::sessions;
use super::sessions::read_time;
use crate::services::client::AccountId;
use crate::services::client::Role;

/// Names the lock of a server that changes of accounts hold: whether an admin is the last one depends on all of them.
const LOCK: i64 = 0x6b69_7468_6163_6374;

/// Makes and changes accounts. No caller is asked for: this is for those who can reach the database. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    database: Database,
    clock: Arc<dyn Clock>,
    passwords: Passwords,
}

/// An account, as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountInfo {
    pub id: AccountId,
    pub name: String,
    pub role: Role,
    pub created_at: Timestamp,
    pub disabled_at: Option<Timestamp>,
    /// When one of its sessions was used last; `None` if it has none.
    pub seen_at: Option<Timestamp>,
}

/// What an account is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewAccount<'a> {
    pub name: &'a AccountName,
    pub password: &'a str,
    pub role: Role,
}

/// What changes in an account.
#[derive(Clone, Copy)]
enum Change {
    Role(Role),
    Disable,
    Enable,
    Remove,
}

impl Accounts {
    /// The accounts of a database.
    pub fn new(database: Database) -> Self {
        Self {
            clock: database.clock(),
            passwords: Passwords::default(),
            database,
        }
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn list(&self) -> Result<Vec<AccountInfo>, AccountError> {
        let mut reader = self.database.reader().await?;
        let rows: Vec<Row> = query(
            "SELECT id, name, role, created_at, disabled_at,
                 (SELECT max(seen_at) FROM sessions WHERE account = accounts.id) AS seen_at
             FROM accounts ORDER BY name_key",
        )
        .fetch_all(&mut reader)
        .await?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Adds an account. The first one has to be an admin: with it, local mode ends.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn add(&self, new: NewAccount<'_>) -> Result<AccountId, AccountError> {
        let password = NewPassword::parse(new.password, new.name)?;
        let hash = self.passwords.hash(password).await?;
        let mut tx = hold_accounts(&self.database).await?;
        if new.role != Role::Admin && !exist(&mut tx).await? {
            return Err(AccountError::FirstIsAdmin);
        }
        let id = insert(&mut tx, new.name, new.role, &hash, self.clock.now()).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Gives an account another password and ends its sessions.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn set_password(
        &self,
        name: &AccountName,
        password: &str,
    ) -> Result<(), AccountError> {
        let password = NewPassword::parse(password, name)?;
        let hash = self.passwords.hash(password).await?;
        let mut tx = hold_accounts(&self.database).await?;
        let id = find(&mut tx, name).await?;
        sessions::set_password(&mut tx, id, &hash).await?;
        Ok(tx.commit().await?)
    }

    /// Gives an account another role and ends its sessions.
    ///
    /// # Errors
    /// [`AccountError`]; [`AccountError::LastAdmin`] for the last admin that is enabled.
    pub async fn set_role(&self, name: &AccountName, role: Role) -> Result<(), AccountError> {
        self.change(name, Change::Role(role)).await
    }

    /// Ends the sessions of an account and lets it begin none. Its tokens admit no one until it is enabled again.
    ///
    /// # Errors
    /// As for [`set_role`](Self::set_role).
    pub async fn disable(&self, name: &AccountName) -> Result<(), AccountError> {
        self.change(name, Change::Disable).await
    }

    /// Lets an account sign in again.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn enable(&self, name: &AccountName) -> Result<(), AccountError> {
        self.change(name, Change::Enable).await
    }

    /// Removes an account with its sessions and tokens.
    ///
    /// # Errors
    /// As for [`set_role`](Self::set_role). So the last account stays, and Kith does not go back to local mode.
    pub async fn remove(&self, name: &AccountName) -> Result<(), AccountError> {
        self.change(name, Change::Remove).await
    }

    /// Whether there is such an account.
    ///
    /// # Errors
    /// [`AccountError::NoAccount`] if there is none, [`AccountError::Unavailable`].
    pub async fn check(&self, name: &AccountName) -> Result<(), AccountError> {
        let mut reader = self.database.reader().await?;
        find(&mut reader, name).await.map(|_| ())
    }

    async fn change(&self, name: &AccountName, change: Change) -> Result<(), AccountError> {
        let mut tx = hold_accounts(&self.database).await?;
        let id = find(&mut tx, name).await?;
        let statement = match change {
            Change::Role(role) => {
                query("UPDATE accounts SET role = $1 WHERE id = $2").bind(role.as_str())
            }
            Change::Disable => query("UPDATE accounts SET disabled_at = $1 WHERE id = $2")
                .bind(self.clock.now().as_millisecond()),
            Change::Enable => query("UPDATE accounts SET disabled_at = NULL WHERE id = $1"),
            Change::Remove => query("DELETE FROM accounts WHERE id = $1"),
        };
        let statement = statement.bind(id.0.as_bytes().as_slice());
        statement.execute(&mut tx).await?;
        sessions::end_all(&mut tx, id).await?;
        if !has_admin(&mut tx).await? {
            return Err(AccountError::LastAdmin);
        }
        Ok(tx.commit().await?)
    }
}

/// Begins a transaction in which no other one makes or changes accounts.
pub(super) async fn hold_accounts(database: &Database) -> Result<Tx, sqlx::Error> {
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
pub(super) async fn exist(connection: &mut Connection) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = query("SELECT created_at FROM accounts LIMIT 1")
        .fetch_optional(connection)
        .await?;
    Ok(found.is_some())
}

/// Whether there is an admin who can sign in.
pub(super) async fn has_admin(connection: &mut Connection) -> Result<bool, sqlx::Error> {
    let found: Option<i64> = query(
        "SELECT created_at FROM accounts
         WHERE role = 'admin' AND disabled_at IS NULL AND password IS NOT NULL LIMIT 1",
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

/// Adds an account whose name no other one has.
pub(super) async fn insert(
    tx: &mut Tx,
    name: &AccountName,
    role: Role,
    password: &str,
    now: Timestamp,
) -> Result<AccountId, AccountError> {
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
    if added == 0 {
        Err(AccountError::NameTaken)
    } else {
        Ok(id)
    }
}

async fn find(connection: &mut Connection, name: &AccountName) -> Result<AccountId, AccountError> {
    let id: Option<Vec<u8>> = query("SELECT id FROM accounts WHERE name_key = $1")
        .bind(name.key())
        .fetch_optional(connection)
        .await?;
    let id = id.ok_or(AccountError::NoAccount)?;
    Ok(AccountId(read_uuid(&id)?))
}

fn read(row: &Row) -> Result<AccountInfo, sqlx::Error> {
    Ok(AccountInfo {
        id: AccountId(read_uuid(row.get("id")?)?),
        name: row.get("name")?,
        role: read_word(row.get("role")?)?,
        created_at: read_time(row.get("created_at")?),
        disabled_at: row.get::<Option<i64>>("disabled_at")?.map(read_time),
        seen_at: row.get::<Option<i64>>("seen_at")?.map(read_time),
    })
}
