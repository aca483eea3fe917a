//! The search tables of `SQLite`.
//!
//! Two FTS5 tables hold every contact outside the trash, under its `seq`. `contact_trigrams`
//! finds words of three characters and more: a quoted phrase of trigrams matches where the word
//! stands, and only there. `contact_grams` finds shorter words, as tokens of their own.

use std::collections::BTreeSet;

use kith_database::Query;
use kith_database::QueryBuilder;
use kith_database::Value;
use kith_database::query;

use super::SearchTables;
use super::push_bounds;
use super::push_contains;
use crate::services::book::BookKey;

/// The length of a word from which the trigrams can find it.
const TRIGRAM: usize = 3;

/// The tables `contact_trigrams` and `contact_grams`.
pub struct FullTextTables;

impl SearchTables for FullTextTables {
    fn grams(&self, _book: BookKey, search_key: &str) -> Value<'static> {
        grams(search_key).into()
    }

    fn additions<'q>(&self, seq: i64, search_key: &'q str) -> Vec<Query<'q>> {
        vec![
            query("INSERT INTO contact_trigrams (rowid, key) VALUES ($1, $2)")
                .bind(seq)
                .bind(search_key),
            query("INSERT INTO contact_grams (rowid, grams) VALUES ($1, $2)")
                .bind(seq)
                .bind(grams(search_key)),
        ]
    }

    fn removals(&self, seq: i64) -> Vec<Query<'static>> {
        vec![
            query("DELETE FROM contact_trigrams WHERE rowid = $1").bind(seq),
            query("DELETE FROM contact_grams WHERE rowid = $1").bind(seq),
        ]
    }

    /// These tables do not give back what they index, so an entry says only that both have one.
    fn entries(&self) -> &'static str {
        "SELECT entry, CAST(count(*) AS TEXT) FROM (
             SELECT rowid AS entry FROM contact_trigrams WHERE rowid > $1 AND rowid <= $2
             UNION ALL SELECT rowid FROM contact_grams WHERE rowid > $1 AND rowid <= $2)
         GROUP BY entry"
    }

    fn entry(&self, _seq: i64, _search_key: &str) -> String {
        "2".to_owned()
    }

    fn push_matches(&self, sql: &mut QueryBuilder<'_>, book: BookKey, words: &[String]) {
        let lookup = lookup(words);
        if lookup.left.is_empty() {
            sql.push(lookup.table);
            push_match(sql, book, &lookup);
        } else {
            self.push_contacts(sql, book, words);
        }
    }

    fn push_contacts(&self, sql: &mut QueryBuilder<'_>, book: BookKey, words: &[String]) {
        let lookup = lookup(words);
        // The cross join has SQLite ask the search table first.
        sql.push(lookup.table)
            .push(" CROSS JOIN contacts ON seq = ")
            .push(lookup.table)
            .push(".rowid");
        push_match(sql, book, &lookup);
        for word in &lookup.left {
            sql.push(" AND ");
            push_contains(sql, word);
        }
    }
}

/// FTS5 reads only the rows between the bounds, so a search costs nothing for what other books have.
fn push_match(sql: &mut QueryBuilder<'_>, book: BookKey, lookup: &Lookup<'_>) {
    sql.push(" WHERE ")
        .push(lookup.table)
        .push(" MATCH ")
        .push_bind(lookup.expression.clone());
    push_bounds(sql, [lookup.table, ".rowid"], book);
}

/// A query of one of the two tables.
#[derive(Debug)]
struct Lookup<'a> {
    table: &'static str,
    /// For `MATCH`, in the query language of FTS5.
    expression: String,
    /// Words that this table cannot find: to be looked for in the contacts that it does find.
    left: Vec<&'a str>,
}

/// The question that finds the fewest contacts too many. There is at least one word.
fn lookup(words: &[String]) -> Lookup<'_> {
    let (long, short): (Vec<&str>, Vec<&str>) = words
        .iter()
        .map(String::as_str)
        .partition(|word| word.chars().count() >= TRIGRAM);
    if long.is_empty() {
        let tokens: Vec<String> = short.into_iter().map(token).collect();
        Lookup {
            table: "contact_grams",
            expression: tokens.join(" AND "),
            left: Vec::new(),
        }
    } else {
        let phrases: Vec<String> = long.into_iter().map(phrase).collect();
        Lookup {
            table: "contact_trigrams",
            expression: phrases.join(" AND "),
            left: short,
        }
    }
}

/// An FTS5 string: anything between double quotes, which are doubled inside.
fn phrase(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

/// Every character of a key and every two that stand together in a word, as tokens.
fn grams(search_key: &str) -> String {
    let mut tokens = BTreeSet::new();
    for word in search_key.split_whitespace() {
        let mut previous = None;
        for (at, character) in word.char_indices() {
            let end = at + character.len_utf8();
            tokens.insert(token(&word[at..end]));
            if let Some(start) = previous {
                tokens.insert(token(&word[start..end]));
            }
            previous = Some(at);
        }
    }
    tokens.into_iter().collect::<Vec<String>>().join(" ")
}

/// A gram as a token that no tokenizer changes and no query language reads: its bytes in hex.
fn token(gram: &str) -> String {
    kith_runtime::hex(gram.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_are_the_characters_and_pairs_of_each_word() {
        assert_eq!(grams("ab é\nb"), "61 6162 62 c3a9");
    }

    #[test]
    fn trigrams_find_long_words_and_grams_short_ones() {
        let words = ["ada".to_owned(), "a\"b c".to_owned(), "王".to_owned()];
        let found = lookup(&words);
        assert_eq!(found.table, "contact_trigrams");
        assert_eq!(found.expression, "\"ada\" AND \"a\"\"b c\"");
        assert_eq!(found.left, ["王"]);

        let words = ["ad".to_owned(), "王".to_owned()];
        let found = lookup(&words);
        assert_eq!(
            (found.table, found.expression.as_str()),
            ("contact_grams", "6164 AND e78e8b")
        );
        assert!(found.left.is_empty());
    }
}
