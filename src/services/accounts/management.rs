//! What an operator and an admin do with accounts.

use std::sync::Arc;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Database;
use kith_database::Row;
use kith_database::Tx;
use kith_database::query;
use kith_queue::Queue;
use kith_runtime::Clock;

use super::AccountError;
use super::AccountName;
use super::AccountService;
use super::Unavailable;
use super::account_mail;
use super::account_mail::Subject;
use super::audit;
use super::links;
use super::memberships;
use super::password::NewPassword;
use super::password::Passwords;
use super::rows;
use super::service::Shared;
use crate::services::admin::Admin;
use crate::services::audit_log::Actor;
use crate::services::audit_log::Kind;
use crate::services::book::BookRole;
use crate::services::client::AccountId;
use crate::services::client::Role;

/// Makes and changes accounts, for those who can reach the database and for admins. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    pub(super) database: Database,
    pub(super) clock: Arc<dyn Clock>,
    passwords: Passwords,
    pub(super) actor: Actor,
    /// Sends mails about accounts; `None` without a mail server.
    pub(super) mail: Option<Queue>,
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
    /// Where its owner gets mail.
    pub email: Option<String>,
}

/// What an account is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewAccount<'a> {
    pub name: &'a AccountName,
    pub password: &'a str,
    pub role: Role,
}

