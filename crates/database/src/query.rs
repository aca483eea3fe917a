//! Statements with their values, and how they run.

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream;
use futures_util::stream::BoxStream;
use sqlx::AssertSqlSafe;
use sqlx::Error;
use sqlx::SqlSafeStr;
use sqlx::Sqlite;
use sqlx::sqlite::SqliteArguments;

use crate::connection::Connection;
use crate::connection::Driver;
use crate::error;
use crate::row::FromRow;
use crate::row::Row;
use crate::statement::Engine;
use crate::statement::Sql;
use crate::statement::Statement;
use crate::statement::Value;

/// A statement with its values. Nothing happens until it is executed or fetched.
#[derive(Clone, Debug)]
#[must_use]
pub struct Query<'q> {
    text: Text,
    values: Vec<Value<'q>>,
    is_persistent: bool,
}

#[derive(Clone, Debug)]
enum Text {
    Fixed(Sql),
    Built(String),
}

/// A statement, to which values are bound.
pub fn query<'q>(sql: impl Into<Sql>) -> Query<'q> {
    Query::new(Text::Fixed(sql.into()), Vec::new())
}

/// Which rows a query wants.
#[derive(Clone, Copy)]
enum Rows {
    All,
    First,
}

impl<'q> Query<'q> {
    fn new(text: Text, values: Vec<Value<'q>>) -> Self {
        Self {
            text,
            values,
            is_persistent: true,
        }
    }

    /// Gives the next parameter its value.
    pub fn bind(mut self, value: impl Into<Value<'q>>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Lets the connection forget the prepared statement, whose text hardly ever comes again.
    pub fn once(mut self) -> Self {
        self.is_persistent = false;
        self
    }

    /// Executes the statement and returns how many rows it has changed.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn execute<'c>(self, connection: &'c mut Connection) -> BoxFuture<'c, Result<u64, Error>>
    where
        'q: 'c,
    {
        Box::pin(async move {
            let executed = match connection.driver() {
                Ok(driver) => self.execute_on(driver).await,
                Err(error) => Err(error),
            };
            connection.observe(executed)
        })
    }

    /// All rows.
    ///
    /// # Errors
    /// Those of the engine, and those of [`FromRow`].
    pub async fn fetch_all<T: FromRow>(self, connection: &mut Connection) -> Result<Vec<T>, Error> {
        let rows = self.fetch_rows(connection, Rows::All).await?;
        rows.into_iter().map(T::from_row).collect()
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn fetch_optional<T: FromRow>(
        self,
        connection: &mut Connection,
    ) -> Result<Option<T>, Error> {
        let rows = self.fetch_rows(connection, Rows::First).await?;
        rows.into_iter().next().map(T::from_row).transpose()
    }

    fn fetch_rows<'c>(
        self,
        connection: &'c mut Connection,
        which: Rows,
    ) -> BoxFuture<'c, Result<Vec<Row>, Error>>
    where
        'q: 'c,
    {
        Box::pin(async move {
            // A read on a connection that has ended is made again on another one.
            let again = connection.is_replaceable().then(|| self.clone());
            let fetched = match connection.driver() {
                Ok(driver) => self.fetch_rows_on(driver, which).await,
                Err(error) => Err(error),
            };
            let fetched = match (fetched, again) {
                (Err(error), Some(again)) if error::may_be_made_again(&error) => {
                    match connection.replace().await {
                        true => again.fetch_rows_on(connection.driver()?, which).await,
                        false => Err(error),
                    }
                }
                (fetched, _) => fetched,
            };
            connection.observe(fetched)
        })
    }

    /// The first row.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all); [`Error::RowNotFound`] when there is none.
    pub async fn fetch_one<T: FromRow>(self, connection: &mut Connection) -> Result<T, Error> {
        let row = self.fetch_optional(connection).await?;
        row.ok_or(Error::RowNotFound)
    }

    /// The rows one after the other, so that many need not be in memory together.
    pub fn fetch(self, connection: &'q mut Connection) -> BoxStream<'q, Result<Row, Error>> {
        let observe = connection.observer_of_stream();
        let rows = match connection.driver() {
            Ok(Driver::Sqlite(driver)) => {
                let rows = self.for_sqlite().fetch(driver);
                rows.map(|row| row.map(Row::Sqlite)).boxed()
            }
            Ok(Driver::Postgres(driver)) => driver.fetch(self.for_engine(Engine::Postgres)),
            Err(error) => stream::once(async { Err(error) }).boxed(),
        };
        rows.inspect(move |row| {
            if let Err(error) = row {
                observe(error);
            }
        })
        .boxed()
    }

    pub(crate) async fn execute_on(self, driver: Driver<'_>) -> Result<u64, Error> {
        match driver {
            Driver::Sqlite(driver) => {
                let executed = self.for_sqlite().execute(driver).await?;
                Ok(executed.rows_affected())
            }
            Driver::Postgres(driver) => driver.execute(self.for_engine(Engine::Postgres)).await,
        }
    }

    pub(crate) async fn fetch_all_on(self, driver: Driver<'_>) -> Result<Vec<Row>, Error> {
        self.fetch_rows_on(driver, Rows::All).await
    }

    async fn fetch_rows_on(self, driver: Driver<'_>, which: Rows) -> Result<Vec<Row>, Error> {
        match driver {
            Driver::Sqlite(driver) => {
                let query = self.for_sqlite();
                let rows = match which {
                    Rows::All => query.fetch_all(driver).await?,
                    Rows::First => query.fetch_optional(driver).await?.into_iter().collect(),
                };
                Ok(rows.into_iter().map(Row::Sqlite).collect())
            }
            Driver::Postgres(driver) => {
                let statement = self.for_engine(Engine::Postgres);
                match which {
                    Rows::All => driver.fetch_all(statement).await,
                    Rows::First => {
                        let row = driver.fetch_optional(statement).await?;
                        Ok(row.into_iter().collect())
                    }
                }
            }
        }
    }

    fn for_sqlite(self) -> sqlx::query::Query<'q, Sqlite, SqliteArguments> {
        let statement = self.for_engine(Engine::Sqlite);
        let query = sqlx::query(statement.text).persistent(statement.is_persistent);
        let bind = |query: sqlx::query::Query<'q, Sqlite, SqliteArguments>, value| match value {
            Value::Integer(value) => query.bind(value),
            Value::Boolean(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
            Value::Integers(numbers) => query.bind(json(&numbers)),
        };
        statement.values.into_iter().fold(query, bind)
    }

    pub(crate) fn for_engine(self, engine: Engine) -> Statement<'q> {
        let text = match self.text {
            Text::Fixed(sql) => sql.text(engine).into_sql_str(),
            // A builder takes values as parameters, and numbers.
            Text::Built(text) => AssertSqlSafe(text).into_sql_str(),
        };
        Statement {
            text,
            values: self.values,
            is_persistent: self.is_persistent,
        }
    }
}

