//! Transactions that are made again where they meet others.

use std::time::Duration;

use kith_database::is_conflict;

use super::BrokerError;

/// How often a transaction is made that meets another one, before its caller hears of it.
const MAX_ATTEMPTS: u32 = 5;

/// The pause after the first attempt; the second is twice as long, and so on.
const RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// The attempts to make a transaction. Where two transactions in a PostgreSQL server wait for each other, the server ends
/// one of them, and it is made again.
#[derive(Debug, Default)]
pub(crate) struct Attempts(u32);

impl Attempts {
    /// Whether the transaction that has met this error is to be made again, after a pause that has ended.
    pub(crate) async fn is_another_due(&mut self, error: &BrokerError) -> bool {
        self.0 += 1;
        let met_another = matches!(error, BrokerError::Database(error) if is_conflict(error));
        if !met_another || self.0 == MAX_ATTEMPTS {
            return false;
        }
        tokio::time::sleep(RETRY_INTERVAL * self.0).await;
        true
    }
}
