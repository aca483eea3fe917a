//! A server that follows the primary, for reads that take long.
//!
//! A replica is behind the primary, and does not know by how much. So a read that depends on the last writes says what
//! names the state of its data: numbers that each transaction replaces which changes the data. If the numbers in a snapshot
//! of the replica are those that the primary has now, the data in that snapshot is what the primary has now.
//! Otherwise the primary is read.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::Error;
use tokio::time::Instant;

use super::Database;
use super::fault::Fault;
use super::transaction::Tx;
use crate::connection::Connection;
use crate::connection::Observer;
use crate::error;
use crate::postgres::BEGIN_READ;
use crate::postgres::Hosts;
use crate::postgres::PostgresHandle;
use crate::postgres::PostgresPool;
use crate::postgres::Timeouts;
use crate::query::Query;
use crate::server_address::ServerAddress;
use crate::warning::Warning;
use crate::warning::Warnings;

/// How long a replica may take to answer before it counts as lost.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// A read waits only shortly for a connection that other reads use, because the primary can serve it meanwhile.
const TIMEOUTS: Timeouts = Timeouts {
    turn: Duration::from_millis(100),
    connect: ANSWER_TIMEOUT,
};

/// How long no read asks a replica that has failed.
const PAUSE: Duration = Duration::from_secs(10);

/// The connections to a replica.
#[derive(Debug)]
pub(crate) struct Replica {
    pool: Arc<PostgresPool>,
    /// Reads begin to ask it again at this time.
    asked_from: Mutex<Instant>,
    warnings: Arc<Warnings>,
}

impl Replica {
    /// Does not connect, because the primary does everything without a replica.
    pub(crate) fn new(
        address: &ServerAddress,
        connections: NonZeroU32,
        warnings: Arc<Warnings>,
    ) -> Result<Self, Error> {
        let hosts = Hosts::of_replica(address)?;
        let pool = PostgresPool::new(hosts, connections.get(), TIMEOUTS, Instant::now());
        Ok(Self {
            pool: Arc::new(pool),
            asked_from: Mutex::new(Instant::now()),
            warnings,
        })
    }

    /// A snapshot; `None` while the replica is lost, or while other reads use all connections.
    async fn begin(&self) -> Option<PostgresHandle> {
        if Instant::now() < *self.asked_from() {
            return None;
        }
        match self.try_begin().await {
            Ok(handle) => {
                self.warnings.record(Warning::Replica, false);
                Some(handle)
            }
            Err(Error::PoolTimedOut) => None,
            Err(_) => {
                self.lose();
                None
            }
        }
    }

    /// # Errors
    /// [`Error::PoolTimedOut`] while other reads use all connections. With any other error the replica is lost.
    async fn try_begin(&self) -> Result<PostgresHandle, Error> {
        let handle = PostgresHandle::acquire(&self.pool).await?;
        let begun = tokio::time::timeout(ANSWER_TIMEOUT, handle.begin(BEGIN_READ)).await;
        begun.unwrap_or_else(|_| Err(error::timed_out()))
    }

    fn lose(&self) {
        *self.asked_from() = Instant::now() + PAUSE;
        self.warnings.record(Warning::Replica, true);
    }

    fn asked_from(&self) -> std::sync::MutexGuard<'_, Instant> {
        self.asked_from
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

impl Observer for Replica {
    fn record_error(&self, error: &Error) {
        if Fault::of_server(error).is_some() {
            self.lose();
        }
    }
}

impl Database {
    /// Reads in a view of one instant after the call, on the replica if it is known to be up to date, otherwise on the
    /// primary. `read` may be called twice.
    ///
    /// `state` reads names and numbers, in an order of its own, at least one of which each transaction replaces by a new
    /// one that changes what `read` reads.
    ///
    /// # Errors
    /// Those of `read` on the primary, and those of [`read`](Self::read).
    pub async fn read_replica<T, E>(
        &self,
        state: Query<'_>,
        read: impl for<'c> Fn(&'c mut Connection) -> BoxFuture<'c, Result<T, E>>,
    ) -> Result<T, E>
    where
        E: From<Error>,
    {
        if let Some(mut view) = self.current_replica(state).await
            && let Ok(found) = read(&mut view).await
        {
            return Ok(found);
        }
        let mut view = self.read().await?;
        read(&mut view).await
    }

    /// A view of the replica that has all that the primary has committed before the call.
    async fn current_replica(&self, state: Query<'_>) -> Option<Tx> {
        let replica = self.replica()?;
        let expected = self.fetch_dedicated::<(String, i64)>(state.clone());
        let (expected, begun) = tokio::join!(expected, replica.begin());
        let (expected, begun) = (expected.ok()?, begun?);
        let mut view = Tx {
            connection: Connection::new(begun.into(), replica.clone()),
            database: self.clone(),
        };
        let asked = state.fetch_all::<(String, i64)>(&mut view);
        let asked = tokio::time::timeout(ANSWER_TIMEOUT, asked).await;
        let Ok(found) = asked else {
            replica.lose();
            return None;
        };
        let is_current = !expected.is_empty() && found.is_ok_and(|found| found == expected);
        is_current.then_some(view)
    }
}
