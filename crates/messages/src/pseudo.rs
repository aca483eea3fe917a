//! Made-up translations, with which tests find texts that go by no catalogue.

use crate::template::Piece;
use crate::template::pieces;

/// A text with accents that its readers still understand: `Edit {name}` becomes `Éðîţ {name}`. Placeholders stay.
pub fn accented(text: &str) -> String {
    pieces(text)
        .flat_map(|piece| match piece {
            Piece::Text(text) => vec![text.chars().map(accent).collect::<String>()],
            Piece::Placeholder(name) => vec![["{", name, "}"].concat()],
        })
        .collect()
}

fn accent(letter: char) -> char {
    const PLAIN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const ACCENTED: &str = "ÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽåƀçðéƒĝĥîĵķļɱñöþǫŕšţûṽŵẋýž";
    let at = PLAIN.find(letter);
    at.and_then(|at| ACCENTED.chars().nth(at)).unwrap_or(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_keep_their_names() {
        assert_eq!(accented("Edit {name}: “ok”"), "Éðîţ {name}: “öķ”");
    }
}
