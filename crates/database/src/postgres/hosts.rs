//! The hosts of a database on a PostgreSQL server, and which of them takes connections.

use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kith_runtime::Backoff;
use sqlx::ConnectOptions;
use sqlx::Error;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::time::Instant;

use crate::error;
use crate::server_address::ServerAddress;

/// The pauses after all hosts have failed.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(40), Duration::from_millis(500));

/// Fails as a write would where nothing may be written, as on a standby.
const REQUIRE_PRIMARY: &str = "DO $$ BEGIN
         IF current_setting('transaction_read_only') = 'on' THEN
             RAISE 'the server may only be read' USING ERRCODE = '25006';
         END IF;
     END $$";

/// The hosts of a database.
pub(crate) struct Hosts {
    hosts: Vec<PgConnectOptions>,
    /// Whether a host is looked for that may be written to.
    is_for_writes: bool,
    keep_statements: bool,
    /// The one that took the last connection.
    last: AtomicUsize,
}

impl Hosts {
    /// Hosts, one of which is the primary.
    ///
    /// # Errors
    /// Those of [`ServerAddress::connect_options`].
    pub(crate) fn of_primary(address: &ServerAddress) -> Result<Self, Error> {
        Ok(Self {
            hosts: address.connect_options()?,
            is_for_writes: true,
            keep_statements: address.keeps_statements(),
            last: AtomicUsize::new(0),
        })
    }

    /// Hosts, each of which may be read.
    ///
    /// # Errors
    /// Those of [`ServerAddress::connect_options`].
    pub(crate) fn of_replica(address: &ServerAddress) -> Result<Self, Error> {
        Ok(Self {
            is_for_writes: false,
            ..Self::of_primary(address)?
        })
    }

    /// [`ServerAddress::keeps_statements`]
    pub(crate) fn keep_statements(&self) -> bool {
        self.keep_statements
    }

    /// The host that took the last connection.
    pub(crate) fn last_host(&self) -> &PgConnectOptions {
        &self.hosts[self.last.load(Ordering::Relaxed)]
    }

    /// Connects to a host. Waits for one that is missing until it is time.
    ///
    /// # Errors
    /// The most telling error of the last look at the hosts.
    pub(crate) async fn connect(&self, deadline: Instant) -> Result<PgConnection, Error> {
        let mut failures = 0;
        loop {
            let error = match self.connect_once(deadline).await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            let pause = BACKOFF.equal_jitter(failures);
            if !error::is_transient(&error) || Instant::now() + pause >= deadline {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            failures += 1;
        }
    }

    /// Connects to the first host that will do. The one that took the last connection comes first, and then
    /// the others in order. Each has its share of the time that is left, so a host that does not answer leaves time
    /// for the next one.
    ///
    /// # Errors
    /// That of the first host that has answered, else that of the last one.
    pub(crate) async fn connect_once(&self, deadline: Instant) -> Result<PgConnection, Error> {
        let count = self.hosts.len();
        let last = self.last.load(Ordering::Relaxed);
        let mut failed = error::timed_out();
        for (left, index) in (1..=count)
            .rev()
            .zip((0..count).map(|turn| (last + turn) % count))
        {
            let rest = deadline.saturating_duration_since(Instant::now());
            let share = rest / u32::try_from(left).unwrap_or(u32::MAX);
            let connected = tokio::time::timeout(share, self.connect_to(&self.hosts[index])).await;
            match connected.unwrap_or_else(|_| Err(error::timed_out())) {
                Ok(connection) => {
                    if index != last {
                        self.last.store(index, Ordering::Relaxed);
                        let host = self.hosts[index].get_host();
                        tracing::info!(host, "another host of the database takes connections");
                    }
                    return Ok(connection);
                }
                Err(error) if matches!(failed, Error::Io(_)) => failed = error,
                Err(_) => {}
            }
        }
        Err(failed)
    }

    async fn connect_to(&self, host: &PgConnectOptions) -> Result<PgConnection, Error> {
        let mut connection = host.connect().await?;
        if self.is_for_writes {
            let required = sqlx::raw_sql(REQUIRE_PRIMARY);
            required.execute(&mut connection).await?;
        }
        Ok(connection)
    }
}

/// The options of the driver would show the password.
impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts").finish_non_exhaustive()
    }
}
