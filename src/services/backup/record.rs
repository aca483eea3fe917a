//! What the database knows of its last backup: a row of the table `settings`.

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::Database;
use kith_database::query;
use serde::Deserialize;
use serde::Serialize;

const READ: &str = "SELECT value FROM settings WHERE name = 'backup.last'";

const WRITE: &str = "INSERT INTO settings (name, value, changed_at) VALUES ('backup.last', $1, $2)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at";

/// The last backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    /// When it began, so what was committed before is in it. In Unix milliseconds.
    at: i64,
    /// Its size.
    pub bytes: u64,
    /// Its file, without the folder.
    pub file: String,
}

impl LastBackup {
    pub fn new(at: Timestamp, bytes: u64, file: String) -> Self {
        let at = at.as_millisecond();
        Self { at, bytes, file }
    }

    pub fn at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.at).unwrap_or_default()
    }

    /// # Errors
    /// Those of the database.
    pub async fn read(connection: &mut Connection) -> Result<Option<Self>, sqlx::Error> {
        let value: Option<String> = query(READ).fetch_optional(connection).await?;
        Ok(value.and_then(|value| serde_json::from_str(&value).ok()))
    }

    /// # Errors
    /// Those of the database.
    pub async fn write(&self, database: &Database) -> Result<(), sqlx::Error> {
        let value =
            serde_json::to_string(self).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let mut tx = database.write().await?;
        query(WRITE)
            .bind(value)
            .bind(self.at)
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }
}
