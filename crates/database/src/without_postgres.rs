//! The names of the module `postgres` in a build without PostgreSQL. No server can be opened, so these types have no
//! values, and the compiler leaves out what is done with one.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use sqlx::ColumnIndex;
use sqlx::Error;
use tokio::sync::SemaphorePermit;
use tokio::time::Instant;

use crate::database::open::OpenError;
use crate::database::open::Options;
use crate::query::Query;
use crate::row::Row;
use crate::server_address::ServerAddress;
use crate::statement::Statement;

pub(crate) const BEGIN_READ: &str = "";

/// Every address is accepted. It is refused when it is used.
pub(crate) fn is_understood(_: &str) -> bool {
    true
}

pub(crate) fn sqlstate(_: &Error) -> Option<&str> {
    None
}

/// Why no server can be used; becomes [`ServerProblem::NotBuilt`](crate::ServerProblem::NotBuilt).
fn not_built() -> Error {
    Error::Configuration("this build has no PostgreSQL".into())
}

#[derive(Debug)]
pub(crate) enum PostgresServer {}

impl PostgresServer {
    pub(crate) async fn open(_: &ServerAddress, options: &Options) -> Result<Self, OpenError> {
        Err(OpenError::of_server(options.url_setting, not_built()))
    }

    pub(crate) fn pool(&self) -> &Arc<PostgresPool> {
        match *self {}
    }

    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, Error> {
        match *self {}
    }

    pub(crate) async fn write(&self) -> Result<PostgresHandle, Error> {
        match *self {}
    }

    pub(crate) async fn read(&self) -> Result<PostgresHandle, Error> {
        match *self {}
    }

    pub(crate) async fn reader(&self) -> Result<PostgresHandle, Error> {
        match *self {}
    }

    pub(crate) async fn fetch_dedicated(&self, _: Query<'_>) -> Result<Vec<Row>, Error> {
        match *self {}
    }

    pub(crate) fn forget(&self) {
        match *self {}
    }

    pub(crate) async fn close(&self) {
        match *self {}
    }

    pub(crate) async fn probe(&self) -> Result<(), Error> {
        match *self {}
    }
}

#[derive(Debug)]
pub(crate) enum Hosts {}

impl Hosts {
    pub(crate) fn of_replica(_: &ServerAddress) -> Result<Self, Error> {
        Err(not_built())
    }
}

#[expect(
    dead_code,
    reason = "callers make one, and there is no pool to take it"
)]
pub(crate) struct Timeouts {
    pub(crate) turn: Duration,
    pub(crate) connect: Duration,
}

/// The field is private, so that callers of [`new`](Self::new) need not know that it does not return.
#[derive(Debug)]
pub(crate) struct PostgresPool(Hosts);

impl PostgresPool {
    pub(crate) fn new(hosts: Hosts, _: u32, _: Timeouts, _: Instant) -> Self {
        Self(hosts)
    }

    pub(crate) async fn listen(&self, _: &'static str) -> Result<PgListener, Error> {
        match self.0 {}
    }

    pub(crate) async fn close(&self) {
        match self.0 {}
    }
}

#[derive(Debug)]
pub(crate) enum PgListener {}

impl PgListener {
    pub(crate) async fn try_recv(&mut self) -> Result<Option<()>, Error> {
        match *self {}
    }
}

pub(crate) enum PostgresHandle {}

impl PostgresHandle {
    pub(crate) async fn acquire(pool: &Arc<PostgresPool>) -> Result<Self, Error> {
        match pool.0 {}
    }

    pub(crate) async fn begin(self, _: &'static str) -> Result<Self, Error> {
        match self {}
    }

    pub(crate) fn state(&self) -> &Arc<State> {
        match *self {}
    }

    pub(crate) fn set_statement_timeout(&mut self, _: Duration) {
        match *self {}
    }

    pub(crate) fn is_in_transaction(&self) -> bool {
        match *self {}
    }

    pub(crate) async fn replace(&mut self) -> bool {
        match *self {}
    }

    pub(crate) fn driver(&mut self) -> Result<PostgresDriver<'_>, Error> {
        Ok(PostgresDriver(self))
    }

    pub(crate) fn finish(&mut self) {
        match *self {}
    }

    pub(crate) async fn end(self, _: bool) -> Result<(), Error> {
        match self {}
    }
}

pub(crate) enum State {}

impl State {
    pub(crate) fn fail(&self, _: &Error) {
        match *self {}
    }
}

pub(crate) struct PostgresDriver<'c>(&'c PostgresHandle);

impl<'c> PostgresDriver<'c> {
    pub(crate) async fn execute(self, _: Statement<'_>) -> Result<u64, Error> {
        match *self.0 {}
    }

    pub(crate) async fn fetch_all(self, _: Statement<'_>) -> Result<Vec<Row>, Error> {
        match *self.0 {}
    }

    pub(crate) async fn fetch_optional(self, _: Statement<'_>) -> Result<Option<Row>, Error> {
        match *self.0 {}
    }

    pub(crate) fn fetch(self, _: Statement<'c>) -> BoxStream<'c, Result<Row, Error>> {
        match *self.0 {}
    }
}

#[derive(Debug)]
pub enum PgRow {}

impl PgRow {
    pub(crate) fn try_get<T>(&self, _: impl ColumnIndex<Self>) -> Result<T, Error> {
        match *self {}
    }
}

impl ColumnIndex<PgRow> for usize {
    fn index(&self, row: &PgRow) -> Result<usize, Error> {
        match *row {}
    }
}

impl ColumnIndex<PgRow> for str {
    fn index(&self, row: &PgRow) -> Result<usize, Error> {
        match *row {}
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use crate::*;

    #[tokio::test]
    async fn a_server_is_refused_with_what_to_do_and_without_its_password() {
        let directory = TempDir::new().expect("a directory");
        let address: ServerAddress = "postgres://kith:s3cret@db/kith"
            .parse()
            .expect("an address");
        let server = Options {
            url_setting: "DATABASE_URL",
            ..Options::server(address.clone(), &[])
        };
        let replica = Options {
            replica: Some(address.clone()),
            replica_setting: "KITH_DATA_REPLICA_URL",
            ..tests::options(&directory)
        };
        for (options, setting) in [(server, "DATABASE_URL"), (replica, "KITH_DATA_REPLICA_URL")] {
            let refused = Database::open(options).await.expect_err("no driver");
            let expected = format!(
                "cannot use the database that {setting} names: this build has no PostgreSQL; build the \
                 program with the cargo feature `postgres`, or name a SQLite file"
            );
            assert_eq!(refused.to_string(), expected);
            assert!(std::error::Error::source(&refused).is_none());
            assert!(!format!("{refused:?} {address:?} {address}").contains("s3cret"));
        }
    }
}
