//! Pages of contacts.
//!
//! Without a search, a page is read from the index of its order, from the cursor on, and the
//! total is known. The first page of a search that finds few is read at once (`one_statement`). Of other pages, the contacts
//! that match equally well are a group, and the page takes from one group after the
//! other. There are two ways to find those of a group, and their count decides between them:
//!
//! - Few contacts match: ask the index of searches for all of them, and sort those.
//! - Many match: walk the index of the order and look at the texts of each contact; the page is full soon.
//!
//! A label or the favourites narrow this down in the same two ways: few of them are looked up and sorted, and of many
//! the order is walked.
//!
//! The trash is not in the index of searches; it is always walked.

mod correction;
mod found;
mod one_statement;

use std::cmp::Ordering;

use kith_database::Connection;
use kith_database::Engine;
use kith_database::Query;
use kith_database::QueryBuilder;
use kith_database::Row;
use kith_database::Sql;
use kith_database::query;
use kith_search::Tier;

use self::correction::Correction;
use self::found::Found;
use self::found::Listed;
use self::found::Standing;
use self::found::read_position;
use super::labels;
use super::row;
use super::row::Columns;
use super::row::Place;
use super::row::Stored;
use super::row::id_bytes;
use super::search;
use super::search::Wanted;
use crate::model::contact::ContactId;
use crate::services::book::BookKey;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::labels::is_favourite;
use crate::services::contacts::query::ContactQuery;
use crate::services::contacts::query::Cursor;
use crate::services::contacts::query::Filter;
use crate::services::contacts::query::Position;
use crate::services::contacts::query::Scope;
use crate::services::contacts::query::Sort;
use crate::services::contacts::query::SortBy;
use crate::services::contacts::query::Start;
use crate::services::contacts::search_document::document;
use crate::services::contacts::store::ContactPage;
use crate::services::contacts::store::StoreError;
use crate::services::contacts::store::Stretch;

/// What names the state of the contacts of a book on a server, and on a replica that has the same: the generation without
/// what depends on the server. A list takes long enough for a replica to be worth this. One contact does not.
pub fn state(book: BookKey) -> Query<'static> {
    query("SELECT tag, bit_xor(generation) FROM generation_slots WHERE tag = $1 GROUP BY tag")
        .bind(CONTACTS.part(book.0).to_string())
}

/// A page of a list of one book.
pub struct List {
    book: BookKey,
    query: ContactQuery,
}

/// Up to this many matches of a group are all looked up and sorted. Measured with 50 000 contacts: looking
/// one up takes 2.5 µs, walking past one 0.3 µs, so both ways take 10 ms at most on either side.
const MAX_SORTED_MATCHES: u64 = 4096;

/// Contacts of a list that stand together: all of it, or those that match a search equally well.
#[derive(Clone, Copy, Debug)]
struct Group {
    tier: Tier,
    /// The tier of the group before.
    better: Option<Tier>,
    total: u64,
}

impl Group {
    fn wanted<'q>(&self, query: &'q ContactQuery) -> Wanted<'q> {
        Wanted {
            search: query.search(),
            tier: self.tier,
            without: self.better,
        }
    }
}

fn sum(groups: &[Group]) -> u64 {
    groups.iter().map(|group| group.total).sum()
}

impl List {
    pub fn new(book: BookKey, query: ContactQuery) -> Self {
        Self { book, query }
    }

    /// The connection should be in a transaction.
    pub async fn page(self, connection: &mut Connection) -> Result<ContactPage, StoreError> {
        let (list, groups, _) = self.counted(connection).await?;
        let found = find(connection, Columns::All, &list, (&groups, 0)).await?;
        Ok(found.into_page(&list.query, sum(&groups)))
    }

    /// The connection should be in a transaction.
    pub async fn stretch(self, connection: &mut Connection) -> Result<Stretch, StoreError> {
        let (list, groups, corrected) = self.counted(connection).await?;
        let stretch = list.stretch_of(connection, &groups).await?;
        Ok(Stretch {
            corrected,
            ..stretch
        })
    }

    /// What is read of a stretch: a search shows the field in which it has found a contact.
    fn columns(&self) -> Columns {
        match self.query.search().is_empty() {
            true => Columns::ForLists,
            false => Columns::ForMarks,
        }
    }

