//! One typing error in a word.

use crate::column::Column;
use crate::document::Document;
use crate::term::Ask;
use crate::term::Probe;
use crate::token::WITHIN;
use crate::token::beginning;

/// The shortest word that may hold an error, in letters. Of shorter ones too many are near.
const MIN_CHARS: usize = 4;

/// A word of a search that may hold a typing error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistyped {
    term: usize,
    spellings: Vec<Vec<char>>,
    probes: Vec<Probe>,
}

impl Mistyped {
    /// Where near words are looked for.
    pub const COLUMNS: [Column; 6] = [
        Column::Names,
        Column::Joined,
        Column::Companies,
        Column::Cities,
        Column::Labels,
        Column::Others,
    ];

    pub(crate) fn new(term: usize, ask: &Ask) -> Option<Self> {
        let Ask::Word(word) = ask else {
            return None;
        };
        if word.address.is_some() {
            return None;
        }
        let spellings: Vec<Vec<char>> = word
            .spellings
            .iter()
            .map(|word| word.chars().collect())
            .collect();
        let fits =
            |word: &Vec<char>| word.len() >= MIN_CHARS && !word.iter().any(char::is_ascii_digit);
        if spellings.is_empty() || !spellings.iter().all(fits) {
            return None;
        }
        let mut probes = Vec::new();
        for text in spellings.iter().flat_map(|word| parts(word)) {
            probes.extend(Self::COLUMNS.map(|column| Probe {
                column,
                text: text.clone(),
            }));
        }
        Some(Self {
            term,
            spellings,
            probes,
        })
    }

    /// The place of the word in [`Search::terms`](crate::Search::terms).
    pub fn term(&self) -> usize {
        self.term
    }

    /// Each document that has a near word has one of these.
    pub fn probes(&self) -> &[Probe] {
        &self.probes
    }

    /// The words of the document that are the word after at most one edit, or begin with that: a letter more, less or
    /// another one, or two neighbours swapped. Notes and phone numbers are not looked at.
    pub fn near(&self, document: &Document) -> Vec<String> {
        let mut near: Vec<String> = Vec::new();
        for word in Self::COLUMNS
            .iter()
            .flat_map(|column| document.text(*column).split("  "))
        {
            if word.contains(is_sign) || near.iter().any(|known| known == word) {
                continue;
            }
            let chars: Vec<char> = word.chars().collect();
            if self
                .spellings
                .iter()
                .any(|spelling| is_near(spelling, &chars))
            {
                near.push(word.to_owned());
            }
        }
        near
    }
}

/// What words of letters do not have: addresses, numbers and pairs of scripts without spaces are no corrections.
fn is_sign(c: char) -> bool {
    c == WITHIN || c.is_ascii_digit() || c.is_ascii_punctuation()
}

/// Substrings of which each word that is one edit away has one. An edit leaves one of two halves as it is, or swaps the
/// letters where they meet.
fn parts(word: &[char]) -> Vec<String> {
    let text = |chars: &[char]| chars.iter().collect::<String>();
    let half = word.len() / 2;
    // The second half of a word of four letters is too short to look for: an edit of the first letter leaves the other
    // three, any other edit but a swap leaves the first letter.
    let (head, tail) = if half < 2 || word.len() - half < 3 {
        (1, 1)
    } else {
        (half, half)
    };
    let mut swapped = word[..=head].to_vec();
    swapped.swap(head - 1, head);
    vec![
        beginning(&text(&word[..head])),
        text(&word[tail..]),
        beginning(&text(&swapped)),
    ]
}

/// Whether `found` begins with what at most one edit makes of `word`. The edit is where the two differ first.
fn is_near(word: &[char], found: &[char]) -> bool {
    let same = word.iter().zip(found).take_while(|(a, b)| a == b).count();
    let begins = |found_from: usize, word_from: usize| {
        let word = word.get(word_from..);
        word.zip(found.get(found_from..))
            .is_some_and(|(word, found)| found.starts_with(word))
    };
    let is_swap = || {
        let pair = |chars: &[char], a, b| Some((*chars.get(a)?, *chars.get(b)?));
        let swapped = pair(word, same, same + 1);
        swapped.is_some() && swapped == pair(found, same + 1, same)
    };
    same == word.len()
        || begins(same + 1, same + 1)
        || begins(same, same + 1)
        || begins(same + 1, same)
        || (is_swap() && begins(same + 2, same + 2))
}
