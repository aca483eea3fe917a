//! What people do with address books: making, naming, sharing and removing them.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Row;
use kith_database::Tx;
use kith_database::query;

use super::AccountError;
use super::AccountName;
use super::AccountService;
use super::audit;
use super::management::find;
use super::memberships;
use super::rows;
use super::rows::read_uuid;
use super::rows::read_word;
use super::service::signed_in;
use crate::services::audit_log::Kind;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::BookKey;
use crate::services::book::BookRole;
use crate::services::client::AccountId;
use crate::services::client::Caller;
use crate::services::contacts::text;

/// The most books that an account owns.
const MAX_BOOKS: i64 = 100;

/// The longest name of a book, in characters.
const MAX_NAME_CHARS: usize = 100;

/// A book that a caller sees, and who else sees it.
#[derive(Clone, Debug)]
pub struct BookInfo {
    pub book: Book,
    /// How many contacts are in it, without those in the trash.
    pub contacts: i64,
    /// Empty for a caller who is no owner.
    pub members: Vec<BookMember>,
}

/// An account that sees a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookMember {
    pub account: AccountId,
    pub name: String,
    pub role: BookRole,
}

impl AccountService {
    /// The books of a caller. Owners learn who else sees them.
    ///
    /// # Errors
    /// [`AccountError::SessionNeeded`], [`AccountError::Unavailable`].
    pub async fn books(&self, caller: &Caller) -> Result<Vec<BookInfo>, AccountError> {
        signed_in(caller)?;
        let mut reader = self.shared.database.reader().await?;
        let mut books = Vec::new();
        for book in caller.books() {
            let contacts: i64 = query(
                "SELECT coalesce(max(contacts), 0) FROM contact_counts WHERE book = $1 AND in_trash = FALSE",
            )
            .bind(book.key.0)
            .fetch_one(&mut reader)
            .await?;
            let members = match book.role {
                BookRole::Owner => members(&mut reader, book.key).await?,
                BookRole::Viewer | BookRole::Editor => Vec::new(),
            };
            books.push(BookInfo {
                book: book.clone(),
                contacts,
                members,
            });
        }
        Ok(books)
    }

