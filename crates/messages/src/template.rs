//! Texts with placeholders, for example `{count} of {total}`.

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Text(&'a str),
    /// The name of a value.
    Placeholder(&'a str),
}

/// The parts of a text in their order. A brace that is never closed is text.
pub fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let placeholder = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        if let Some((name, after)) = placeholder {
            rest = after;
            return Some(Piece::Placeholder(name));
        }
        let end = rest.find('{').unwrap_or(rest.len());
        let (text, after) = match rest.starts_with('{') {
            true => (rest, ""),
            false => rest.split_at(end),
        };
        rest = after;
        Some(Piece::Text(text))
    })
}

/// The names of the values that a text wants, sorted.
pub fn placeholders(template: &str) -> Vec<&str> {
    let names = pieces(template).filter_map(|piece| match piece {
        Piece::Placeholder(name) => Some(name),
        Piece::Text(_) => None,
    });
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_words_and_values() {
        let parts: Vec<_> = pieces("{done} of {total}.").collect();
        assert_eq!(
            parts,
            [
                Piece::Placeholder("done"),
                Piece::Text(" of "),
                Piece::Placeholder("total"),
                Piece::Text("."),
            ]
        );
        assert_eq!(pieces("öde {").collect::<Vec<_>>().len(), 2);
        assert_eq!(pieces("").count(), 0);
        assert_eq!(placeholders("{b} {a}"), ["a", "b"]);
    }
}
