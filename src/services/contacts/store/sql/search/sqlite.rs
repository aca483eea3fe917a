//! The index of searches in `SQLite`: an FTS5 table of trigrams over `contact_search`. A phrase of trigrams matches where
//! its text stands, and only there.

use std::collections::BTreeMap;

use kith_database::QueryBuilder;
use kith_search::Document;
use kith_search::Probe;
use kith_search::Search;
use kith_search::Term;
use kith_search::Tier;

use super::SearchIndex;
use super::Wanted;
use super::every_contact;
use super::positive;
use super::push_bounds;
use crate::services::book::BookKey;

/// The table `contact_texts`.
pub struct FullTextTable;

impl SearchIndex for FullTextTable {
    /// Triggers keep this table.
    fn grams(&self, _: BookKey, _: &Document) -> Option<String> {
        None
    }

    fn push_matches(&self, sql: &mut QueryBuilder<'_>, book: BookKey, wanted: Wanted<'_>) {
        sql.push("contact_texts");
        push_match(sql, book, expression(wanted));
    }

    fn push_counts(
        &self,
        sql: &mut QueryBuilder<'_>,
        book: BookKey,
        search: &Search,
        tiers: &[Tier],
    ) {
        for (number, tier) in tiers.iter().enumerate() {
            sql.push(match number {
                0 => "SELECT (SELECT count(*) FROM ",
                _ => ", (SELECT count(*) FROM ",
            });
            self.push_matches(sql, book, Wanted::of(search, *tier));
            sql.push(")");
        }
    }

    fn push_contacts(&self, sql: &mut QueryBuilder<'_>, book: BookKey, wanted: Wanted<'_>) {
        // The cross join has SQLite ask this table first.
        sql.push("contact_texts CROSS JOIN contacts ON seq = contact_texts.rowid");
        push_match(sql, book, expression(wanted));
    }

    fn push_candidates(&self, sql: &mut QueryBuilder<'_>, book: BookKey, probes: &[Probe]) {
        sql.push("contact_search WHERE contact IN (SELECT rowid FROM contact_texts");
        push_match(sql, book, any(probes));
        sql.push(")");
    }
}

/// FTS5 reads only the rows between the bounds, so a search costs nothing for what other books have.
fn push_match(sql: &mut QueryBuilder<'_>, book: BookKey, expression: String) {
    sql.push(" WHERE contact_texts MATCH ")
        .push_bind(expression);
    push_bounds(sql, "contact_texts.rowid", book);
}

/// What is wanted, in the query language of FTS5.
fn expression(wanted: Wanted<'_>) -> String {
    let all = tier(wanted.search, wanted.tier);
    match wanted.without {
        Some(better) => format!("({all}) NOT ({})", tier(wanted.search, better)),
        None => all,
    }
}

fn tier(search: &Search, tier: Tier) -> String {
    let term = |term: &Term| any(&term.probes(tier));
    let mut wanted: Vec<String> = positive(search).map(term).collect();
    if wanted.is_empty() {
        // NOT is between two expressions.
        wanted.push(any(&[every_contact()]));
    }
    let unwanted = search.terms().iter().filter(|term| term.is_negated());
    let wanted = format!("({})", wanted.join(" AND "));
    unwanted.fold(wanted, |wanted, one| {
        format!("({wanted} NOT {})", term(one))
    })
}

/// One of the probes. Each has three characters, without which FTS5 would find nothing. FTS5 reads all that it has of a text
/// each time that the text is named, so each is named once, with all its columns.
fn any(probes: &[Probe]) -> String {
    let mut columns_by_text: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for probe in probes {
        let columns = columns_by_text.entry(&probe.text).or_default();
        columns.push(probe.column.as_str());
    }
    let one = |(text, columns): (&str, Vec<&str>)| {
        let text = text.replace('"', "\"\"");
        format!("{{{}}} : \"{text}\"", columns.join(" "))
    };
    let texts: Vec<String> = columns_by_text.into_iter().map(one).collect();
    format!("({})", texts.join(" OR "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_looked_for_once() {
        let search = Search::parse("lukas").expect("short");
        assert_eq!(
            expression(Wanted::all(&search)),
            "(({joined} : \"  lukas\" OR {names companies cities labels others notes} : \"lukas\"))"
        );
    }
}
