//! The table of searches in PostgreSQL: an array of grams for each contact, in an index that finds the arrays
//! which have several grams.
//!
//! A gram is one character, or two or three in a row, of a word of the search key. The table keeps a number for each
//! gram: 32 bits of [FNV-1a](http://www.isthe.com/chongo/tech/comp/fnv/) over its UTF-8. The numbers are stored, so
//! the function never changes without a migration. Two grams may have the same number, and a contact may have the
//! grams of a word without having the word. So a search also looks for its words in the copy of the search key.

use std::collections::BTreeSet;

use kith_database::Query;
use kith_database::QueryBuilder;
use kith_database::Value;
use kith_database::query;

use super::SearchTables;
use super::push_bounds;
use super::push_contains;
use crate::services::book::BookKey;

/// The most characters of a gram.
const LONGEST: usize = 3;

/// The table `contact_grams`.
pub struct GramArrays;

impl SearchTables for GramArrays {
    fn grams(&self, book: BookKey, search_key: &str) -> Value<'static> {
        gram_numbers(book, search_key).into()
    }

    fn additions<'q>(&self, seq: i64, search_key: &'q str) -> Vec<Query<'q>> {
        let insert = query(
            "INSERT INTO contact_grams (seq, search_key, grams)
             VALUES ($1, $2, $3::bigint[]::int4[])",
        );
        vec![
            insert
                .bind(seq)
                .bind(search_key)
                .bind(self.grams(BookKey::of_contact(seq), search_key)),
        ]
    }

    fn removals(&self, seq: i64) -> Vec<Query<'static>> {
        vec![query("DELETE FROM contact_grams WHERE seq = $1").bind(seq)]
    }

    fn entries(&self) -> &'static str {
        "SELECT seq, search_key || grams::text FROM contact_grams WHERE seq > $1 AND seq <= $2"
    }

    fn entry(&self, seq: i64, search_key: &str) -> String {
        let numbers = gram_numbers(BookKey::of_contact(seq), search_key);
        let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
        format!("{search_key}{{{}}}", numbers.join(","))
    }

    fn push_matches(&self, sql: &mut QueryBuilder<'_>, book: BookKey, words: &[String]) {
        sql.push("contact_grams WHERE grams @> ")
            .push_bind(wanted(book, words))
            .push("::bigint[]::int4[]");
        push_bounds(sql, ["contact_grams", ".seq"], book);
        for word in words {
            sql.push(" AND ");
            push_contains(sql, word);
        }
    }

    fn push_contacts(&self, sql: &mut QueryBuilder<'_>, book: BookKey, words: &[String]) {
        // MATERIALIZED has PostgreSQL ask the grams first.
        sql.push("(WITH matches AS MATERIALIZED (SELECT seq FROM ");
        self.push_matches(sql, book, words);
        sql.push(") SELECT seq FROM matches) AS matches JOIN contacts USING (seq) WHERE TRUE");
    }
}

/// The numbers of the grams of a search key.
fn gram_numbers(book: BookKey, search_key: &str) -> Vec<i64> {
    let words = search_key.split_whitespace();
    let grams = words.flat_map(|word| (1..=LONGEST).flat_map(|length| windows(word, length)));
    numbers(book, grams)
}

/// The grams that a contact has if it has these words: a short word itself, and the longest grams of a long one,
/// which hold the shorter ones.
fn wanted(book: BookKey, words: &[String]) -> Value<'static> {
    let grams = words.iter().flat_map(|word| {
        let length = word.chars().take(LONGEST).count();
        windows(word, length)
    });
    numbers(book, grams).into()
}

/// Every `length` characters of a word that stand in a row.
fn windows(word: &str, length: usize) -> impl Iterator<Item = &str> {
    let starts = word.char_indices().map(|(at, _)| at);
    let ends = starts.clone().chain([word.len()]).skip(length);
    starts.zip(ends).map(|(start, end)| &word[start..end])
}

/// The numbers of grams in a book, each once.
fn numbers<'g>(book: BookKey, grams: impl Iterator<Item = &'g str>) -> Vec<i64> {
    let numbers: BTreeSet<i64> = grams.map(|gram| number_in(book, gram)).collect();
    numbers.into_iter().collect()
}

/// The number of a gram in a book. Each book has its own, so that a search reads nothing of what other books have. The
/// first book keeps the numbers that it had before there were others.
fn number_in(book: BookKey, gram: &str) -> i64 {
    let hash = number(gram);
    if book == BookKey::FIRST {
        return hash;
    }
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

    fn grams_of(value: Value<'static>) -> BTreeSet<i64> {
        match value {
            Value::Integers(numbers) => numbers.into_iter().collect(),
            other => panic!("not numbers: {other:?}"),
        }
    }

    #[test]
    fn numbers_are_those_of_the_function_that_wrote_the_table() {
        let unsigned = |gram| number(gram).rem_euclid(1 << 32);
        assert_eq!(unsigned("a"), 0xe40c_292c);
        assert_eq!(unsigned("foobar"), 0xbf9c_f968);
        assert_eq!(unsigned("王"), 60_014_057);
        assert!(number("a") < 0, "the column holds numbers with a sign");
    }

    #[test]
    fn grams_are_up_to_three_characters_of_each_word() {
        let expected = ["a", "b", "é", "ab", "bé", "abé", "x"].map(number);
        let grams = grams_of(GramArrays.grams(BookKey::FIRST, "abé\nx"));
        assert_eq!(grams, expected.into());
    }

    #[test]
    fn a_search_asks_for_the_longest_grams_of_its_words() {
        let words = ["lukas", "王", "ab"].map(str::to_owned);
        let expected = ["luk", "uka", "kas", "王", "ab"].map(number);
        assert_eq!(grams_of(wanted(BookKey::FIRST, &words)), expected.into());
    }
}
