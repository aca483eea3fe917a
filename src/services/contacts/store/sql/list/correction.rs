//! One typing error, forgiven where a search finds nothing.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use kith_database::Connection;
use kith_search::Mistyped;
use kith_search::Search;

use super::search;
use crate::services::book::BookKey;
use crate::services::contacts::store::StoreError;

/// The most contacts that are looked at for one word.
const CANDIDATES: u32 = 5_000;

/// The most words that are looked for in the place of one.
const MAX_WORDS: usize = 8;

/// Another search in the place of one that finds nothing.
pub struct Correction {
    pub search: Search,
    /// Its words, for people.
    pub words: String,
}

/// The search with words of the book in the place of those that may be mistyped; `None` if no word is near. A word that is
/// found alone is not mistyped.
pub async fn of(
    connection: &mut Connection,
    book: BookKey,
    search: &Search,
) -> Result<Option<Correction>, StoreError> {
    let mut corrections = Vec::new();
    for word in search.mistyped() {
        if search::finds(connection, book, &search.only(word.term())).await? {
            continue;
        }
        let near = near(connection, book, &word).await?;
        if !near.is_empty() {
            corrections.push((word.term(), near));
        }
    }
    if corrections.is_empty() {
        return Ok(None);
    }
    let words = search.words().map(|(at, word)| {
        let correction = corrections.iter().find(|(term, _)| *term == at);
        correction
            .and_then(|(_, near)| near.first())
            .map_or(word, String::as_str)
    });
    let words: Vec<&str> = words.collect();
    Ok(Some(Correction {
        words: words.join(" "),
        search: search.corrected(&corrections),
    }))
}

/// The words near a mistyped one, first what most contacts have.
async fn near(
    connection: &mut Connection,
    book: BookKey,
    word: &Mistyped,
) -> Result<Vec<String>, StoreError> {
    let candidates = search::candidates(connection, book, word.probes(), CANDIDATES).await?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for near in candidates.iter().flat_map(|document| word.near(document)) {
        *counts.entry(near).or_default() += 1;
    }
    let mut counted: Vec<(String, usize)> = counts.into_iter().collect();
    counted.sort_by_key(|(word, count)| (Reverse(*count), word.len()));
    counted.truncate(MAX_WORDS);
    Ok(counted.into_iter().map(|(word, _)| word).collect())
}
