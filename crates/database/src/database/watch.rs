//! What changes at a server while it is used: its clock, its tables, and whether it is the primary.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;
use tokio::time::Instant;

use super::Backend;
use super::Database;
use super::fault::Fault;
use crate::query::query;
use crate::warning::Warning;

/// The pause between two looks.
const INTERVAL: Duration = Duration::from_secs(60);

/// An answer that took longer does not tell the time.
const MAX_ROUND_TRIP: Duration = Duration::from_secs(2);

/// Clocks may differ by this without a warning.
const MAX_DIFFERENCE: SignedDuration = SignedDuration::from_secs(1);

/// The time in milliseconds, the newest migration, and whether the server may only be read.
const LOOK: &str = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT),
    (SELECT max(version) FROM _sqlx_migrations),
    pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'";

impl Database {
    /// Looks at the server now, and then from time to time until the database is closed or dropped.
    pub(super) async fn start_watching(&self) {
        let Backend::Postgres(_) = &self.shared.backend else {
            return;
        };
        self.look().await;
        let shared = Arc::downgrade(&self.shared);
        self.shared.tasks.spawn_until_stopped(async move {
            loop {
                tokio::time::sleep(INTERVAL).await;
                let Some(shared) = shared.upgrade() else {
                    return;
                };
                Self { shared }.look().await;
            }
        });
    }

    /// Looks at the server. An error is recorded as one of any read is.
    pub(crate) async fn look(&self) {
        let Ok(mut reader) = self.reader().await else {
            return;
        };
        let (clock, warnings) = (&self.shared.clock, &self.shared.warnings);
        let (before, start) = (clock.local(), Instant::now());
        let looked = query(LOOK).fetch_one::<(i64, i64, bool)>(&mut reader).await;
        let round_trip = start.elapsed();
        let Ok((shown, schema, is_read_only)) = looked else {
            return;
        };
        warnings.record(Warning::NewerSchema, schema > self.shared.known_schema);
        let shown = Timestamp::from_millisecond(shown).ok();
        if let Some(shown) = shown.filter(|_| round_trip < MAX_ROUND_TRIP) {
            // The server has read its clock in between.
            let at = before.saturating_add(round_trip / 2).unwrap_or(before);
            let error = SignedDuration::try_from(round_trip / 2).unwrap_or(SignedDuration::MAX);
            let difference = clock.correct(shown, at, error).abs();
            warnings.record(Warning::Clock, difference > MAX_DIFFERENCE);
        }
        if let Backend::Postgres(server) = &self.shared.backend
            && is_read_only
        {
            server.forget();
            self.record_fault(Fault::Standby);
        }
    }
}