    /// Makes a book that the caller owns.
    ///
    /// # Errors
    /// [`AccountError::BookName`], [`AccountError::TooManyBooks`], and those of [`books`](Self::books).
    pub async fn add_book(&self, caller: &Caller, name: &str) -> Result<BookId, AccountError> {
        let (account, _) = signed_in(caller)?;
        let name = parse_name(name)?;
        let now = self.shared.now();
        let mut tx = rows::hold_accounts(&self.shared.database).await?;
        let owned: i64 =
            query("SELECT count(*) FROM book_members WHERE account = $1 AND role = 'owner'")
                .bind(account.id.0.as_bytes().as_slice())
                .fetch_one(&mut tx)
                .await?;
        if owned >= MAX_BOOKS {
            return Err(AccountError::TooManyBooks(MAX_BOOKS));
        }
        let id = BookId(kith_runtime::sortable_id(now));
        let key: i64 =
            query("INSERT INTO books (id, name, created_at) VALUES ($1, $2, $3) RETURNING seq")
                .bind(id.0.as_bytes().as_slice())
                .bind(&name)
                .bind(now.as_millisecond())
                .fetch_one(&mut tx)
                .await?;
        memberships::grant(&mut tx, BookKey(key), account.id, BookRole::Owner, None).await?;
        record(&mut tx, caller, Kind::BookAdded, id, now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Gives a book another name.
    ///
    /// # Errors
    /// [`AccountError::BookName`], [`AccountError::NotOwner`], and those of [`books`](Self::books).
    pub async fn rename_book(
        &self,
        caller: &Caller,
        id: BookId,
        name: &str,
    ) -> Result<(), AccountError> {
        let name = parse_name(name)?;
        let (mut tx, key) = self.hold_book(caller, id).await?;
        query("UPDATE books SET name = $2 WHERE seq = $1")
            .bind(key.0)
            .bind(&name)
            .execute(&mut tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Lets an account see a book, or gives it another role there.
    ///
    /// # Errors
    /// [`AccountError::NoAccount`], [`AccountError::NotOwner`], [`AccountError::LastOwner`], and those of
    /// [`books`](Self::books).
    pub async fn share_book(
        &self,
        caller: &Caller,
        id: BookId,
        name: &str,
        role: BookRole,
    ) -> Result<(), AccountError> {
        let (account, _) = signed_in(caller)?;
        let name = AccountName::parse(name)?;
        let (mut tx, key) = self.hold_book(caller, id).await?;
        let with = find(&mut tx, &name).await?;
        let shared_by = (with != account.id).then_some(account.id);
        memberships::grant(&mut tx, key, with, role, shared_by).await?;
        memberships::require_owner(&mut tx, key).await?;
        record(&mut tx, caller, Kind::BookShared, id, self.shared.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Ends what an account sees of a book. Owners do that, and everyone for themselves.
    ///
    /// # Errors
    /// As for [`share_book`](Self::share_book).
    pub async fn unshare_book(
        &self,
        caller: &Caller,
        id: BookId,
        with: AccountId,
    ) -> Result<(), AccountError> {
        let (account, _) = signed_in(caller)?;
        let (mut tx, key) = if with == account.id {
            let tx = rows::hold_accounts(&self.shared.database).await?;
            (
                tx,
                caller.book(Some(id)).map_err(|_| AccountError::NoBook)?.key,
            )
        } else {
            self.hold_book(caller, id).await?
        };
        memberships::revoke(&mut tx, key, with).await?;
        memberships::require_owner(&mut tx, key).await?;
        record(&mut tx, caller, Kind::BookUnshared, id, self.shared.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Removes a book with all its contacts, for everyone who sees it. The book with which an account begins stays.
    ///
    /// # Errors
    /// [`AccountError::NotOwner`], [`AccountError::HomeBook`], and those of [`books`](Self::books).
    pub async fn remove_book(&self, caller: &Caller, id: BookId) -> Result<(), AccountError> {
        let (mut tx, key) = self.hold_book(caller, id).await?;
        if memberships::is_home(&mut tx, key).await? {
            return Err(AccountError::HomeBook);
        }
        memberships::remove(&mut tx, key).await?;
        record(&mut tx, caller, Kind::BookRemoved, id, self.shared.now()).await?;
        Ok(tx.commit().await?)
    }

    /// A transaction that holds all accounts, for a caller who owns the book at this time.
    async fn hold_book(&self, caller: &Caller, id: BookId) -> Result<(Tx, BookKey), AccountError> {
        let (account, _) = signed_in(caller)?;
        let mut tx = rows::hold_accounts(&self.shared.database).await?;
        let books = memberships::books_of(&mut tx, account.id, None).await?;
        let book = books.iter().find(|book| book.id == id);
        let book = book.ok_or(AccountError::NoBook)?;
        if book.role != BookRole::Owner {
            return Err(AccountError::NotOwner);
        }
        Ok((tx, book.key))
    }
}

fn parse_name(name: &str) -> Result<String, AccountError> {
    // A name of a few hundred characters may still be short once it is cleaned; a megabyte is not.
    let may_fit = name.len() <= MAX_NAME_CHARS * 32;
    let cleaned = may_fit.then(|| text::single_line(name).ok()).flatten();
    let fits = |name: &String| !name.is_empty() && name.chars().count() <= MAX_NAME_CHARS;
    cleaned
        .filter(fits)
        .ok_or(AccountError::BookName(MAX_NAME_CHARS))
}

async fn members(reader: &mut Connection, book: BookKey) -> Result<Vec<BookMember>, sqlx::Error> {
    let rows: Vec<Row> = query(
        "SELECT accounts.id, name, book_members.role FROM book_members JOIN accounts ON accounts.id = account
         WHERE book = $1 ORDER BY name_key",
    )
    .bind(book.0)
    .fetch_all(reader)
    .await?;
    let read = |row: &Row| {
        Ok(BookMember {
            account: AccountId(read_uuid(row.get("id")?)?),
            name: row.get("name")?,
            role: read_word(row.get("role")?)?,
        })
    };
    rows.iter().map(read).collect()
}

async fn record(
    tx: &mut Tx,
    caller: &Caller,
    kind: Kind,
    id: BookId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    audit::record(tx, &caller.actor(), kind, Some(id.0), now).await
}
