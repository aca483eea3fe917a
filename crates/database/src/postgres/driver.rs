//! How statements run on a connection to a server.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use futures_util::stream::BoxStream;
use sqlx::Error;
use sqlx::PgConnection;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;

use crate::error;
use crate::row::Row;
use crate::statement::Statement;
use crate::statement::Value;

/// How long a statement may take, unless its transaction says otherwise. The server ends statements of transactions
/// after this time.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(20);

/// How much longer a caller waits for the answer. A server that is gone may not close its connections, and the system
/// waits for its answer for many minutes.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Waits for an answer of the server to a statement that may take this long.
///
/// # Errors
/// Those of the answer; [`error::timed_out`] if there is none in time.
pub(super) async fn in_time<T>(
    statement_timeout: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let answered = tokio::time::timeout(statement_timeout + ANSWER_TIMEOUT, answer).await;
    answered.unwrap_or_else(|_| Err(error::timed_out()))
}

/// A connection, for one statement.
pub(crate) struct PostgresDriver<'c> {
    pub(super) connection: &'c mut PgConnection,
    /// Whether it keeps prepared statements.
    pub(super) keeps_statements: bool,
    /// How long the statement may take.
    pub(super) statement_timeout: Duration,
}

impl<'c> PostgresDriver<'c> {
    /// Executes a statement and returns how many rows it has changed.
    pub(crate) async fn execute(self, statement: Statement<'_>) -> Result<u64, Error> {
        let query = self.query(statement);
        let executed = in_time(self.statement_timeout, query.execute(self.connection)).await?;
        Ok(executed.rows_affected())
    }

    pub(crate) async fn fetch_all(self, statement: Statement<'_>) -> Result<Vec<Row>, Error> {
        let query = self.query(statement);
        let rows = in_time(self.statement_timeout, query.fetch_all(self.connection)).await?;
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }

    pub(crate) async fn fetch_optional(
        self,
        statement: Statement<'_>,
    ) -> Result<Option<Row>, Error> {
        let query = self.query(statement);
        let row = in_time(
            self.statement_timeout,
            query.fetch_optional(self.connection),
        )
        .await?;
        Ok(row.map(Row::Postgres))
    }

    /// The rows one after the other, each of which must come in time.
    pub(crate) fn fetch(self, statement: Statement<'c>) -> BoxStream<'c, Result<Row, Error>> {
        let statement_timeout = self.statement_timeout;
        let rows = self.query(statement).fetch(self.connection);
        stream::unfold(Some(rows), move |rows| async move {
            let mut rows = rows?;
            match in_time(statement_timeout, async { Ok(rows.next().await) }).await {
                Ok(row) => Some((row?.map(Row::Postgres), Some(rows))),
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    fn query<'q>(&self, statement: Statement<'q>) -> sqlx::query::Query<'q, Postgres, PgArguments> {
        let is_persistent = statement.is_persistent && self.keeps_statements;
        let query = sqlx::query(statement.text).persistent(is_persistent);
        let bind = |query: sqlx::query::Query<'q, Postgres, PgArguments>, value| match value {
            Value::Integer(value) => query.bind(value),
            Value::Boolean(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
            Value::Integers(numbers) => query.bind(numbers),
        };
        statement.values.into_iter().fold(query, bind)
    }
}
