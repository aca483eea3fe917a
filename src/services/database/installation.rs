//! The installation that a database belongs to.

use kith_database::Database;
use kith_database::query;

/// So many digits of the number tell installations apart.
const DIGITS: usize = 12;

/// What the names of an installation's keys in Redis begin with: the configured prefix, and a number that stands in the
/// database. So two installations with the same configuration share no limits on one Redis, and nothing that is cached.
///
/// # Errors
/// Those of the database.
pub async fn redis_prefix(database: &Database, configured: &str) -> Result<String, sqlx::Error> {
    let mut connection = database.reader().await?;
    let id: String = query("SELECT id FROM installation")
        .fetch_one(&mut connection)
        .await?;
    Ok(format!("{configured}:{id:.DIGITS$}"))
}
