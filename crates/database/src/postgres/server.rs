//! A PostgreSQL server: a pool of connections, and one for what many callers wait for.

use std::sync::Arc;

use sqlx::Connection as _;
use sqlx::Error;
use sqlx::PgConnection;
use sqlx::migrate::MigrateError;
use tokio::sync::Mutex;
use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use super::driver::PostgresDriver;
use super::driver::STATEMENT_TIMEOUT;
use super::driver::in_time;
use super::handle::PostgresHandle;
use super::hosts::Hosts;
use super::pool::PostgresPool;
use super::pool::Timeouts;
use crate::connection::BUSY_TIMEOUT;
use crate::connection::Driver;
use crate::connection::turn;
use crate::database::open::OpenError;
use crate::database::open::Options;
use crate::database::open::ServerProblem;
use crate::database::open::migrator;
use crate::error;
use crate::query::Query;
use crate::row::FromRow;
use crate::row::Row;
use crate::server_address::ServerAddress;
use crate::statement::Engine;

/// The oldest release that the statements were written for.
const MIN_VERSION: i64 = 14;

/// So many connections are left to reads while many callers write.
const CONNECTIONS_OF_READS: u32 = 2;

const TIMEOUTS: Timeouts = Timeouts {
    turn: BUSY_TIMEOUT,
    connect: BUSY_TIMEOUT,
};

/// Starters take turns at the migrations. The number names this lock among those of the server's database.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(5494318)";

/// A transaction in which each statement sees what was committed before it, whatever the default of the server is. The
/// server ends a statement that runs longer, also one whose caller has given up.
const BEGIN_WRITE: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = '20s'";

/// A view of one instant. A read in PostgreSQL's usual transactions sees what was committed before its statement.
pub(crate) const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
     SET LOCAL statement_timeout = '20s'";

/// The table is gone after the commit, which waits until the log is on the disk.
const PROBE: &str = "BEGIN; SET LOCAL statement_timeout = '20s';
     CREATE TEMPORARY TABLE write_probe ON COMMIT DROP AS SELECT repeat('x', 65536) AS text;
     COMMIT";

/// The connections to a server.
#[derive(Debug)]
pub(crate) struct PostgresServer {
    pub(super) pool: Arc<PostgresPool>,
    /// With the time at which it was opened. `None` after it failed, until the next query.
    pub(super) dedicated: Mutex<Option<(PgConnection, Instant)>>,
    /// A turn for each change, so that changes do not take all connections.
    turns: Semaphore,
}

impl PostgresServer {
    /// Connects to the server, and brings the tables up to date.
    pub(crate) async fn open(
        address: &ServerAddress,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let setting = options.url_setting;
        let refused = |source: Error| OpenError::of_server(setting, source);
        let hosts = Hosts::of_primary(address).map_err(refused)?;
        let opened = Instant::now();
        let first = hosts.connect_once(opened + BUSY_TIMEOUT).await;
        let mut first = first.map_err(refused)?;
        check_server(&mut first, setting).await?;
        migrate(&mut first, options, hosts.keep_statements()).await?;
        let connections = options.connections.get();
        let turns = connections.saturating_sub(CONNECTIONS_OF_READS).max(1);
        let pool = PostgresPool::new(hosts, connections, TIMEOUTS, opened);
        Ok(Self {
            pool: Arc::new(pool),
            dedicated: Mutex::new(Some((first, opened))),
            turns: Semaphore::new(turns as usize),
        })
    }

    pub(crate) fn pool(&self) -> &Arc<PostgresPool> {
        &self.pool
    }

