//! Who may see which book, as the database keeps it.

use kith_database::Connection;
use kith_database::Row;
use kith_database::Tx;
use kith_database::query;

use super::AccountError;
use super::rows::read_uuid;
use super::rows::read_word;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::BookKey;
use crate::services::book::BookRole;
use crate::services::client::AccountId;
use crate::services::contacts::store::sql::erase;

/// The books that an account sees, or the one of them that a token is for: its home first, then by age.
///
/// # Errors
/// Those of the engine.
pub async fn books_of(
    connection: &mut Connection,
    account: AccountId,
    only: Option<BookKey>,
) -> Result<Vec<Book>, sqlx::Error> {
    let rows: Vec<Row> = query(
        "SELECT books.seq, books.id, books.name, book_members.role, sharer.name AS shared_by
         FROM book_members JOIN books ON books.seq = book
             LEFT JOIN accounts AS sharer ON sharer.id = shared_by
         WHERE book_members.account = $1 AND (books.seq = $2 OR $2 = 0)
         ORDER BY CASE WHEN home_of = $1 THEN 0 ELSE 1 END, books.seq",
    )
    .bind(account.0.as_bytes().as_slice())
    // The numbers of books begin with 1.
    .bind(only.map_or(0, |book| book.0))
    .fetch_all(connection)
    .await?;
    rows.iter().map(read_book).collect()
}

/// Lets an account see a book in this role.
pub async fn grant(
    tx: &mut Tx,
    book: BookKey,
    account: AccountId,
    role: BookRole,
    shared_by: Option<AccountId>,
) -> Result<(), sqlx::Error> {
    query(
        "INSERT INTO book_members (book, account, role, shared_by) VALUES ($1, $2, $3, $4)
         ON CONFLICT (book, account) DO UPDATE SET role = excluded.role",
    )
    .bind(book.0)
    .bind(account.0.as_bytes().as_slice())
    .bind(role.as_str())
    .bind(shared_by.map(|id| id.0.as_bytes().to_vec()))
    .execute(tx)
    .await?;
    Ok(())
}

/// An account does not see a book any more.
pub async fn revoke(tx: &mut Tx, book: BookKey, account: AccountId) -> Result<(), sqlx::Error> {
    query("DELETE FROM book_members WHERE book = $1 AND account = $2")
        .bind(book.0)
        .bind(account.0.as_bytes().as_slice())
        .execute(tx)
        .await?;
    Ok(())
}

/// Refuses a change after which a book has no owner, or an account does not see the book that it begins with.
///
/// # Errors
/// [`AccountError::LastOwner`], [`AccountError::HomeBook`].
pub async fn require_owner(tx: &mut Tx, book: BookKey) -> Result<(), AccountError> {
    let owners: i64 = query("SELECT count(*) FROM book_members WHERE book = $1 AND role = 'owner'")
        .bind(book.0)
        .fetch_one(tx)
        .await?;
    let homeless: i64 = query(
        "SELECT count(*) FROM books WHERE seq = $1 AND home_of IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM book_members WHERE book = seq AND account = home_of AND role = 'owner')",
    )
    .bind(book.0)
    .fetch_one(tx)
    .await?;
    match (owners, homeless) {
        (0, _) => Err(AccountError::LastOwner),
        (_, 0) => Ok(()),
        _ => Err(AccountError::HomeBook),
    }
}

/// Whether an account begins with this book.
pub async fn is_home(tx: &mut Tx, book: BookKey) -> Result<bool, sqlx::Error> {
    let homes: i64 = query("SELECT count(*) FROM books WHERE seq = $1 AND home_of IS NOT NULL")
        .bind(book.0)
        .fetch_one(tx)
        .await?;
    Ok(homes > 0)
}

/// Removes a book with its contacts.
pub async fn remove(tx: &mut Tx, book: BookKey) -> Result<(), sqlx::Error> {
    erase(tx, book).await?;
    query("DELETE FROM books WHERE seq = $1")
        .bind(book.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// The books that an account alone owns, each with how many contacts it has, also in the trash.
pub async fn owned_alone(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Vec<(BookKey, u64)>, sqlx::Error> {
    let rows: Vec<(i64, i64)> = query(
        "SELECT book, (SELECT CAST(coalesce(sum(contacts), 0) AS BIGINT) FROM contact_counts WHERE contact_counts.book = owned.book)
         FROM book_members AS owned WHERE account = $1 AND role = 'owner' AND NOT EXISTS (
             SELECT 1 FROM book_members AS other
             WHERE other.book = owned.book AND other.role = 'owner' AND other.account <> $1)
         ORDER BY book",
    )
    .bind(account.0.as_bytes().as_slice())
    .fetch_all(tx)
    .await?;
    let owned = rows.into_iter();
    Ok(owned
        .map(|(book, contacts)| (BookKey(book), u64::try_from(contacts).unwrap_or(0)))
        .collect())
}

fn read_book(row: &Row) -> Result<Book, sqlx::Error> {
    Ok(Book {
        key: BookKey(row.get("seq")?),
        id: BookId(read_uuid(row.get("id")?)?),
        name: row.get("name")?,
        role: read_word(row.get("role")?)?,
        shared_by: row.get("shared_by")?,
    })
}
