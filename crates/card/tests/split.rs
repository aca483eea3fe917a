//! Files of many cards.

mod cards;

use std::io::{BufReader, Read};

use kith_card::{BrokenCard, Limits, RawCard, SplitReason, split};
use proptest::prelude::*;

use crate::cards::corpus;

type Part = Result<RawCard, BrokenCard>;

/// A reader that gives a few bytes at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(buffer.len()).min(self.0.len());
        buffer[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

fn parts(bytes: &[u8]) -> Vec<Part> {
    within(bytes, Limits::default())
}

/// Whatever the size of the pieces that are read, the parts are the same.
fn within(bytes: &[u8], limits: Limits) -> Vec<Part> {
    let whole: Vec<_> = split(bytes, limits).collect();
    for size in [1, 2, 3, 7] {
        let trickle: Vec<_> =
            split(BufReader::with_capacity(size, Trickle(bytes, size)), limits).collect();
        assert_eq!(trickle, whole, "{size} bytes at a time");
    }
    whole
}

fn good(parts: &[Part]) -> Vec<&str> {
    let good = parts.iter().filter_map(|part| part.as_ref().ok());
    good.map(|card| std::str::from_utf8(&card.bytes).expect("UTF-8"))
        .collect()
}

fn reasons(parts: &[Part]) -> Vec<(usize, SplitReason)> {
    let broken = parts.iter().filter_map(|part| part.as_ref().err());
    broken
        .map(|broken| (broken.line, broken.reason.clone()))
        .collect()
}

const ADA: &str = "BEGIN:VCARD\r\nFN:Ada\r\nEND:VCARD\r\n";

#[test]
fn cards_come_with_their_lines() {
    let file = format!("\u{feff}{ADA}\r\n\r\n{ADA}");
    let parts = parts(file.as_bytes());
    assert_eq!(good(&parts), [ADA, ADA]);
    let lines: Vec<_> = parts
        .iter()
        .map(|part| part.as_ref().expect("a card").line)
        .collect();
    assert_eq!(lines, [1, 6]);
}

#[test]
fn a_card_that_is_not_ended_does_not_hide_the_next() {
    let file = format!("BEGIN:VCARD\r\nFN:Bob\r\n{ADA}BEGIN:VCARD\r\nFN:Cy");
    let parts = parts(file.as_bytes());
    assert_eq!(good(&parts), [ADA]);
    assert_eq!(
        reasons(&parts),
        [(1, SplitReason::NoEnd), (6, SplitReason::NoEnd)]
    );
    assert_eq!(
        parts[0].as_ref().expect_err("broken").bytes,
        b"BEGIN:VCARD\r\nFN:Bob\r\n"
    );
}

#[test]
fn a_card_without_its_end_is_reported_whole() {
    let long = format!("BEGIN:VCARD\r\nNOTE:{}\r\n", "a".repeat(5000));
    let parts = parts(format!("{long}{ADA}").as_bytes());
    assert_eq!(reasons(&parts), [(1, SplitReason::NoEnd)]);
    let broken = parts[0].as_ref().expect_err("broken");
    assert_eq!(broken.bytes, long.as_bytes());
}

#[test]
fn each_card_ends_its_lines_in_its_own_way() {
    let ends = ["\r\n", "\r", "\n", "\r", "\r\n"];
    let cards: Vec<String> = ends.iter().map(|end| ADA.replace("\r\n", end)).collect();
    assert_eq!(good(&parts(cards.concat().as_bytes())), cards);
    // As an export writes a card of an old Mac.
    let exported = format!("{}\r\n{}", cards[1], cards[2]);
    assert_eq!(good(&parts(exported.as_bytes())), [&*cards[1], &*cards[2]]);
}

#[test]
fn text_between_cards_is_reported_once() {
    let file = format!("From: x\n\nHello\n{ADA}END:VCARD\r\n--\n{ADA}bye");
    let parts = parts(file.as_bytes());
    assert_eq!(good(&parts), [ADA, ADA]);
    let outside = |line| (line, SplitReason::Outside);
    assert_eq!(reasons(&parts), [outside(1), outside(7), outside(12)]);
    assert_eq!(
        parts[0].as_ref().expect_err("text").bytes,
        b"From: x\n\nHello\n"
    );
}

#[test]
fn a_card_above_a_limit_is_reported_and_the_rest_goes_on() {
    let long = format!("BEGIN:VCARD\r\nNOTE:{}\r\nEND:VCARD\r\n", "a".repeat(5000));
    let many = format!("BEGIN:VCARD\r\n{}END:VCARD\r\n", "N:\r\n".repeat(300));
    let file = format!("{long}{ADA}{many}{ADA}");
    let limits = Limits {
        max_bytes: 4000,
        max_lines: 200,
    };
    let parts = within(file.as_bytes(), limits);
    assert_eq!(good(&parts), [ADA, ADA]);
    assert_eq!(
        reasons(&parts),
        [
            (1, SplitReason::TooLarge(4000)),
            (7, SplitReason::TooManyLines(200))
        ]
    );
    let broken = parts[0].as_ref().expect_err("too large");
    assert!(broken.bytes.starts_with(b"BEGIN:VCARD\r\nNOTE:aaa") && broken.bytes.len() == 1024);
    let exact = Limits {
        max_bytes: ADA.len(),
        max_lines: 3,
    };
    assert_eq!(good(&within(ADA.as_bytes(), exact)), [ADA]);
    let less = Limits {
        max_bytes: ADA.len() - 1,
        max_lines: 3,
    };
    assert_eq!(
        reasons(&within(ADA.as_bytes(), less)),
        [(1, SplitReason::TooLarge(ADA.len() - 1))]
    );
}

#[test]
fn a_card_inside_of_a_card_belongs_to_it() {
    let file = format!("BEGIN:VCARD\r\nAGENT:\r\n{ADA}FN:Boss\r\nEND:VCARD\r\n{ADA}");
    let parts = parts(file.as_bytes());
    assert_eq!(good(&parts).len(), 2);
    assert!(reasons(&parts).is_empty());
}

#[test]
fn old_macs_and_utf_16_are_read() {
    let old = format!("{ADA}{ADA}").replace("\r\n", "\r");
    assert_eq!(good(&parts(old.as_bytes())).len(), 2);
    let text = format!("\u{feff}{}", ADA.replace("Ada", "Ädå 🦊"));
    let cards = [ADA.replace("Ada", "Ädå 🦊")];
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(good(&parts(&little)), cards);
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(good(&parts(&big)), cards);
}

#[test]
fn the_corpus_in_one_file_comes_apart_again() {
    let cards = corpus("valid");
    let mut file = Vec::new();
    let mut wanted = Vec::new();
    for (_, mut bytes) in cards {
        if !bytes.ends_with(b"\n") {
            bytes.extend_from_slice(b"\r\n");
        }
        file.extend_from_slice(&bytes);
        let text = bytes
            .trim_ascii()
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(bytes.trim_ascii())
            .to_vec();
        wanted.push(text);
    }
    let parts = parts(&file);
    let found: Vec<_> = parts
        .iter()
        .map(|part| part.as_ref().expect("a card").bytes.trim_ascii().to_vec())
        .collect();
    assert_eq!(found, wanted);
}

proptest! {
    #[test]
    fn no_file_makes_it_panic_or_lose_a_byte_of_its_cards(
        lines in prop::collection::vec("(BEGIN:VCARD|END:VCARD|AGENT:|FN:a|x|)(\r\n|\n|\r)", 0..30),
        bytes in any::<Vec<u8>>(),
        max_bytes in 0..200_usize,
        max_lines in 0..12_usize,
    ) {
        within(&bytes, Limits { max_bytes, max_lines });
        let file = lines.concat();
        for part in within(file.as_bytes(), Limits { max_bytes, max_lines }) {
            match part {
                Ok(card) => {
                    prop_assert!(card.bytes.len() <= max_bytes);
                    let text = std::str::from_utf8(&card.bytes).expect("UTF-8");
                    prop_assert!(file.contains(text));
                }
                Err(broken) => prop_assert!(broken.line > 0 && broken.bytes.len() <= 1024),
            }
        }
    }
}
