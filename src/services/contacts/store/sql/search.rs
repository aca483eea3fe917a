//! The search tables of `SQLite`: which contacts have a word in their search key.
//!
//! Two FTS5 tables hold every contact outside the trash, under its `seq`. `contact_trigrams`
//! finds words of three characters and more: a quoted phrase of trigrams matches where the word
//! stands, and only there. `contact_grams` finds shorter words, as tokens of their own.

use std::collections::BTreeSet;

use kith_database::Connection;
use kith_database::query;

use crate::services::contacts::store::StoreError;

/// The length of a word from which the trigrams can find it.
const TRIGRAM: usize = 3;

/// Adds a contact to the search tables.
pub async fn add(
    connection: &mut Connection,
    seq: i64,
    search_key: &str,
) -> Result<(), StoreError> {
    query("INSERT INTO contact_trigrams (rowid, key) VALUES ($1, $2)")
        .bind(seq)
        .bind(search_key)
        .execute(&mut *connection)
        .await?;
    query("INSERT INTO contact_grams (rowid, grams) VALUES ($1, $2)")
        .bind(seq)
        .bind(grams(search_key))
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes a contact from the search tables.
pub async fn remove(connection: &mut Connection, seq: i64) -> Result<(), StoreError> {
    for statement in [
        "DELETE FROM contact_trigrams WHERE rowid = $1",
        "DELETE FROM contact_grams WHERE rowid = $1",
    ] {
        query(statement).bind(seq).execute(&mut *connection).await?;
    }
    Ok(())
}

/// A query of one of the two tables.
#[derive(Debug)]
pub struct Lookup<'a> {
    pub table: &'static str,
    /// For `MATCH`, in the query language of FTS5.
    pub expression: String,
    /// Words that this table cannot find: to be looked for in the contacts that it does find.
    pub left: Vec<&'a str>,
}

/// The question that finds the fewest contacts too many. There is at least one word.
pub fn lookup(words: &[String]) -> Lookup<'_> {
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
pub fn grams(search_key: &str) -> String {
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
