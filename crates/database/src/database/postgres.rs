//! A PostgreSQL server: a pool of connections, and one for what many callers wait for.

use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::Connection as _;
use sqlx::Error;
use sqlx::PgConnection;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgPoolOptions;
use tokio::sync::Mutex;
use tokio::sync::Semaphore;

use super::BUSY_TIMEOUT;
use super::open::OpenError;
use super::open::Options;
use super::open::ServerProblem;
use super::open::migrator;
use crate::connection::Driver;
use crate::error;
use crate::postgres_handle::PostgresHandle;
use crate::postgres_handle::in_time;
use crate::query::Query;
use crate::row::FromRow;
use crate::server_address::ServerAddress;

/// The oldest release that the statements were written for.
const MIN_VERSION: i64 = 14;

/// The pool closes an unused connection after this time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// A connection lives at most this long, so that connections spread over the servers behind an address.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// So many connections are left to reads while many callers write.
const CONNECTIONS_OF_READS: u32 = 2;

/// Starters take turns at the migrations. The number names this lock among those of the server's database.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(5494318)";

/// The server ends a statement that runs longer, also one whose caller has given up.
const BEGIN_WRITE: &str = "BEGIN; SET LOCAL statement_timeout = '20s'";

/// A view of one instant. A read in PostgreSQL's usual transactions sees what was committed before its statement.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
     SET LOCAL statement_timeout = '20s'";

/// The table is gone after the commit, which waits until the log is on the disk.
const PROBE: &str = "BEGIN; SET LOCAL statement_timeout = '20s';
     CREATE TEMPORARY TABLE write_probe ON COMMIT DROP AS SELECT repeat('x', 65536) AS text;
     COMMIT";

/// The connections to a server.
#[derive(Debug)]
pub(crate) struct PostgresServer {
    pool: PgPool,
    options: PgConnectOptions,
    /// `None` after it failed, until the next query.
    dedicated: Mutex<Option<PgConnection>>,
    /// A turn for each change, so that changes do not take all connections.
    pub(crate) turns: Semaphore,
}

impl PostgresServer {
    /// Connects to the server, and brings the tables up to date.
    pub(crate) async fn open(
        address: &ServerAddress,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let setting = options.url_setting;
        let refused = |source: Error| OpenError::of_server(setting, source);
        let connect = address.connect_options().map_err(refused)?;
        let mut first = connect.connect().await.map_err(refused)?;
        check_server(&mut first, setting).await?;
        migrate(&mut first, options).await?;
        let connections = options.connections.get();
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(BUSY_TIMEOUT)
            // A query that fails on a connection that has ended is made again. That costs reads no round trip.
            .test_before_acquire(false)
            .idle_timeout(IDLE_TIMEOUT)
            .max_lifetime(MAX_LIFETIME)
            .connect_with(connect.clone())
            .await
            .map_err(refused)?;
        let turns = connections.saturating_sub(CONNECTIONS_OF_READS).max(1);
        Ok(Self {
            pool,
            options: connect,
            dedicated: Mutex::new(Some(first)),
            turns: Semaphore::new(turns as usize),
        })
    }

    pub(crate) async fn write(&self) -> Result<PostgresHandle, Error> {
        self.begin(BEGIN_WRITE).await
    }

    pub(crate) async fn read(&self) -> Result<PostgresHandle, Error> {
        self.begin(BEGIN_READ).await
    }

    /// Begins a transaction. A server that was restarted has ended the connections of the pool, so a connection that
    /// turns out to have ended is replaced.
    async fn begin(&self, statement: &'static str) -> Result<PostgresHandle, Error> {
        for _ in 0..self.pool.options().get_max_connections() {
            match self.reader().await?.begin(statement).await {
                Err(error) if error::may_be_made_again(&error) => {}
                begun => return begun,
            }
        }
        self.reader().await?.begin(statement).await
    }

