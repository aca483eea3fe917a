//! The index of searches in `SQLite`: an FTS5 table of trigrams over `contact_search`. A phrase of trigrams matches where
//! its text stands, and only there.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use kith_database::QueryBuilder;
use kith_search::Column;
use kith_search::Document;
use kith_search::KINDS;
use kith_search::Probe;
use kith_search::Search;
use kith_search::Term;
use kith_search::Tier;

use super::Matches;
use super::SearchIndex;
use super::Wanted;
use super::every_contact;
use super::positive;
use super::push_bounds;
use super::push_condition;
use super::push_match_columns;
use crate::services::book::BookKey;
use crate::services::contacts::search_document::CONTACT;

/// The table `contact_texts`.
pub struct FullTextTable;

impl SearchIndex for FullTextTable {
    /// Triggers keep this table.
    fn grams(&self, _: BookKey, _: &Document) -> Option<String> {
        None
    }

    fn push_matches(&self, sql: &mut QueryBuilder<'_>, book: BookKey, wanted: Wanted<'_>) {
        sql.push("contact_texts");
        push_text_match(sql, book, expression(wanted));
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

    /// FTS5 is asked for contacts that may match, which is faster. Their rows are read for the ranks and the order, and say
    /// which of them do.
    fn push_all(&self, sql: &mut QueryBuilder<'_>, book: BookKey, matches: Matches<'_>) {
        sql.push("candidates (seq) AS MATERIALIZED (SELECT rowid FROM contact_texts");
        push_text_match(sql, book, superset(matches.search));
        sql.push(" LIMIT ")
            .push_bind(matches.most + 1)
            .push("), matches (seq, tier, search_key, id) AS MATERIALIZED (SELECT ");
        push_match_columns(sql, matches);
        sql.push(
            " FROM candidates CROSS JOIN contact_search ON contact = seq
             WHERE (SELECT count(*) FROM candidates) <= ",
        )
        .push_bind(matches.most)
        .push(" AND ");
        push_condition(sql, Wanted::all(matches.search));
        sql.push(")");
    }

    fn push_contacts(&self, sql: &mut QueryBuilder<'_>, book: BookKey, wanted: Wanted<'_>) {
        // The cross join has SQLite ask this table first.
        sql.push("contact_texts CROSS JOIN contacts ON seq = contact_texts.rowid");
        push_text_match(sql, book, expression(wanted));
    }

    fn push_candidates(&self, sql: &mut QueryBuilder<'_>, book: BookKey, probes: &[Probe]) {
        sql.push("contact_search WHERE contact IN (SELECT rowid FROM contact_texts");
        push_text_match(sql, book, any(probes));
        sql.push(")");
    }
}

/// FTS5 reads only the rows between the bounds, so a search costs nothing for what other books have.
fn push_text_match(sql: &mut QueryBuilder<'_>, book: BookKey, expression: String) {
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

/// What contacts have that may match, in the query language of FTS5: of each term one of the texts of its probes, in any of
/// their columns. A text that contains another one is left out.
fn superset(search: &Search) -> String {
    let term = |term: &Term| {
        let probes = term.probes(Tier::Note);
        let columns: BTreeSet<Column> = probes.iter().map(|probe| probe.column).collect();
        let others = Column::ALL
            .into_iter()
            .filter(|column| !columns.contains(column));
        let others: Vec<Column> = others.collect();
        let columns: Vec<&str> = columns.into_iter().map(Column::as_str).collect();
        let mut texts: Vec<&str> = probes.iter().map(|probe| probe.text.as_str()).collect();
        texts.sort_by_key(|text| text.len());
        let mut kept: Vec<&str> = Vec::new();
        for text in texts {
            if !kept.iter().any(|shorter| text.contains(shorter)) {
                kept.push(text);
            }
        }
        any_of(kept.into_iter().map(|text| {
            let is_elsewhere = others.iter().any(|column| may_hold(*column, text));
            (
                text,
                if is_elsewhere {
                    columns.as_slice()
                } else {
                    &[]
                },
            )
        }))
    };
    let mut terms: Vec<String> = positive(search).map(term).collect();
    if terms.is_empty() {
        terms.push(any(&[every_contact()]));
    }
    terms.join(" AND ")
}

/// Whether a column may hold a text. Phone numbers are digits, and there are few kinds of what contacts have.
fn may_hold(column: Column, text: &str) -> bool {
    match column {
        Column::Phones => text.contains(|c: char| c.is_ascii_digit()),
        Column::Has => {
            let mut kinds = KINDS.iter().chain([&CONTACT]);
            kinds.any(|kind| format!("  {kind}  ").contains(text))
        }
        _ => true,
    }
}

/// One of the probes. Each has three characters, without which FTS5 would find nothing. FTS5 reads all that it has of a text
/// each time that the text is named, so each is named once, with all its columns.
fn any(probes: &[Probe]) -> String {
    let mut columns_by_text: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for probe in probes {
        let columns = columns_by_text.entry(&probe.text).or_default();
        columns.push(probe.column.as_str());
    }
    let texts = columns_by_text.iter();
    any_of(texts.map(|(text, columns)| (*text, columns.as_slice())))
}

/// One of the texts, in one of its columns; without columns, in any, which is faster.
fn any_of<'a>(texts: impl Iterator<Item = (&'a str, &'a [&'a str])>) -> String {
    let one = |(text, columns): (&str, &[&str])| {
        let text = text.replace('"', "\"\"");
        match columns {
            [] => format!("\"{text}\""),
            columns => format!("{{{}}} : \"{text}\"", columns.join(" ")),
        }
    };
    let texts: Vec<String> = texts.map(one).collect();
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
            "(({joined} : \" lukas\" OR {names companies cities labels others notes} : \"lukas\"))"
        );
    }

    #[test]
    fn contacts_that_may_match_have_the_shortest_text_of_each_word() {
        for (search, expected) in [
            ("lukas no:email", "(\"lukas\")"),
            ("lukas city:rom", "(\"lukas\") AND ({cities} : \"rom\")"),
            (
                "+49 171",
                "({names phones others notes} : \" =171\" OR {names phones others notes} : \" 49171\")",
            ),
            // Each contact has a kind that is called so.
            (
                "contact",
                "({names joined companies cities labels others notes} : \"contact\")",
            ),
            ("no:email", "({has} : \"  contact  \")"),
        ] {
            let search = Search::parse(search).expect("short");
            assert_eq!(superset(&search), expected);
        }
    }
}