/// A list of numbers in JSON.
fn json(numbers: &[i64]) -> String {
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    format!("[{}]", texts.join(","))
}

/// A statement whose text is put together at run time. Values are bound, so the text holds none but numbers.
#[derive(Clone, Debug)]
pub struct QueryBuilder<'q> {
    engine: Engine,
    text: String,
    values: Vec<Value<'q>>,
}

impl<'q> QueryBuilder<'q> {
    /// A statement for this engine that begins with `sql`.
    pub fn new(engine: Engine, sql: impl Into<Sql>) -> Self {
        Self {
            engine,
            text: sql.into().text(engine).to_owned(),
            values: Vec::new(),
        }
    }

    /// The engine that the statement is for.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Appends a part of the text.
    pub fn push(&mut self, sql: impl Into<Sql>) -> &mut Self {
        self.text.push_str(sql.into().text(self.engine));
        self
    }

    /// Appends a parameter with its value.
    pub fn push_bind(&mut self, value: impl Into<Value<'q>>) -> &mut Self {
        use std::fmt::Write;

        self.values.push(value.into());
        let number = self.values.len();
        write!(self.text, "${number}").expect("a string can be written to");
        self
    }

    /// Appends a number as text. A connection prepares the statement for each number, so there should be few. `PostgreSQL`
    /// plans a statement once for all values only if it knows its limit.
    pub fn push_number(&mut self, number: u64) -> &mut Self {
        self.text.push_str(&number.to_string());
        self
    }

    /// Appends what `push` appends for each item, with this text between them.
    pub fn push_each<I: IntoIterator>(
        &mut self,
        separator: &'static str,
        items: I,
        mut push: impl FnMut(&mut Self, I::Item),
    ) -> &mut Self {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.push(separator);
            }
            push(self, item);
        }
        self
    }

    /// Appends a list of parameters in parentheses, with their values.
    pub fn push_list(&mut self, values: impl IntoIterator<Item = Value<'q>>) -> &mut Self {
        self.push("(");
        self.push_each(", ", values, |query, value| {
            query.push_bind(value);
        });
        self.push(")")
    }

    /// The text so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The statement.
    pub fn build(self) -> Query<'q> {
        Query::new(Text::Built(self.text), self.values)
    }
}