    pub(crate) async fn reader(&self) -> Result<PostgresHandle, Error> {
        PostgresHandle::acquire(&self.pool).await.map_err(|error| {
            // The pool tries to connect until it is time.
            let could_connect = self.pool.size() >= self.pool.options().get_max_connections();
            match error {
                Error::PoolTimedOut if !could_connect => error::timed_out(),
                error => error,
            }
        })
    }

    pub(crate) async fn fetch_dedicated<T: FromRow>(
        &self,
        query: Query<'_>,
    ) -> Result<Vec<T>, Error> {
        let mut place = self.dedicated.lock().await;
        // It comes back only after an answer. A caller who gives up before closes it.
        if let Some(mut known) = place.take() {
            let fetched = query.clone();
            let fetched = fetched.fetch_all_on(Driver::Postgres(&mut known)).await;
            match fetched {
                Err(error) if error::may_be_made_again(&error) => {}
                Err(error) if error::is_disconnection(&error) => return Err(error),
                fetched => {
                    *place = Some(known);
                    return fetched;
                }
            }
        }
        if self.pool.is_closed() {
            return Err(Error::PoolClosed);
        }
        let mut new = self.connect().await?;
        let fetched = query.fetch_all_on(Driver::Postgres(&mut new)).await?;
        *place = Some(new);
        Ok(fetched)
    }

    async fn connect(&self) -> Result<PgConnection, Error> {
        let connected = tokio::time::timeout(BUSY_TIMEOUT, self.options.connect()).await;
        connected.unwrap_or_else(|_| Err(error::timed_out()))
    }

    pub(crate) async fn close(&self) {
        if let Some(connection) = self.dedicated.lock().await.take() {
            // A connection that cannot be closed is gone all the same.
            let _ = connection.close().await;
        }
        self.pool.close().await;
    }

    /// Writes on a new connection as much as a change does, and changes nothing.
    pub(crate) async fn probe(&self) -> Result<(), Error> {
        let mut connection = self.connect().await?;
        in_time(sqlx::raw_sql(PROBE).execute(&mut connection)).await?;
        in_time(connection.close()).await
    }
}

/// Refuses a server that the statements do not fit, or that cannot be written to.
async fn check_server(
    connection: &mut PgConnection,
    setting: &'static str,
) -> Result<(), OpenError> {
    let facts = sqlx::query_as::<_, (String, String, String, String)>(
        "SELECT current_setting('server_version_num'), current_setting('server_encoding'),
             current_setting('transaction_read_only'), current_setting('synchronous_commit')",
    );
    let (version, encoding, read_only, synchronous_commit) = facts
        .fetch_one(connection)
        .await
        .map_err(|source| OpenError::of_server(setting, source))?;
    let version = version.parse::<i64>().unwrap_or(0) / 10_000;
    let problem = if version < MIN_VERSION {
        ServerProblem::Old
    } else if encoding != "UTF8" {
        ServerProblem::Encoding
    } else if read_only == "on" {
        ServerProblem::Standby
    } else if synchronous_commit == "off" {
        ServerProblem::AsyncCommit
    } else {
        return Ok(());
    };
    Err(OpenError::server(setting, problem, None))
}

/// Brings the tables up to date, all or nothing. Several processes may start at once: those that come later find it
/// done.
async fn migrate(connection: &mut PgConnection, options: &Options) -> Result<(), OpenError> {
    let setting = options.url_setting;
    let refused = |source: Error| OpenError::of_server(setting, source);
    let mut tx = connection.begin().await.map_err(refused)?;
    sqlx::query(MIGRATION_LOCK)
        .execute(&mut *tx)
        .await
        .map_err(refused)?;
    let mut migrator = migrator(options.migrations);
    // Its lock belongs to a session, which a pooler shares out by transactions.
    migrator.set_locking(false);
    let migrated = migrator.run_direct(None, &mut *tx, false).await;
    migrated.map_err(|error| OpenError::of_migrations(setting, error))?;
    tx.commit().await.map_err(refused)
}

#[cfg(test)]
mod tests;
