//! The index of searches in PostgreSQL: an array of grams for each contact, in an index that finds the arrays which have
//! several grams.
//!
//! A gram is three characters in a row of a text of `contact_search`. The table keeps a number for each gram: 32 bits of
//! [FNV-1a](http://www.isthe.com/chongo/tech/comp/fnv/) over its UTF-8. The numbers are stored, so the function never
//! changes without a migration. Two grams may have the same number, and a contact may have the grams of a text without
//! having the text. So a search also looks into the texts.

use std::collections::BTreeSet;

use kith_database::QueryBuilder;
use kith_search::Column;
use kith_search::Document;
use kith_search::Probe;
use kith_search::Search;
use kith_search::Tier;

use super::Matches;
use super::SearchIndex;
use super::Wanted;
use super::positive;
use super::push_bounds;
use super::push_condition;
use super::push_match_columns;
use super::push_probes;
use crate::services::book::BookKey;

/// The characters of a gram.
const LENGTH: usize = 3;

/// See [`BookKey::of_contact`].
const BOOK_OF_CONTACT: &str = "(contact_search.contact >> 40) + 1";

/// The column `grams`.
pub struct GramArrays;

impl SearchIndex for GramArrays {
    fn grams(&self, book: BookKey, document: &Document) -> Option<String> {
        let texts = Column::ALL.map(|column| document.text(column));
        let numbers: Vec<String> = numbers(book, texts).iter().map(i64::to_string).collect();
        Some(format!("{{{}}}", numbers.join(",")))
    }

    fn push_matches(&self, sql: &mut QueryBuilder<'_>, book: BookKey, wanted: Wanted<'_>) {
        sql.push("contact_search WHERE NOT in_trash");
        let mut has_grams = false;
        for term in positive(wanted.search) {
            push_grams(sql, book, &term.probes(wanted.tier));
            has_grams = true;
        }
        match has_grams {
            true => push_book(sql, book),
            false => push_bounds(sql, "contact_search.contact", book),
        }
        sql.push(" AND ");
        push_condition(sql, wanted);
    }

    /// In one pass: the last tier has the contacts of all others.
    fn push_counts(
        &self,
        sql: &mut QueryBuilder<'_>,
        book: BookKey,
        search: &Search,
        tiers: &[Tier],
    ) {
        for (number, tier) in tiers.iter().enumerate() {
            sql.push(match number {
                0 => "SELECT count(*) FILTER (WHERE ",
                _ => ", count(*) FILTER (WHERE ",
            });
            push_condition(sql, Wanted::of(search, *tier));
            sql.push(")");
        }
        sql.push(" FROM ");
        self.push_matches(sql, book, Wanted::all(search));
    }

    fn push_all(&self, sql: &mut QueryBuilder<'_>, book: BookKey, matches: Matches<'_>) {
        sql.push("matches (seq, tier, search_key, id) AS MATERIALIZED (SELECT ");
        push_match_columns(sql, matches);
        sql.push(" FROM ");
        self.push_matches(sql, book, Wanted::all(matches.search));
        sql.push(" LIMIT ").push_bind(matches.most + 1).push(")");
    }

    fn push_contacts(&self, sql: &mut QueryBuilder<'_>, book: BookKey, wanted: Wanted<'_>) {
        // MATERIALIZED has PostgreSQL ask the grams first.
        sql.push("(WITH matches AS MATERIALIZED (SELECT contact FROM ");
        self.push_matches(sql, book, wanted);
        sql.push(
            ") SELECT contact AS seq FROM matches) AS matches JOIN contacts USING (seq) WHERE TRUE",
        );
    }

    fn push_candidates(&self, sql: &mut QueryBuilder<'_>, book: BookKey, probes: &[Probe]) {
        sql.push("contact_search WHERE NOT in_trash");
        push_grams(sql, book, probes);
        push_book(sql, book);
        sql.push(" AND ");
        push_probes(sql, probes);
    }
}

/// Appends the condition that a row of this table is of the book, for those that an index of grams has found. The condition
/// is not a range of numbers: without values, PostgreSQL thinks that a range has few of them, and reads all that are in it
/// instead of the index of grams.
fn push_book(sql: &mut QueryBuilder<'_>, book: BookKey) {
    sql.push(" AND ")
        .push(BOOK_OF_CONTACT)
        .push(" = ")
        .push_bind(book.0);
}

/// Appends the condition that a row has the grams of one of the probes.
fn push_grams(sql: &mut QueryBuilder<'_>, book: BookKey, probes: &[Probe]) {
    let texts: BTreeSet<&str> = probes.iter().map(|probe| probe.text.as_str()).collect();
    sql.push(" AND (");
    for (number, text) in texts.into_iter().enumerate() {
        if number > 0 {
            sql.push(" OR ");
        }
        sql.push("grams @> ")
            .push_bind(numbers(book, [text]))
            .push("::bigint[]::int4[]");
    }
    sql.push(")");
}

/// The numbers of the grams of texts in a book, each once.
fn numbers<'t>(book: BookKey, texts: impl IntoIterator<Item = &'t str>) -> Vec<i64> {
    let grams = texts.into_iter().flat_map(grams);
    let numbers: BTreeSet<i64> = grams.map(|gram| number_in(book, gram)).collect();
    numbers.into_iter().collect()
}

/// Every three characters of a text that stand in a row.
fn grams(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.char_indices().map(|(at, _)| at);
    let ends = starts.clone().chain([text.len()]).skip(LENGTH);
    starts.zip(ends).map(|(start, end)| &text[start..end])
}

/// The number of a gram in a book. Each book has its own, so that a search reads nothing of what other books have.
fn number_in(book: BookKey, gram: &str) -> i64 {
    let hash = number(gram);
    let salt = number(&book.0.to_string());
    hash ^ salt
}

/// The number of a gram: FNV-1a of its bytes, as a number with a sign.
fn number(gram: &str) -> i64 {
    let hash = gram.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash.cast_signed().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_function_that_wrote_the_table() {
        let unsigned = |gram| number(gram).rem_euclid(1 << 32);
        assert_eq!(unsigned("a"), 0xe40c_292c);
        assert_eq!(unsigned("foobar"), 0xbf9c_f968);
        assert_eq!(unsigned("王"), 60_014_057);
        assert!(number("a") < 0, "the column holds numbers with a sign");
    }

    #[test]
    fn grams_are_three_characters_in_a_row() {
        let found: Vec<&str> = grams("  é王  ").collect();
        assert_eq!(found, ["  é", " é王", "é王 ", "王  "]);
        assert_eq!(grams("ab").count(), 0);
    }
}