    /// How many contacts the list has. A search that finds none is tried again with one typing error less; the list is then
    /// that of the other search, whose words come as well.
    async fn counted(
        self,
        connection: &mut Connection,
    ) -> Result<(Self, Vec<Group>, Option<String>), StoreError> {
        let groups = count(connection, &self).await?;
        if sum(&groups) > 0 || self.query.scope() == Scope::Trash {
            return Ok((self, groups, None));
        }
        let corrected = correction::of(connection, self.book, self.query.search()).await?;
        let Some(Correction { search, words }) = corrected else {
            return Ok((self, groups, None));
        };
        let other = Self {
            query: self.query.searching(search),
            ..self
        };
        let groups = count(connection, &other).await?;
        let is_better = sum(&groups) > 0;
        Ok((other, groups, Some(words).filter(|_| is_better)))
    }

    async fn stretch_of(
        &self,
        connection: &mut Connection,
        groups: &[Group],
    ) -> Result<Stretch, StoreError> {
        let query = &self.query;
        let total = sum(groups);
        let skipped = match query.start() {
            Start::First => 0,
            Start::Around(id) => before_page_of(connection, self, groups, id).await?,
            Start::At(index) => before_page(query, index.min(total.saturating_sub(1))),
        };
        let columns = self.columns();
        let found = find(connection, columns, self, (groups, skipped)).await?;
        let start = match (found.start(query.sort()), query.cursor()) {
            (Some(start), _) => Some(start),
            // Nothing is left on this side of the cursor: the page is empty, and stands at the cursor.
            (None, Some(cursor)) if cursor.is_backward() => Some(cursor.clone()),
            (None, cursor) => cursor.map(Cursor::turned),
        };
        let offset = match (&start, query.cursor()) {
            (Some(start), Some(_)) => count_before(connection, self, groups, start).await?,
            _ => skipped,
        };
        found.into_stretch(query, start, Standing { offset, total })
    }
}

/// How many contacts stand before the page that a contact is on; none before the first page, which
/// is that of a contact that does not match.
async fn before_page_of(
    connection: &mut Connection,
    list: &List,
    groups: &[Group],
    id: ContactId,
) -> Result<u64, StoreError> {
    let query = &list.query;
    let place = Place {
        book: list.book,
        id,
    };
    let is_in_list = |stored: &Stored| {
        stored.in_trash == (query.scope() == Scope::Trash)
            && (!query.filter().favourites || is_favourite(&stored.contact.fields))
    };
    let Some(stored) = row::find(connection, place).await?.filter(is_in_list) else {
        return Ok(0);
    };
    let Some(tier) = query.search().tier(&document(&stored.contact)) else {
        return Ok(0);
    };
    if let Some(label) = query.filter().label
        && !labels::has(connection, label, stored.seq).await?
    {
        return Ok(0);
    }
    let place = Listed::of(stored, query.sort(), tier)
        .edge(query.sort())
        .before();
    let before = count_before(connection, list, groups, &place).await?;
    Ok(before_page(query, before))
}

/// How many contacts stand before the page of the contact that has so many before it.
fn before_page(query: &ContactQuery, before: u64) -> u64 {
    before - before % u64::from(query.limit().get())
}

/// The page of a list, after so many contacts if it has no cursor.
async fn find(
    connection: &mut Connection,
    columns: Columns,
    list: &List,
    (groups, mut skipped): (&[Group], u64),
) -> Result<Found, StoreError> {
    let query = &list.query;
    let limit = Found::most_rows(query);
    let mut contacts: Vec<Listed> = Vec::new();
    let mut groups = groups.to_vec();
    if query.is_backward() {
        groups.reverse();
    }
    for group in groups {
        let side = query
            .cursor()
            .map_or(Side::Beyond, |cursor| side_of(&group, cursor));
        if side == Side::Before || group.total <= skipped {
            skipped = skipped.saturating_sub(group.total);
            continue;
        }
        let mut piece = Piece {
            cursor: query.cursor().filter(|_| side == Side::Within).cloned(),
            skipped: std::mem::take(&mut skipped),
            limit: limit - contacts.len() as u64,
        };
        if piece.skipped > 0 && is_walked(query, &group) {
            piece.cursor = last_of(connection, list, &group, piece.skipped).await?;
            piece.skipped = 0;
        }
        let mut sql = select(connection.engine(), list, columns);
        push_piece(&mut sql, list, (&group, piece));
        let rows = sql.build().fetch_all(&mut *connection).await?;
        for row in &rows {
            contacts.push(Listed::read(row, query, columns, group.tier)?);
        }
        if contacts.len() as u64 == limit {
            break;
        }
    }
    Ok(Found::new(query, contacts))
}