    /// Waits until a change may begin, which is over when the permit is dropped.
    ///
    /// # Errors
    /// [`Error::PoolTimedOut`] if that takes too long.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, Error> {
        turn(&self.turns).await
    }

    pub(crate) async fn write(&self) -> Result<PostgresHandle, Error> {
        self.acquire().await?.begin(BEGIN_WRITE).await
    }

    pub(crate) async fn read(&self) -> Result<PostgresHandle, Error> {
        self.acquire().await?.begin(BEGIN_READ).await
    }

    pub(crate) async fn reader(&self) -> Result<PostgresHandle, Error> {
        match self.pool.keeps_statements() {
            true => self.acquire().await,
            // A statement is prepared and executed, and both have to reach the same server.
            false => self.read().await,
        }
    }

    async fn acquire(&self) -> Result<PostgresHandle, Error> {
        PostgresHandle::acquire(&self.pool).await
    }

    pub(crate) async fn fetch_dedicated(&self, query: Query<'_>) -> Result<Vec<Row>, Error> {
        let mut place = self.dedicated.lock().await;
        // It comes back only after an answer. A caller who gives up before closes it.
        let known = place.take();
        if let Some((mut known, opened)) = known.filter(|(_, opened)| self.pool.is_kept(*opened)) {
            match self.fetch_alone(query.clone(), &mut known).await {
                Err(error) if error::may_be_made_again(&error) => self.pool.forget(opened),
                Err(error) if error::is_disconnection(&error) => return Err(error),
                fetched => {
                    *place = Some((known, opened));
                    return fetched;
                }
            }
        }
        let opened = Instant::now();
        let mut new = self.pool.connect().await?;
        let fetched = self.fetch_alone(query, &mut new).await?;
        *place = Some((new, opened));
        Ok(fetched)
    }

    /// Fetches the rows of a query without values, in no transaction.
    async fn fetch_alone(
        &self,
        query: Query<'_>,
        connection: &mut PgConnection,
    ) -> Result<Vec<Row>, Error> {
        if self.pool.keeps_statements() {
            let driver = PostgresDriver {
                connection,
                keeps_statements: true,
                statement_timeout: STATEMENT_TIMEOUT,
            };
            return query.fetch_all_on(Driver::Postgres(driver)).await;
        }
        // The server reads and executes it in one step.
        let statement = sqlx::raw_sql(query.for_engine(Engine::Postgres).text);
        let rows = in_time(STATEMENT_TIMEOUT, statement.fetch_all(connection));
        let rows = rows.await?.into_iter();
        Ok(rows.map(Row::Postgres).collect())
    }

    /// Closes the connections to a server that is no primary any more.
    pub(crate) fn forget(&self) {
        self.pool.forget(Instant::now());
    }

    pub(crate) async fn close(&self) {
        if let Some((connection, _)) = self.dedicated.lock().await.take() {
            // A connection that cannot be closed is gone all the same.
            let _ = connection.close().await;
        }
        self.pool.close().await;
    }

    /// Writes on a new connection as much as a change does, and changes nothing.
    pub(crate) async fn probe(&self) -> Result<(), Error> {
        let mut connection = self.pool.connect().await?;
        let probe = sqlx::raw_sql(PROBE).execute(&mut connection);
        in_time(STATEMENT_TIMEOUT, probe).await?;
        in_time(STATEMENT_TIMEOUT, connection.close()).await
    }
}

/// Refuses a server that the statements do not fit, or that may lose what it acknowledges.
async fn check_server(
    connection: &mut PgConnection,
    setting: &'static str,
) -> Result<(), OpenError> {
    let refused = |source: Error| OpenError::of_server(setting, source);
    let facts = sqlx::raw_sql(
        "SELECT current_setting('server_version_num'), current_setting('server_encoding'),
             current_setting('synchronous_commit')",
    );
    let facts = facts.fetch_one(connection).await.map_err(refused)?;
    let facts = <(String, String, String)>::from_row(Row::Postgres(facts));
    let (version, encoding, synchronous_commit) = facts.map_err(refused)?;
    let version = version.parse::<i64>().unwrap_or(0) / 10_000;
    let problem = if version < MIN_VERSION {
        ServerProblem::Old
    } else if encoding != "UTF8" {
        ServerProblem::Encoding
    } else if synchronous_commit == "off" {
        ServerProblem::AsyncCommit
    } else {
        return Ok(());
    };
    Err(OpenError::server(setting, problem, None))
}

/// Brings the tables up to date, all or nothing. Several processes may start at once: those that come later find it
/// done.
async fn migrate(
    connection: &mut PgConnection,
    options: &Options,
    keeps_statements: bool,
) -> Result<(), OpenError> {
    let setting = options.url_setting;
    let refused = |source: Error| OpenError::of_server(setting, source);
    let mut tx = connection.begin().await.map_err(refused)?;
    sqlx::raw_sql(MIGRATION_LOCK)
        .execute(&mut *tx)
        .await
        .map_err(refused)?;
    // The driver names the statements of migrations, and names are taken that a former client of the pooler has left.
    let forget = if keeps_statements {
        ""
    } else {
        "DEALLOCATE ALL"
    };
    sqlx::raw_sql(forget)
        .execute(&mut *tx)
        .await
        .map_err(refused)?;
    let mut migrator = migrator(options.migrations);
    // Its lock belongs to a session, which a pooler shares out by transactions.
    migrator.set_locking(false);
    let migrated = migrator.run_direct(None, &mut *tx, false).await;
    migrated.map_err(|error| migrations_failed(setting, error))?;
    if let Some(count) = options.older_processes {
        let count = sqlx::query_scalar(count.text(Engine::Postgres)).persistent(keeps_statements);
        let count = count.fetch_one(&mut *tx).await;
        OpenError::check_older_processes(count.map_err(refused)?)?;
    }
    sqlx::raw_sql(forget)
        .execute(&mut *tx)
        .await
        .map_err(refused)?;
    tx.commit().await.map_err(refused)
}

/// What failed migrations mean.
fn migrations_failed(setting: &'static str, error: MigrateError) -> OpenError {
    match error {
        MigrateError::VersionMissing(_) => OpenError::server(setting, ServerProblem::Newer, None),
        MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
            OpenError::of_server(setting, source)
        }
        _ => OpenError::server(setting, ServerProblem::Other, None),
    }
}
