//! What holds for all cards, and for many of them together.

mod cards;
mod names;
mod together;

/// The lines of a card as they were before they were folded.
fn unfolded(card: &str) -> Vec<String> {
    let lines = card.replace("\r\n ", "");
    lines.split_terminator("\r\n").map(str::to_owned).collect()
}
