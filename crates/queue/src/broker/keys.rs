//! The signing keys of the broker: two random keys in the database.

use kith_database::Connection;
use kith_database::query;

use super::Broker;
use super::Result;
use crate::signature::SigningKey;
use crate::signature::SigningKeys;

impl Broker {
    /// The current and the next key. Receivers accept both. The first call draws them.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn keys(&self) -> Result<SigningKeys> {
        let mut connection = self.0.database.reader().await?;
        if let Some(keys) = read(&mut connection).await? {
            return Ok(keys);
        }
        drop(connection);
        let mut tx = self.0.database.write().await?;
        query(
            "INSERT INTO signing_keys (\"only\", current, next) VALUES (1, $1, $2)
             ON CONFLICT (\"only\") DO NOTHING",
        )
        .bind(SigningKey::random().reveal())
        .bind(SigningKey::random().reveal())
        .execute(&mut tx)
        .await?;
        // Another process may have drawn them in the mean time.
        let keys = read(&mut tx).await?.ok_or(sqlx::Error::RowNotFound)?;
        tx.commit().await?;
        Ok(keys)
    }

    /// Makes the next key the current one and draws another. Receivers no longer accept signatures of the key that
    /// was the current one.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn rotate_keys(&self) -> Result<SigningKeys> {
        self.keys().await?;
        let mut tx = self.0.database.write().await?;
        // One statement reads and writes, so that two rotations at a time are one after the other.
        let keys =
            query("UPDATE signing_keys SET current = next, next = $1 RETURNING current, next")
                .bind(SigningKey::random().reveal())
                .fetch_one(&mut tx)
                .await?;
        tx.commit().await?;
        Ok(signing_keys(keys))
    }
}

async fn read(connection: &mut Connection) -> Result<Option<SigningKeys>> {
    let keys = query("SELECT current, next FROM signing_keys")
        .fetch_optional(connection)
        .await?;
    Ok(keys.map(signing_keys))
}

fn signing_keys((current, next): (String, String)) -> SigningKeys {
    SigningKeys {
        current: SigningKey::new(current),
        next: SigningKey::new(next),
    }
}
