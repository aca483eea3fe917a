//! Who may see which book, as the database keeps it.

use kith_database::Connection;
use kith_database::Row;
use kith_database::query;

use super::rows::read_uuid;
use super::rows::read_word;
use crate::services::book::Book;
use crate::services::book::BookId;
use crate::services::book::BookKey;
use crate::services::client::AccountId;

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

fn read_book(row: &Row) -> Result<Book, sqlx::Error> {
    Ok(Book {
        key: BookKey(row.get("seq")?),
        id: BookId(read_uuid(row.get("id")?)?),
        name: row.get("name")?,
        role: read_word(row.get("role")?)?,
        shared_by: row.get("shared_by")?,
    })
}
