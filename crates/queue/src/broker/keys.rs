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
        // Another process may have drawn them in the mean time.
        let keys = match read(&mut tx).await? {
            Some(keys) => keys,
            None => write(&mut tx, SigningKey::random(), SigningKey::random()).await?,
        };
        tx.commit().await?;
        Ok(keys)
    }

    /// Makes the next key the current one and draws another. Receivers no longer accept signatures of the key that
    /// was the current one.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn rotate_keys(&self) -> Result<SigningKeys> {
        let SigningKeys { next, .. } = self.keys().await?;
        let mut tx = self.0.database.write().await?;
        let current = read(&mut tx).await?.map_or(next, |keys| keys.next);
        let keys = write(&mut tx, current, SigningKey::random()).await?;
        tx.commit().await?;
        Ok(keys)
    }
}

async fn read(connection: &mut Connection) -> Result<Option<SigningKeys>> {
    let keys: Option<(String, String)> = query("SELECT current, next FROM signing_keys")
        .fetch_optional(connection)
        .await?;
    Ok(keys.map(|(current, next)| SigningKeys {
        current: SigningKey::new(current),
        next: SigningKey::new(next),
    }))
}

async fn write(
    connection: &mut Connection,
    current: SigningKey,
    next: SigningKey,
) -> Result<SigningKeys> {
    query("INSERT OR REPLACE INTO signing_keys (only, current, next) VALUES (1, $1, $2)")
        .bind(current.reveal())
        .bind(next.reveal())
        .execute(connection)
        .await?;
    Ok(SigningKeys { current, next })
}