/// What becomes of the address books that a removed account alone has owned.
#[derive(Clone, Copy, Debug)]
pub enum BooksLeft<'a> {
    GiveTo(&'a AccountName),
    /// They go with all their contacts, for everyone who sees them.
    Delete,
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
    /// The accounts of a database, for an operator. `mail` sends mails about them; `None` without a mail server.
    pub fn new(database: Database, mail: Option<Queue>) -> Self {
        Self {
            clock: database.clock(),
            passwords: Passwords::default(),
            database,
            actor: Actor::operator(),
            mail,
        }
    }

    /// The account of the admin who acts; `None` for an operator.
    pub(super) fn admin(&self) -> Option<AccountId> {
        self.actor.account().map(AccountId)
    }

    /// Has the mails sent that a transaction has put on the queue.
    pub(super) fn wake(&self) {
        if let Some(queue) = &self.mail {
            queue.wake();
        }
    }

    /// The name of an account.
    ///
    /// # Errors
    /// [`AccountError::NoAccount`] if there is none, [`AccountError::Unavailable`].
    pub async fn name_of(&self, id: AccountId) -> Result<AccountName, AccountError> {
        let mut reader = self.database.reader().await?;
        let name: Option<String> = query("SELECT name FROM accounts WHERE id = $1")
            .bind(id.0.as_bytes().as_slice())
            .fetch_optional(&mut reader)
            .await?;
        Ok(AccountName::parse(&name.ok_or(AccountError::NoAccount)?)?)
    }

    /// All accounts, by name.
    ///
    /// # Errors
    /// [`AccountError::Unavailable`].
    pub async fn list(&self) -> Result<Vec<AccountInfo>, AccountError> {
        let mut reader = self.database.reader().await?;
        let rows: Vec<Row> = query(
            "SELECT id, name, role, created_at, disabled_at, email,
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
        let mut tx = rows::hold_accounts(&self.database).await?;
        if new.role != Role::Admin && !rows::exist(&mut tx).await? {
            return Err(AccountError::FirstIsAdmin);
        }
        let id = rows::insert(&mut tx, new.name, new.role, Some(&hash), self.clock.now()).await?;
        let id = id.ok_or(AccountError::NameTaken)?;
        self.record(&mut tx, Kind::UserAdded, id).await?;
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
        let mut tx = rows::hold_accounts(&self.database).await?;
        let id = find(&mut tx, name).await?;
        rows::set_password(&mut tx, id, &hash).await?;
        self.record(&mut tx, Kind::PasswordChanged, id).await?;
        if let Some(queue) = &self.mail {
            account_mail::enqueue(queue, &mut tx, Subject::PasswordChanged(id)).await?;
        }
        tx.commit().await?;
        self.wake();
        Ok(())
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

    /// Removes an account with its sessions and tokens. `books` says what becomes of the address books that it alone owns;
    /// `None` removes them if they are empty.
    ///
    /// # Errors
    /// [`AccountError::BooksLeft`], and as for [`set_role`](Self::set_role). So the last account stays, and Kith does not go
    /// back to local mode.
    pub async fn remove(
        &self,
        name: &AccountName,
        books: Option<BooksLeft<'_>>,
    ) -> Result<(), AccountError> {
        let mut tx = rows::hold_accounts(&self.database).await?;
        let id = find(&mut tx, name).await?;
        settle_books(&mut tx, id, books).await?;
        self.change_held(tx, id, Change::Remove).await
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
        let mut tx = rows::hold_accounts(&self.database).await?;
        let id = find(&mut tx, name).await?;
        self.change_held(tx, id, change).await
    }

    async fn change_held(
        &self,
        mut tx: Tx,
        id: AccountId,
        change: Change,
    ) -> Result<(), AccountError> {
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
        rows::end_sessions(&mut tx, id).await?;
        // An admin who is none any more leaves no way in behind.
        links::end_made_by(&mut tx, id).await?;
        if !rows::has_admin(&mut tx).await? {
            return Err(AccountError::LastAdmin);
        }
        let kind = match change {
            Change::Remove => Kind::UserRemoved,
            Change::Role(_) | Change::Disable | Change::Enable => Kind::UserChanged,
        };
        self.record(&mut tx, kind, id).await?;
        Ok(tx.commit().await?)
    }

    /// Adds an entry about an account to the audit log.
    pub(super) async fn record(
        &self,
        tx: &mut Tx,
        kind: Kind,
        id: AccountId,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        audit::record(tx, &self.actor, kind, Some(id.0), now).await
    }
}

impl AccountService {
    /// The same for an admin who calls.
    pub fn managed_by(&self, admin: &Admin) -> Accounts {
        Accounts {
            database: self.shared.database.clone(),
            clock: self.shared.clock.clone(),
            passwords: self.shared.passwords.clone(),
            actor: admin.actor().clone(),
            mail: self.shared.mail.clone(),
        }
    }
}

impl Shared {
    /// Tells the owner of an account by mail that it has another password, where Kith knows how to.
    pub(super) async fn tell_of_password(
        &self,
        tx: &mut Tx,
        account: AccountId,
    ) -> Result<(), Unavailable> {
        match &self.mail {
            Some(queue) => {
                account_mail::enqueue(queue, tx, Subject::PasswordChanged(account)).await
            }
            None => Ok(()),
        }
    }

    /// Has the mails sent that a transaction has put on the queue.
    pub(super) fn wake(&self) {
        if let Some(queue) = &self.mail {
            queue.wake();
        }
    }
}

/// Gives away or removes the books that an account alone owns. The transaction holds all accounts.
async fn settle_books(
    tx: &mut Tx,
    account: AccountId,
    books: Option<BooksLeft<'_>>,
) -> Result<(), AccountError> {
    let owned = memberships::owned_alone(tx, account).await?;
    let contacts: u64 = owned.iter().map(|(_, contacts)| contacts).sum();
    match books {
        None if contacts > 0 => return Err(AccountError::BooksLeft { contacts }),
        Some(BooksLeft::GiveTo(name)) => {
            let heir = find(tx, name).await?;
            if heir == account {
                return Err(AccountError::BooksLeft { contacts });
            }
            for (book, _) in owned {
                memberships::grant(tx, book, heir, BookRole::Owner, None).await?;
            }
        }
        None | Some(BooksLeft::Delete) => {
            for (book, _) in owned {
                memberships::remove(tx, book).await?;
            }
        }
    }
    Ok(())
}

/// The account of this name.
pub(super) async fn find(
    connection: &mut Connection,
    name: &AccountName,
) -> Result<AccountId, AccountError> {
    let found = rows::find(connection, name).await?;
    Ok(found.ok_or(AccountError::NoAccount)?.account.id)
}

fn read(row: &Row) -> Result<AccountInfo, sqlx::Error> {
    Ok(AccountInfo {
        id: AccountId(rows::read_uuid(row.get("id")?)?),
        name: row.get("name")?,
        role: rows::read_word(row.get("role")?)?,
        created_at: rows::read_time(row.get("created_at")?),
        disabled_at: row.get::<Option<i64>>("disabled_at")?.map(rows::read_time),
        seen_at: row.get::<Option<i64>>("seen_at")?.map(rows::read_time),
        email: row.get("email")?,
    })
}
