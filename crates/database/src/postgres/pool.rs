//! The connections to a PostgreSQL server that callers share.
//!
//! The pool of sqlx knows one host, and keeps the connections to it that it has. This one connects to the primary among
//! several [`Hosts`], and forgets what it keeps once a connection has failed: the others lead to the same server.

use std::mem;
use std::ops::Deref;
use std::ops::DerefMut;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::Error;
use sqlx::PgConnection;
use sqlx::postgres::PgListener;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::hosts::Hosts;
use crate::error;

/// A connection that was unused for longer is not used again. What stands between may have forgotten it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// A connection lives at most this long, so that connections spread over the servers behind an address.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Connections to the primary, up to a number.
#[derive(Debug)]
pub(crate) struct PostgresPool {
    hosts: Hosts,
    timeouts: Timeouts,
    max_connections: u32,
    /// One for each connection that may be in use.
    permits: Arc<Semaphore>,
    is_closed: AtomicBool,
    /// Whether the last attempt to connect has failed.
    is_missed: AtomicBool,
    idle: Mutex<Idle>,
}

/// How long a caller waits at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// For a connection that others use.
    pub(crate) turn: Duration,
    /// For a new connection.
    pub(crate) connect: Duration,
}

/// The connections that are not in use.
#[derive(Debug)]
struct Idle {
    /// The one that was used last is the last.
    connections: Vec<(PgConnection, Times)>,
    /// Connections that were opened before are not kept.
    valid_from: Instant,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    opened: Instant,
    used: Instant,
}

/// A connection in use. Dropping it closes it.
#[derive(Debug)]
pub(crate) struct PooledConnection {
    connection: PgConnection,
    times: Times,
    permit: OwnedSemaphorePermit,
}

impl PooledConnection {
    pub(crate) fn opened(&self) -> Instant {
        self.times.opened
    }
}

impl PostgresPool {
    pub(crate) fn keeps_statements(&self) -> bool {
        self.hosts.keep_statements()
    }

    pub(crate) fn new(
        hosts: Hosts,
        max_connections: u32,
        timeouts: Timeouts,
        now: Instant,
    ) -> Self {
        Self {
            hosts,
            timeouts,
            max_connections,
            permits: Arc::new(Semaphore::new(max_connections as usize)),
            is_closed: AtomicBool::new(false),
            is_missed: AtomicBool::new(false),
            idle: Mutex::new(Idle {
                connections: Vec::new(),
                valid_from: now,
            }),
        }
    }

    /// A connection that was used before, or a new one.
    ///
    /// # Errors
    /// [`Error::PoolTimedOut`] if all are in use for too long, [`Error::PoolClosed`], and those of [`Hosts::connect`].
    pub(crate) async fn acquire(&self) -> Result<PooledConnection, Error> {
        let permit = self.permits.clone().acquire_owned();
        let permit = tokio::time::timeout(self.timeouts.turn, permit).await;
        // Without a server, the callers before this one still try to connect.
        let permit = permit.map_err(|_| match self.is_missed.load(Ordering::Relaxed) {
            true => error::timed_out(),
            false => Error::PoolTimedOut,
        })?;
        let permit = permit.map_err(|_| Error::PoolClosed)?;
        if self.is_closed() {
            return Err(Error::PoolClosed);
        }
        let known = self.idle().take();
        match known {
            Some((connection, times)) => Ok(PooledConnection {
                connection,
                times,
                permit,
            }),
            None => self.open(permit).await,
        }
    }

    /// A new connection in place of one that has failed.
    ///
    /// # Errors
    /// Those of [`Hosts::connect`].
    pub(crate) async fn replace(
        &self,
        failed: PooledConnection,
    ) -> Result<PooledConnection, Error> {
        self.forget(failed.times.opened);
        self.open(failed.permit).await
    }

    async fn open(&self, permit: OwnedSemaphorePermit) -> Result<PooledConnection, Error> {
        let now = Instant::now();
        let connection = self.hosts.connect(now + self.timeouts.connect).await;
        self.is_missed.store(connection.is_err(), Ordering::Relaxed);
        Ok(PooledConnection {
            connection: connection?,
            times: Times {
                opened: now,
                used: now,
            },
            permit,
        })
    }

    /// A connection that listens to a channel, to the host that took the last connection. It does not count.
    ///
    /// # Errors
    /// Those of the server.
    pub(crate) async fn listen(&self, channel: &'static str) -> Result<PgListener, Error> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(self.hosts.last_host().clone());
        let mut listener = PgListener::connect_with(&pool).await?;
        // Otherwise the driver makes a connection that has ended again at once, to the same host and without a limit.
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        Ok(listener)
    }

    /// A connection of the caller's own, which does not count.
    ///
    /// # Errors
    /// [`Error::PoolClosed`], and those of [`Hosts::connect_once`].
    pub(crate) async fn connect(&self) -> Result<PgConnection, Error> {
        if self.is_closed() {
            return Err(Error::PoolClosed);
        }
        let deadline = Instant::now() + self.timeouts.connect;
        self.hosts.connect_once(deadline).await
    }

    /// Keeps a connection on which nothing is under way, for the next caller.
    pub(crate) fn release(&self, connection: PooledConnection) {
        let PooledConnection {
            connection, times, ..
        } = connection;
        let mut idle = self.idle();
        if times.opened >= idle.valid_from && !self.is_closed() {
            let used = Instant::now();
            let times = Times { used, ..times };
            idle.connections.push((connection, times));
        }
    }

    /// Whether a connection that was opened at this time leads to the primary, as far as is known.
    pub(crate) fn is_kept(&self, opened: Instant) -> bool {
        opened >= self.idle().valid_from
    }

    /// Closes the connections that are not in use, and the others once they are released, after one that was opened at
    /// this time was lost. Connections that were made after the last loss stay.
    pub(crate) fn forget(&self, opened: Instant) {
        let mut idle = self.idle();
        if opened < idle.valid_from {
            return;
        }
        idle.valid_from = Instant::now();
        idle.connections.clear();
    }

    /// Refuses callers, waits for the connections in use, and closes all.
    pub(crate) async fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        let _all = self.permits.acquire_many(self.max_connections).await;
        self.permits.close();
        let idle = mem::take(&mut self.idle().connections);
        for (connection, _) in idle {
            // A connection that cannot be closed is gone all the same.
            let _ = connection.close().await;
        }
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many connections there are.
    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        let in_use = self.max_connections as usize - self.permits.available_permits();
        in_use + self.idle().connections.len()
    }
}

impl Idle {
    fn take(&mut self) -> Option<(PgConnection, Times)> {
        self.connections.retain(|(_, times)| {
            times.used.elapsed() < IDLE_TIMEOUT && times.opened.elapsed() < MAX_LIFETIME
        });
        self.connections.pop()
    }
}

impl Deref for PooledConnection {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for PooledConnection {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}
