//! The lease that lets one instance at a time make scheduled backups: a row of the table `settings`, which the holder
//! renews. That of an instance that was killed ends by itself.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Database;
use kith_database::query;

/// How long a lease is valid after it was renewed.
pub const TTL: Duration = Duration::from_secs(60);

/// Takes the lease if it is free or over, or renews it. A lease from the far future was taken before the clock was set
/// back. One from the near future was taken by an instance that has asked a little later and was faster.
const TAKE: &str = "INSERT INTO settings (name, value, changed_at) VALUES ('backup.lease', $1, $2)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
     WHERE settings.value = excluded.value OR settings.changed_at < $3
        OR settings.changed_at > $4";

const RELEASE: &str = "DELETE FROM settings WHERE name = 'backup.lease' AND value = $1";

/// Takes the lease, or renews it. Whether `owner` has it now.
///
/// # Errors
/// Those of the database.
pub async fn take(database: &Database, owner: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    let (over, far) = (now - TTL, now + TTL);
    let mut tx = database.write().await?;
    let taken = query(TAKE)
        .bind(format!("\"{owner}\""))
        .bind(now.as_millisecond())
        .bind(over.as_millisecond())
        .bind(far.as_millisecond())
        .execute(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(taken > 0)
}

/// Gives the lease back.
///
/// # Errors
/// Those of the database.
pub async fn release(database: &Database, owner: &str) -> Result<(), sqlx::Error> {
    let mut tx = database.write().await?;
    query(RELEASE)
        .bind(format!("\"{owner}\""))
        .execute(&mut tx)
        .await?;
    tx.commit().await
}
