//! What slows down who guesses passwords.
//!
//! Attempts that have something in common are counted in a bucket: the name of an account, whether or not there is
//! one, the network of the client, a known browser. From the fifth failure in a row on, the next attempt has to wait: a
//! second, then two, and so on up to 15 minutes. No account is ever locked for good.
//!
//! An attempt counts as a failure before the password is compared, in a transaction of its own. So of a hundred attempts at
//! the same time no more are compared than of a hundred in a row. One that is refused does not count.
//!
//! The owner of an account has a bucket for each browser that has signed in before, so an attacker who fills the
//! bucket of the account does not keep the owner out.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;
use kith_database::Database;
use kith_database::Sql;
use kith_database::Tx;
use kith_database::query;
use sha2::Digest;
use sha2::Sha256;

use super::secret::Hash;
use crate::services::client::AccountId;
use crate::services::database::milliseconds;
use crate::services::network::client_network;

/// So many failures in a row cost no wait.
const FREE_FAILURES: i64 = 4;

/// The wait after the first failure that costs one. It doubles with each further one.
const FIRST_DELAY: Duration = Duration::from_secs(1);

/// The longest wait.
const MAX_DELAY: Duration = Duration::from_secs(15 * 60);

/// The longest wait for a name. An attacker can keep the bucket of a name full from anywhere, so a longer one would keep
/// the owner out.
const MAX_NAME_DELAY: Duration = Duration::from_secs(30);

/// Failures are forgotten after this time without an attempt.
const MEMORY: Duration = Duration::from_secs(24 * 3600);

/// A clock that was set back has left later times behind. Clocks of instances differ by less.
const MAX_CLOCK_ERROR: Duration = Duration::from_secs(60);

/// The most buckets. Those without an attempt for the longest time are removed.
pub const MAX_BUCKETS: u32 = 100_000;

/// What attempts have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    hash: [u8; 32],
    max_delay: Duration,
}

impl Bucket {
    /// Attempts with this name; `key` is what names are compared by.
    pub fn of_name(key: &str) -> Self {
        Self {
            max_delay: MAX_NAME_DELAY,
            ..Self::new("name", key.as_bytes())
        }
    }

    /// Attempts from this network: an IPv4 address, or the /64 of an IPv6 address.
    pub fn of_network(address: IpAddr) -> Self {
        Self::new("network", client_network(address).as_bytes())
    }

    /// Attempts with the name of an account in a browser that has signed in before.
    pub fn of_browser(browser: Hash, account: AccountId) -> Self {
        let both = [browser.bytes(), account.0.as_bytes()].concat();
        Self::new("browser", &both)
    }

    /// Attempts to make the first account from this network.
    pub fn of_setup(address: IpAddr) -> Self {
        Self::new("setup", client_network(address).as_bytes())
    }

    /// Attempts of a caller to show that the account's password is known.
    pub fn of_account(account: AccountId) -> Self {
        Self::new("account", account.0.as_bytes())
    }

    fn new(kind: &str, what: &[u8]) -> Self {
        let hasher = Sha256::new().chain_update(kind).chain_update([0]);
        Self {
            hash: hasher.chain_update(what).finalize().into(),
            max_delay: MAX_DELAY,
        }
    }
}

/// Why an attempt is refused.
#[derive(Debug)]
pub enum Refusal {
    TooMany { retry_after: Duration },
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// Makes the row of a bucket if there is none, and holds it until the transaction ends.
const HOLD: &str =
    "INSERT INTO sign_in_attempts (bucket, failures, last_at, not_before) VALUES ($1, 0, 0, 0)
     ON CONFLICT (bucket) DO UPDATE SET bucket = excluded.bucket
     RETURNING failures, last_at, not_before";

/// Removes what is forgotten. Rows that an attempt holds at this moment are left alone.
const FORGET: Sql = Sql::each(
    "DELETE FROM sign_in_attempts WHERE last_at < max($1, coalesce(
         (SELECT last_at FROM sign_in_attempts ORDER BY last_at DESC LIMIT 1 OFFSET $2), 0))",
    "DELETE FROM sign_in_attempts WHERE bucket IN (
         SELECT bucket FROM sign_in_attempts WHERE last_at < greatest($1, coalesce(
             (SELECT last_at FROM sign_in_attempts ORDER BY last_at DESC LIMIT 1 OFFSET $2), 0))
         FOR UPDATE SKIP LOCKED)",
);

