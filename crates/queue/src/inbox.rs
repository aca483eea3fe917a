//! The inbox: which messages consumers have executed, so that a message that comes twice is executed once.
//!
//! A consumer claims a message before it acts, and completes it in the transaction that writes what came of
//! it. If the consumer dies in between, its lease ends, and the consumer that gets the message next claims it.
//! What reaches beyond the database in between, such as a mail, may then happen again; it should carry a name
//! that others can recognise it by.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Connection;
use kith_database::query;
use uuid::Uuid;

use crate::time::deadline_ms;

/// How long a consumer holds a message before others may take it. Its work must end well before.
pub const LEASE_DURATION: Duration = Duration::from_secs(20);

/// What a consumer may do with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Execute the message, then [`complete`] or [`release`] the lease.
    Granted(Lease),
    /// Nothing: the message was executed.
    Done,
    /// Nothing now: another consumer holds the message, for at most this long.
    Busy(Duration),
}

/// The right to execute a message, for [`LEASE_DURATION`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    key: String,
    claim: String,
}

/// Claims the message that `key` names. `now` is the time within the transaction: the wait for the
/// transaction is no part of the lease.
///
/// # Errors
/// Those of the database.
pub async fn claim(tx: &mut Connection, key: &str, now: Timestamp) -> Result<Claim, sqlx::Error> {
    let at = now.as_millisecond();
    let claim = Uuid::new_v4().simple().to_string();
    let taken = query(
        "INSERT INTO consumptions (key, claim, lease_until) VALUES ($1, $2, $3)
         ON CONFLICT (key) DO UPDATE SET claim = $2, lease_until = $3
             WHERE consumptions.claim IS NOT NULL AND consumptions.lease_until <= $4",
    )
    .bind(key)
    .bind(&claim)
    .bind(deadline_ms(now, LEASE_DURATION))
    .bind(at)
    .execute(&mut *tx)
    .await?;
    if taken == 1 {
        let key = key.to_owned();
        return Ok(Claim::Granted(Lease { key, claim }));
    }
    // The statement has locked the row, although it changes nothing, so that no other consumer removes it now.
    let (claim, until): (Option<String>, i64) =
        query("SELECT claim, lease_until FROM consumptions WHERE key = $1")
            .bind(key)
            .fetch_one(&mut *tx)
            .await?;
    let left = Duration::from_millis(u64::try_from(until - at).unwrap_or(0));
    Ok(match claim {
        None => Claim::Done,
        Some(_) => Claim::Busy(left),
    })
}

/// Ends a lease because the message was executed. `false` when the lease has ended and another consumer has
/// the message: then the caller must write nothing.
///
/// # Errors
/// Those of the database.
pub async fn complete(
    tx: &mut Connection,
    lease: &Lease,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let completed = query(
        "UPDATE consumptions SET claim = NULL, lease_until = $1 WHERE key = $2 AND claim = $3",
    )
    .bind(now.as_millisecond())
    .bind(&lease.key)
    .bind(&lease.claim)
    .execute(tx)
    .await?;
    Ok(completed == 1)
}

/// Ends a lease because the message was not executed: the consumer that gets it next need not wait. `false`
/// as for [`complete`].
///
/// # Errors
/// Those of the database.
pub async fn release(tx: &mut Connection, lease: &Lease) -> Result<bool, sqlx::Error> {
    let released = query("DELETE FROM consumptions WHERE key = $1 AND claim = $2")
        .bind(&lease.key)
        .bind(&lease.claim)
        .execute(tx)
        .await?;
    Ok(released == 1)
}

/// Ends leases after the usual time that would last longer, because the clock was set back.
pub(crate) async fn rebase(tx: &mut Connection, now: Timestamp) -> Result<(), sqlx::Error> {
    query("UPDATE consumptions SET lease_until = $1 WHERE lease_until > $1 AND claim IS NOT NULL")
        .bind(deadline_ms(now, LEASE_DURATION))
        .execute(tx)
        .await?;
    Ok(())
}
