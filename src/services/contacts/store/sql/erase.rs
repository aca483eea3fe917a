//! Removing all contacts of a book for good.

use kith_database::Connection;
use kith_database::Engine;
use kith_database::query;

use crate::services::book::BookKey;

/// Removes the contacts of a book, those in its trash as well, with what finds them and what has happened around them.
///
/// # Errors
/// Those of the engine.
pub async fn erase(tx: &mut Connection, book: BookKey) -> Result<(), sqlx::Error> {
    let statements: &[&str] = match tx.engine() {
        Engine::Sqlite => &[
            "DELETE FROM contact_trigrams WHERE rowid > $1 AND rowid < $2",
            "DELETE FROM contact_grams WHERE rowid > $1 AND rowid < $2",
            "DELETE FROM contacts WHERE seq > $1 AND seq < $2",
        ],
        // What finds a contact goes with it.
        Engine::Postgres => &["DELETE FROM contacts WHERE seq > $1 AND seq < $2"],
    };
    let numbers = book.contacts();
    for statement in statements {
        query(*statement)
            .bind(numbers.start)
            .bind(numbers.end)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