/// A query for rows that [`Listed::read`] can read.
fn select(engine: Engine, list: &List, columns: Columns) -> QueryBuilder<'static> {
    let mut sql = QueryBuilder::new(engine, "SELECT ");
    push_columns(&mut sql, list, columns);
    sql.push(" FROM contacts");
    sql
}

fn push_columns(sql: &mut QueryBuilder<'_>, list: &List, columns: Columns) {
    sql.push(columns.text())
        .push(", ")
        .push(column(list.query.sort().by))
        .push(" AS place");
}

/// The place behind the first `count` contacts of a group that is walked. The index of the order leads there alone: no row
/// is read of the contacts before it.
async fn last_of(
    connection: &mut Connection,
    list: &List,
    group: &Group,
    count: u64,
) -> Result<Option<Cursor>, StoreError> {
    let sort = list.query.sort();
    let sql = find_last_of(connection.engine(), list, group, count);
    let row: Option<Row> = sql.build().fetch_optional(connection).await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let position = read_position(&row, sort, group.tier)?;
    let id = row::read_id(&row)?;
    Ok(Some(Cursor::new(position, sort.descending, id)))
}

fn find_last_of(engine: Engine, list: &List, group: &Group, count: u64) -> QueryBuilder<'static> {
    let sort = list.query.sort();
    let mut sql = QueryBuilder::new(engine, "SELECT ");
    sql.push(column(sort.by))
        .push(" AS place, id FROM contacts");
    push_walk(&mut sql, sort.by, list, group);
    push_order(&mut sql, sort);
    sql.push(" LIMIT 1 OFFSET ").push_bind(number(count - 1));
    sql
}

/// Where a group is, seen from a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// None of its contacts is on the side of the cursor.
    Before,
    /// The contact of the cursor belongs to it.
    Within,
    /// All of its contacts are on the side of the cursor.
    Beyond,
}

fn side_of(group: &Group, cursor: &Cursor) -> Side {
    let Position::Relevance(tier, _) = cursor.position() else {
        return Side::Within;
    };
    match group.tier.cmp(tier) {
        Ordering::Equal => Side::Within,
        Ordering::Less if cursor.is_backward() => Side::Beyond,
        Ordering::Greater if !cursor.is_backward() => Side::Beyond,
        Ordering::Less | Ordering::Greater => Side::Before,
    }
}

/// The groups of a list, with how many contacts each has.
async fn count(connection: &mut Connection, list: &List) -> Result<Vec<Group>, StoreError> {
    let query = &list.query;
    let tiers: &[Tier] = match query.sort().by {
        SortBy::Relevance => &Tier::ALL,
        // A search that nothing ranks finds all that is as good as the last tier.
        _ => &[Tier::Note],
    };
    let sql = count_tiers(connection.engine(), list, tiers);
    let row: Row = sql.build().fetch_one(connection).await?;
    let mut groups: Vec<Group> = Vec::new();
    let mut counted = 0;
    for (number, tier) in tiers.iter().enumerate() {
        // Each tier has the contacts of those before.
        let count: i64 = row.get(number)?;
        let count = count.unsigned_abs();
        groups.push(Group {
            tier: *tier,
            better: groups.last().map(|group| group.tier),
            total: count.saturating_sub(counted),
        });
        counted = counted.max(count);
    }
    Ok(groups)
}

/// How many contacts of the list each tier has, those of better tiers included: a number in a column of its own for each.
fn count_tiers(engine: Engine, list: &List, tiers: &[Tier]) -> QueryBuilder<'static> {
    let query = &list.query;
    let mut sql = QueryBuilder::new(engine, "");
    let is_of_index = !query.search().is_empty() && query.scope() == Scope::Live;
    if is_of_index && *query.filter() == Filter::ALL {
        search::index(engine).push_counts(&mut sql, list.book, query.search(), tiers);
    } else {
        for (number, tier) in tiers.iter().enumerate() {
            let all = Group {
                tier: *tier,
                better: None,
                total: 0,
            };
            sql.push(if number == 0 { "SELECT (" } else { ", (" });
            push_count(&mut sql, list, &all);
            sql.push(")");
        }
    }
    sql
}

