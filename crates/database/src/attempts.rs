//! Transactions that are made again where they meet others.

use std::time::Duration;

/// How often a transaction is made that meets another one, before its caller hears of it.
const MAX_ATTEMPTS: u32 = 5;

/// The pause after the first attempt; the second is twice as long, and so on.
const RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// The attempts to make a transaction. Where two transactions in a PostgreSQL server wait for each other, the server ends
/// one of them, and its caller makes it again.
#[derive(Debug, Default)]
pub struct Attempts(u32);

impl Attempts {
    /// Whether a transaction that has failed is to be made again, after a pause that has ended. `met_another` says
    /// whether it failed because it met another one, see [`is_conflict`](crate::is_conflict).
    pub async fn is_another_due(&mut self, met_another: bool) -> bool {
        self.0 += 1;
        if !met_another || self.0 == MAX_ATTEMPTS {
            return false;
        }
        tokio::time::sleep(RETRY_INTERVAL * self.0).await;
        true
    }
}