/// Counts an attempt as a failure in each of the buckets, or refuses it and counts it in none.
///
/// # Errors
/// [`Refusal`].
pub async fn reserve(
    database: &Database,
    buckets: &[Bucket],
    now: Timestamp,
) -> Result<(), Refusal> {
    let mut tx = database.write().await?;
    let now = now.as_millisecond();
    let mut held = Vec::with_capacity(buckets.len());
    let mut wait = 0;
    for bucket in buckets {
        let (failures, last_at, not_before): (i64, i64, i64) = query(HOLD)
            .bind(bucket.hash.as_slice())
            .fetch_one(&mut tx)
            .await?;
        let is_forgotten = last_at < now - milliseconds(MEMORY);
        let is_of_another_time = last_at > now + milliseconds(MAX_CLOCK_ERROR);
        let failures = if is_forgotten {
            1
        } else {
            failures.saturating_add(1)
        };
        if !is_of_another_time {
            wait = wait.max(not_before - now);
        }
        held.push((*bucket, failures));
    }
    if wait > 0 {
        let wait = u64::try_from(wait).unwrap_or(0);
        return Err(Refusal::TooMany {
            retry_after: Duration::from_millis(wait).min(MAX_DELAY),
        });
    }
    for (bucket, failures) in held {
        write(&mut tx, bucket, failures, now).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Takes an attempt back that has succeeded: the first bucket forgets all failures, the others this attempt. An attacker
/// with an account cannot reset the bucket of a network.
///
/// # Errors
/// Those of the database.
pub async fn succeed(tx: &mut Tx, buckets: &[Bucket], now: Timestamp) -> Result<(), sqlx::Error> {
    for (place, bucket) in buckets.iter().enumerate() {
        if place == 0 {
            query("DELETE FROM sign_in_attempts WHERE bucket = $1")
                .bind(bucket.hash.as_slice())
                .execute(tx)
                .await?;
            continue;
        }
        let (failures, _, _): (i64, i64, i64) = query(HOLD)
            .bind(bucket.hash.as_slice())
            .fetch_one(tx)
            .await?;
        write(tx, *bucket, (failures - 1).max(0), now.as_millisecond()).await?;
    }
    Ok(())
}

/// Removes what is forgotten, and the oldest buckets where there are more than `max_buckets`.
///
/// # Errors
/// Those of the database.
pub async fn forget(
    database: &Database,
    now: Timestamp,
    max_buckets: u32,
) -> Result<(), sqlx::Error> {
    let mut tx = database.write().await?;
    query(FORGET)
        .bind(now.as_millisecond() - milliseconds(MEMORY))
        .bind(max_buckets - 1)
        .execute(&mut tx)
        .await?;
    tx.commit().await
}

async fn write(tx: &mut Tx, bucket: Bucket, failures: i64, now: i64) -> Result<(), sqlx::Error> {
    query(
        "UPDATE sign_in_attempts SET failures = $2, last_at = $3, not_before = $4 WHERE bucket = $1",
    )
    .bind(bucket.hash.as_slice())
    .bind(failures)
    .bind(now)
    .bind(now + milliseconds(delay(failures).min(bucket.max_delay)))
    .execute(tx)
    .await?;
    Ok(())
}

/// The wait after so many failures.
fn delay(failures: i64) -> Duration {
    let Ok(doublings) = u32::try_from(failures - FREE_FAILURES - 1) else {
        return Duration::ZERO;
    };
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    FIRST_DELAY.saturating_mul(factor).min(MAX_DELAY)
}
