//! Pages of a list without a search and without a filter: one statement reads a page, how many contacts stand before it
//! and how many there are. A transaction with a statement for each of these takes twice as long.

use kith_database::Connection;
use kith_database::Engine;
use kith_database::QueryBuilder;
use kith_database::Row;
use kith_search::Tier;

use super::Filter;
use super::Found;
use super::Group;
use super::List;
use super::Piece;
use super::Standing;
use super::edge;
use super::is_backward;
use super::push_count;
use super::push_count_before;
use super::push_piece;
use super::read;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Start;
use crate::services::contacts::store::ContactPage;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::Stretch;
use crate::services::contacts::store::sql::row::ALL_COLUMNS;
use crate::services::contacts::store::sql::row::COLUMNS_FOR_LISTS;

/// All contacts of the list.
const ALL: Group = Group {
    tier: Tier::Note,
    better: None,
    total: u64::MAX,
};

impl List {
    /// Whether one statement can read the page.
    pub fn is_plain(&self) -> bool {
        let query = &self.query;
        query.search().is_empty()
            && *query.filter() == Filter::ALL
            && (query.start() == Start::First || query.cursor().is_some())
    }

    /// The page of a plain list; `None` if it is empty.
    pub async fn plain_page(
        &self,
        connection: &mut Connection,
    ) -> Result<Option<ContactPage>, StoreError> {
        let sql = find_plain(connection.engine(), ALL_COLUMNS, self, None);
        let found = fetch(connection, self, sql).await?;
        Ok(found.map(|(found, standing)| found.into_page(&self.query, standing.total)))
    }

    /// The same page with what stands before it; `None` if it is empty.
    pub async fn plain_stretch(
        &self,
        connection: &mut Connection,
    ) -> Result<Option<Stretch>, StoreError> {
        let before = self.query.cursor();
        let sql = find_plain(connection.engine(), COLUMNS_FOR_LISTS, self, before);
        let found = fetch(connection, self, sql).await?;
        Ok(found.map(|(found, standing)| {
            let first = found.contacts.first();
            let start = first.map(|first| edge(first, self.query.sort()).before());
            found.into_stretch(&self.query, start, standing)
        }))
    }
}

/// The rows of a page, each with the total and with how many contacts [stand before](super::push_before) a cursor.
pub(super) fn find_plain(
    engine: Engine,
    columns: &'static str,
    list: &List,
    before: Option<&Cursor>,
) -> QueryBuilder<'static> {
    let mut sql = QueryBuilder::new(engine, "SELECT (");
    push_count(&mut sql, list, &ALL);
    sql.push(") AS total, ");
    match before {
        Some(cursor) => {
            sql.push("(SELECT count(*) FROM ");
            push_count_before(&mut sql, list, &ALL, cursor);
            sql.push(")");
        }
        None => {
            sql.push("CAST(0 AS BIGINT)");
        }
    }
    sql.push(" AS stand_before, ")
        .push(columns)
        .push(" FROM contacts");
    let piece = Piece {
        cursor: list.query.cursor().cloned(),
        skipped: 0,
        limit: u64::from(list.query.limit().get()) + 1,
    };
    push_piece(&mut sql, list, (&ALL, piece));
    sql
}

async fn fetch(
    connection: &mut Connection,
    list: &List,
    sql: QueryBuilder<'_>,
) -> Result<Option<(Found, Standing)>, StoreError> {
    let rows: Vec<Row> = sql.build().fetch_all(connection).await?;
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let total: i64 = first.get("total")?;
    let stand_before: i64 = first.get("stand_before")?;
    let found = Found::new(&list.query, read(&rows, Tier::Note)?);
    let of_page = match is_backward(&list.query) {
        true => found.contacts.len() as u64,
        false => 0,
    };
    let standing = Standing {
        offset: stand_before.unsigned_abs().saturating_sub(of_page),
        total: total.unsigned_abs(),
    };
    Ok(Some((found, standing)))
}
