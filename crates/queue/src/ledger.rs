//! What consumers have done: a message that comes twice is executed once.
//!
//! A consumer claims a message before it acts, and finishes it in the transaction that writes down
//! what it did. If it dies in between, its claim ends after a while and the message is claimed by
//! whoever gets it next. What reaches beyond the database in between, such as a mail, may then happen
//! again; it should carry a name that others can recognise it by.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::time::deadline_ms;
use kith_database::Database;
use kith_runtime::Clock;

/// For how long a consumer is believed to be at a message. Its work must end well before.
pub const LEASE: Duration = Duration::from_secs(20);

/// What a consumer may do with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Execute it, then [`settle`] this.
    Granted(Granted),
    /// Nothing: it was executed.
    Done,
    /// Nothing now: somebody else is at it, for at most this long.
    Busy(Duration),
}

/// The right to execute a message, until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    key: String,
    claim: String,
}

/// Asks for the right to execute a message.
///
/// # Errors
/// Those of the database.
pub async fn claim(
    database: &Database,
    key: &str,
    clock: Arc<dyn Clock>,
) -> Result<Claim, sqlx::Error> {
    let key = key.to_owned();
    database
        .change(move |tx| Box::pin(take(tx, key, clock)))
        .await
}

async fn take(
    tx: &mut SqliteConnection,
    key: String,
    clock: Arc<dyn Clock>,
) -> Result<Claim, sqlx::Error> {
    // After the wait for the turn to write, which is no part of the lease.
    let now = clock.now();
    let at = now.as_millisecond();
    let claim = Uuid::new_v4().simple().to_string();
    let taken = sqlx::query(
        "INSERT INTO consumptions (key, claim, lease_until) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET claim = ?2, lease_until = ?3
             WHERE claim IS NOT NULL AND lease_until <= ?4",
    )
    .bind(&key)
    .bind(&claim)
    .bind(deadline_ms(now, LEASE))
    .bind(at)
    .execute(&mut *tx)
    .await?;
    if taken.rows_affected() == 1 {
        return Ok(Claim::Granted(Granted { key, claim }));
    }
    let (claim, until): (Option<String>, i64) =
        sqlx::query_as("SELECT claim, lease_until FROM consumptions WHERE key = ?")
            .bind(&key)
            .fetch_one(&mut *tx)
            .await?;
    let left = Duration::from_millis(u64::try_from(until - at).unwrap_or(0));
    Ok(match claim {
        None => Claim::Done,
        Some(_) => Claim::Busy(left),
    })
}

/// Ends claims after the usual time that would last longer, because the clock was set back.
///
/// # Errors
/// Those of the database.
pub async fn rebase(tx: &mut SqliteConnection, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE consumptions SET lease_until = ?1 WHERE lease_until > ?1 AND claim IS NOT NULL",
    )
    .bind(deadline_ms(now, LEASE))
    .execute(tx)
    .await?;
    Ok(())
}

/// What becomes of a claim.
#[derive(Clone, Debug)]
pub enum Settlement {
    /// The message was executed.
    Finish(Granted),
    /// It was not, and whoever gets it next need not wait.
    GiveBack(Granted),
}

/// Settles a claim, in the transaction of what came of the work. `false` when the claim has ended and
/// somebody else has the message: then nothing may be written.
///
/// # Errors
/// Those of the database.
pub async fn settle(
    tx: &mut SqliteConnection,
    settlement: &Settlement,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done =
        match settlement {
            Settlement::Finish(Granted { key, claim }) => sqlx::query(
                "UPDATE consumptions SET claim = NULL, lease_until = ? WHERE key = ? AND claim = ?",
            )
            .bind(now.as_millisecond())
            .bind(key)
            .bind(claim)
            .execute(tx)
            .await?,
            Settlement::GiveBack(Granted { key, claim }) => {
                sqlx::query("DELETE FROM consumptions WHERE key = ? AND claim = ?")
                    .bind(key)
                    .bind(claim)
                    .execute(tx)
                    .await?
            }
        };
    Ok(done.rows_affected() == 1)
}
