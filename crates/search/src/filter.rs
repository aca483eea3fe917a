//! The filters of a search: `label:friends`, `company:"Acme Corp"`, `city:Paris`, `has:phone`, `no:email`.

use crate::column::Column;

/// What `has:` and `no:` know: the texts of [`Part::Has`](crate::Part::Has).
pub const KINDS: [&str; 9] = [
    "phone", "email", "address", "birthday", "photo", "label", "company", "note", "website",
];

/// A piece of a search as it was typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Plain(&'a str),
    /// Words that stand in one column.
    In(Column, &'a str),
    Has {
        kind: &'static str,
        negated: bool,
    },
}

/// The pieces of a search. A filter without a value, or with one that may become several, is left out.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    // Where what is not in a piece yet begins, and where to look on.
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let skipped = rest.len() - rest.trim_start().len();
        if skipped > 0 {
            at += skipped;
            continue;
        }
        let word_len = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let Some((piece, len)) = filter(rest, word_len) else {
            at += word_len;
            continue;
        };
        pieces.push(Piece::Plain(&text[start..at]));
        pieces.extend(piece);
        at += len;
        start = at;
    }
    pieces.push(Piece::Plain(&text[start..]));
    pieces.retain(|piece| !matches!(piece, Piece::Plain(text) if text.trim().is_empty()));
    pieces
}

/// The filter that `text` begins with, and its length; no piece if it is to be left out.
fn filter(text: &str, word_len: usize) -> Option<(Option<Piece<'_>>, usize)> {
    let (name, _) = text[..word_len].split_once([':', '：'])?;
    let (_, value) = text.split_once([':', '：'])?;
    let value_at = text.len() - value.len();
    let (value, len) = match quoted(value) {
        Some((value, len)) => (value, value_at + len),
        None => (&text[value_at..word_len], word_len),
    };
    let column = |column| Some((Some(Piece::In(column, value)), len));
    match name.to_ascii_lowercase().as_str() {
        "label" => column(Column::Labels),
        "company" => column(Column::Companies),
        "city" => column(Column::Cities),
        name @ ("has" | "no") => {
            let negated = name == "no";
            let kinds = kinds(value);
            match kinds[..] {
                [] => None,
                [kind] => Some((Some(Piece::Has { kind, negated }), len)),
                _ => Some((None, len)),
            }
        }
        // The schemes of addresses that were copied.
        "tel" | "mailto" => Some((None, value_at)),
        _ => None,
    }
}

/// The text in the quotation marks that `text` begins with, and the length of both. The last mark may be missing yet.
fn quoted(text: &str) -> Option<(&str, usize)> {
    let is_mark = |c: char| matches!(c, '"' | '“' | '”' | '„' | '«' | '»' | '＂');
    let inner = text.strip_prefix(is_mark)?;
    let inner_at = text.len() - inner.len();
    let Some(len) = inner.find(is_mark) else {
        return Some((inner, text.len()));
    };
    let mark_len = inner[len..].chars().next().map_or(0, char::len_utf8);
    Some((&inner[..len], inner_at + len + mark_len))
}

/// The kinds that begin with the value, which may be in the plural.
fn kinds(value: &str) -> Vec<&'static str> {
    let value = value.trim().to_ascii_lowercase();
    let is_plural = |kind: &str| {
        let end = value.strip_prefix(kind);
        matches!(end, Some("s" | "es"))
    };
    KINDS
        .into_iter()
        .filter(|kind| kind.starts_with(&value) || is_plural(kind))
        .collect()
}