/// Appends a query for how many contacts of a list are in a group.
fn push_count(sql: &mut QueryBuilder<'_>, list: &List, group: &Group) {
    let query = &list.query;
    match (query.search().is_empty(), query.filter()) {
        // A book without contacts may have no count.
        (true, filter) if *filter == Filter::ALL => {
            sql.push("SELECT coalesce(max(contacts), 0) FROM contact_counts WHERE in_trash = ")
                .push(in_trash(query.scope()))
                .push(" AND book = ")
                .push_bind(list.book.0);
        }
        (
            true,
            Filter {
                label: Some(label),
                favourites: false,
            },
        ) => {
            sql.push("SELECT count(*) FROM contact_labels WHERE label = ");
            labels::push_label(sql, list.book, *label);
        }
        (true, _) => {
            sql.push("SELECT count(*) FROM ");
            push_filtered(sql, list);
        }
        (false, _) if query.scope() == Scope::Trash => {
            sql.push("SELECT count(*) FROM contacts");
            push_walk(sql, SortBy::Name, list, group);
        }
        (false, filter) => {
            sql.push("SELECT count(*) FROM ");
            let index = search::index(sql.engine());
            index.push_contacts(sql, list.book, group.wanted(query));
            labels::push_filter(sql, list.book, filter);
        }
    }
}

/// How many contacts of a list stand before the contact of a backward cursor.
async fn count_before(
    connection: &mut Connection,
    list: &List,
    groups: &[Group],
    cursor: &Cursor,
) -> Result<u64, StoreError> {
    let mut before = 0;
    for group in groups {
        match side_of(group, cursor) {
            Side::Beyond => before += group.total,
            Side::Before => {}
            Side::Within => {
                let mut sql = QueryBuilder::new(connection.engine(), "SELECT count(*) FROM ");
                push_count_before(&mut sql, list, group, cursor);
                let count: i64 = sql.build().fetch_one(&mut *connection).await?;
                before += count.unsigned_abs();
            }
        }
    }
    Ok(before)
}

/// Appends, behind `FROM`, the contacts of a group that [stand before](push_before) a cursor.
fn push_count_before(sql: &mut QueryBuilder<'_>, list: &List, group: &Group, cursor: &Cursor) {
    if is_walked(&list.query, group) {
        sql.push("contacts");
        push_walk(sql, list.query.sort().by, list, group);
    } else {
        push_few(sql, list, group);
    }
    push_before(sql, cursor);
}

fn is_walked(query: &ContactQuery, group: &Group) -> bool {
    let is_whole = query.search().is_empty() && *query.filter() == Filter::ALL;
    is_whole || query.scope() == Scope::Trash || group.total > MAX_SORTED_MATCHES
}

/// The part of a page that a group has.
struct Piece {
    cursor: Option<Cursor>,
    skipped: u64,
    limit: u64,
}

/// Appends, behind `FROM contacts`, the contacts of a piece, in order; from the last to the first where the page is found
/// from behind.
fn push_piece(sql: &mut QueryBuilder<'_>, list: &List, (group, piece): (&Group, Piece)) {
    let query = &list.query;
    let sort = Sort {
        descending: query.sort().descending != query.is_backward(),
        ..query.sort()
    };
    let push_page = |sql: &mut QueryBuilder<'_>| {
        if let Some(cursor) = &piece.cursor {
            push_beyond(sql, cursor);
        }
        push_order(sql, sort);
        push_limit(sql, query, &piece);
    };
    if is_walked(query, group) {
        push_walk(sql, sort.by, list, group);
        push_page(sql);
    } else {
        // Two steps, so that only the contacts of the page are read with their notes.
        sql.push(" WHERE seq IN (SELECT seq FROM ");
        push_few(sql, list, group);
        push_page(sql);
        sql.push(")");
        push_order(sql, sort);
    }
}

/// Behind `contacts`: along the index of an order, looking at the texts of every contact. PostgreSQL takes that index by
/// itself.
fn push_walk(sql: &mut QueryBuilder<'_>, order: SortBy, list: &List, group: &Group) {
    let query = &list.query;
    sql.push(match order {
        SortBy::Name | SortBy::Relevance => Sql::each(" INDEXED BY contacts_by_name", ""),
        SortBy::Family => Sql::each(" INDEXED BY contacts_by_family", ""),
        SortBy::Company => Sql::each(" INDEXED BY contacts_by_company", ""),
        SortBy::Created => Sql::each(" INDEXED BY contacts_by_created", ""),
        SortBy::Updated => Sql::each(" INDEXED BY contacts_by_updated", ""),
        SortBy::Frequent => Sql::each(" INDEXED BY contacts_by_frecency", ""),
    });
    sql.push(" WHERE book = ")
        .push_bind(list.book.0)
        .push(" AND contacts.in_trash = ")
        .push(in_trash(query.scope()));
    search::push_filter(sql, group.wanted(query));
    labels::push_filter(sql, list.book, query.filter());
}

