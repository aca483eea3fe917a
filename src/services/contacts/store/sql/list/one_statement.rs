//! Pages that one statement reads, with how many contacts stand before them and how many there are: those of a list without
//! a search and without a filter, and the first page of a search that finds no more contacts than [`most`]. A transaction with
//! a statement for each question takes twice as long.

use kith_database::Connection;
use kith_database::Engine;
use kith_database::QueryBuilder;
use kith_database::Row;
use kith_database::Sql;
use kith_search::Tier;

use super::Filter;
use super::Found;
use super::Group;
use super::List;
use super::Listed;
use super::MAX_SORTED_MATCHES;
use super::Piece;
use super::Sort;
use super::Standing;
use super::number;
use super::push_columns;
use super::push_count;
use super::push_count_before;
use super::push_order_by;
use super::push_piece;
use super::search;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Scope;
use crate::services::contacts::query::SortBy;
use crate::services::contacts::query::Start;
use crate::services::contacts::store::ContactPage;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::Stretch;
use crate::services::contacts::store::sql::row::Columns;

/// All contacts of the list.
const ALL: Group = Group {
    tier: Tier::Note,
    better: None,
    total: u64::MAX,
};

impl List {
    /// Whether one statement may read the page.
    pub fn is_one_statement(&self) -> bool {
        let query = &self.query;
        let is_first_of_search = query.scope() == Scope::Live && query.cursor().is_none();
        *query.filter() == Filter::ALL
            && query.start() == Start::First
            && (query.search().is_empty() || is_first_of_search)
    }

    /// The page, if [one statement](Self::is_one_statement) may read it; `None` if it is empty or a search finds many.
    pub async fn page_at_once(
        &self,
        connection: &mut Connection,
    ) -> Result<Option<ContactPage>, StoreError> {
        let found = self.fetch(connection, Columns::All, None).await?;
        Ok(found.map(|(found, standing)| found.into_page(&self.query, standing.total)))
    }

    /// The same page with what stands before it.
    pub async fn stretch_at_once(
        &self,
        connection: &mut Connection,
    ) -> Result<Option<Stretch>, StoreError> {
        let before = self.query.cursor();
        let found = self.fetch(connection, self.columns(), before).await?;
        let stretch = found.map(|(found, standing)| {
            let start = found.start(self.query.sort());
            found.into_stretch(&self.query, start, standing)
        });
        stretch.transpose()
    }

    async fn fetch(
        &self,
        connection: &mut Connection,
        columns: Columns,
        before: Option<&Cursor>,
    ) -> Result<Option<(Found, Standing)>, StoreError> {
        let query = &self.query;
        let engine = connection.engine();
        let sql = match query.search().is_empty() {
            true => find_plain(engine, columns, self, before),
            false => find_first(engine, columns, self, most(engine, query.sort())),
        };
        let rows: Vec<Row> = sql.build().fetch_all(connection).await?;
        let Some(first) = rows.first() else {
            return Ok(None);
        };
        let total: i64 = first.get("total")?;
        let stand_before: i64 = match before {
            Some(_) => first.get("stand_before")?,
            None => 0,
        };
        let mut contacts = Vec::new();
        for row in &rows {
            let tier = match query.search().is_empty() {
                true => ALL.tier,
                false => read_tier(row)?,
            };
            contacts.push(Listed::read(row, query, columns, tier)?);
        }
        let found = Found::new(query, contacts);
        let of_page = match query.is_backward() {
            true => found.len(),
            false => 0,
        };
        let standing = Standing {
            offset: stand_before.unsigned_abs().saturating_sub(of_page),
            total: total.unsigned_abs(),
        };
        Ok(Some((found, standing)))
    }
}

fn read_tier(row: &Row) -> Result<Tier, StoreError> {
    let place: i64 = row.get("tier")?;
    let tier = usize::try_from(place).ok();
    let tier = tier.and_then(|place| Tier::ALL.get(place)).copied();
    Ok(tier.unwrap_or(Tier::Note))
}

/// The rows of a page of all contacts, each with the total, and with how many contacts [stand before](super::push_before) a
/// cursor if there is one.
pub(super) fn find_plain(
    engine: Engine,
    columns: Columns,
    list: &List,
    before: Option<&Cursor>,
) -> QueryBuilder<'static> {
    let mut sql = QueryBuilder::new(engine, "SELECT (");
    push_count(&mut sql, list, &ALL);
    sql.push(") AS total, ");
    if let Some(cursor) = before {
        sql.push("(SELECT count(*) FROM ");
        push_count_before(&mut sql, list, &ALL, cursor);
        sql.push(") AS stand_before, ");
    }
    push_columns(&mut sql, list, columns);
    sql.push(" FROM contacts");
    let piece = Piece {
        cursor: list.query.cursor().cloned(),
        skipped: 0,
        limit: Found::most_rows(&list.query),
    };
    push_piece(&mut sql, list, (&ALL, piece));
    sql
}

/// How many contacts of a search are read for its first page. More of them are counted, and met along the index of the order.
fn most(engine: Engine, sort: Sort) -> u64 {
    match (engine, sort.by) {
        // A count reads the same rows: those of the texts, which say what these orders need.
        (Engine::Postgres, SortBy::Name | SortBy::Relevance) => 50_000,
        _ => MAX_SORTED_MATCHES,
    }
}

/// The rows of the first page of a search, each with the total and its tier; none if more than `most` contacts match, or may
/// match. The index of searches is asked once.
pub(super) fn find_first(
    engine: Engine,
    columns: Columns,
    list: &List,
    most: u64,
) -> QueryBuilder<'static> {
    let query = &list.query;
    let sort = query.sort();
    let is_ranked = sort.by == SortBy::Relevance;
    let join = Sql::each(" CROSS JOIN ", " JOIN ");
    let tier = if is_ranked { "tier, " } else { "" };
    let mut sql = QueryBuilder::new(engine, "WITH ");
    let matches = search::Matches {
        search: query.search(),
        is_ranked,
        most: number(most),
    };
    search::index(engine).push_all(&mut sql, list.book, matches);
    sql.push(", best (match, tier) AS MATERIALIZED (SELECT ");
    match sort.by {
        // What they need stands beside the texts.
        SortBy::Name | SortBy::Relevance => sql.push("seq, tier FROM matches"),
        _ => sql
            .push("contacts.seq, tier FROM (SELECT seq AS match, tier FROM matches) AS found")
            .push(join)
            .push("contacts ON contacts.seq = match"),
    };
    sql.push(" WHERE (SELECT count(*) FROM matches) <= ")
        .push_bind(number(most));
    push_order_by(&mut sql, tier, sort);
    sql.push(" LIMIT ")
        .push_bind(number(Found::most_rows(query)))
        .push(") SELECT (SELECT count(*) FROM matches) AS total, tier, ");
    push_columns(&mut sql, list, columns);
    sql.push(" FROM best")
        .push(join)
        .push("contacts ON contacts.seq = best.match");
    push_order_by(&mut sql, tier, sort);
    sql
}
