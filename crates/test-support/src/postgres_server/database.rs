//! A database of a server, for one test.

use super::programs::Programs;

/// An empty database.
pub struct PostgresDatabase {
    programs: Programs,
    url: String,
}

impl PostgresDatabase {
    pub(super) fn new(programs: Programs, url: String) -> Self {
        Self { programs, url }
    }

    /// Its address, such as `postgres://kith@127.0.0.1:5432/kith_1`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What these statements answer, as psql shows it: a line for each row, with `|` between the columns. Panics
    /// with PostgreSQL's words where one fails.
    pub fn query(&self, sql: &str) -> String {
        let answer = self.programs.query(&self.url, sql);
        answer.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}