/// Behind `FROM`: the contacts of a group that has few.
fn push_few(sql: &mut QueryBuilder<'_>, list: &List, group: &Group) {
    let query = &list.query;
    if query.search().is_empty() {
        push_filtered(sql, list);
    } else {
        search::index(sql.engine()).push_contacts(sql, list.book, group.wanted(query));
        labels::push_filter(sql, list.book, query.filter());
    }
}

/// Behind `FROM`: the contacts that the filter lets through, by an index of its own.
fn push_filtered(sql: &mut QueryBuilder<'_>, list: &List) {
    let filter = list.query.filter();
    if filter.favourites {
        sql.push(Sql::each(
            "contacts INDEXED BY contacts_favourites",
            "contacts",
        ))
        .push(" WHERE book = ")
        .push_bind(list.book.0)
        .push(" AND in_trash = FALSE");
        labels::push_filter(sql, list.book, list.query.filter());
    } else if let Some(label) = filter.label {
        // The cross join has SQLite ask the labels first.
        sql.push(Sql::each(
            "contact_labels CROSS JOIN contacts ON contacts.seq = contact",
            "contact_labels JOIN contacts ON contacts.seq = contact",
        ))
        .push(" WHERE label = ");
        labels::push_label(sql, list.book, label);
    }
}

/// On the cursor's side of its contact.
fn push_beyond(sql: &mut QueryBuilder<'_>, cursor: &Cursor) {
    let is_above = cursor.sort().descending == cursor.is_backward();
    push_compared(sql, cursor, if is_above { ">" } else { "<" });
}

/// Before the page that a cursor asks for. Of a page before the cursor, the contacts of the page are among them.
fn push_before(sql: &mut QueryBuilder<'_>, cursor: &Cursor) {
    let operator = match (cursor.sort().descending, cursor.is_backward()) {
        (false, false) => "<=",
        (false, true) => "<",
        (true, false) => ">=",
        (true, true) => ">",
    };
    push_compared(sql, cursor, operator);
}

/// Where the comparison of a contact with that of the cursor is true.
fn push_compared(sql: &mut QueryBuilder<'_>, cursor: &Cursor, operator: &'static str) {
    sql.push(" AND (")
        .push(column(cursor.sort().by))
        .push(", id) ")
        .push(operator)
        .push(" (");
    match cursor.position() {
        Position::Name(key)
        | Position::Relevance(_, key)
        | Position::Family(key)
        | Position::Company(key) => sql.push_bind(key.clone()),
        Position::Created(millis) | Position::Updated(millis) | Position::Frequent(millis) => {
            sql.push_bind(*millis)
        }
    };
    sql.push(", ").push_bind(id_bytes(cursor.id())).push(")");
}

/// What an order compares first.
fn column(order: SortBy) -> &'static str {
    match order {
        SortBy::Name | SortBy::Relevance => "search_key",
        SortBy::Family => "family_key",
        SortBy::Company => "company_key",
        SortBy::Created => "created_at",
        SortBy::Updated => "updated_at",
        SortBy::Frequent => "frecency",
    }
}

fn push_order(sql: &mut QueryBuilder<'_>, sort: Sort) {
    push_order_by(sql, "", sort);
}

/// The same behind what is compared before.
fn push_order_by(sql: &mut QueryBuilder<'_>, before: &'static str, sort: Sort) {
    let direction = if sort.descending { " DESC" } else { "" };
    sql.push(" ORDER BY ")
        .push(before)
        .push(column(sort.by))
        .push(direction)
        .push(", id")
        .push(direction);
}

fn push_limit(sql: &mut QueryBuilder<'_>, query: &ContactQuery, piece: &Piece) {
    sql.push(" LIMIT ");
    if query.search().is_empty() {
        // The same for all pages of a client.
        sql.push_number(piece.limit);
    } else {
        sql.push_bind(number(piece.limit));
    }
    if piece.skipped > 0 {
        sql.push(" OFFSET ").push_bind(number(piece.skipped));
    }
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn in_trash(scope: Scope) -> &'static str {
    match scope {
        Scope::Live => "FALSE",
        Scope::Trash => "TRUE",
    }
}

#[cfg(test)]
mod tests;
