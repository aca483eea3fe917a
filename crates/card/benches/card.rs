//! What cards cost, beside vcard-rs alone in the same run.
//!
//! - Parsing a card of 1 kB and reading all fields: beside parsing and decoding all properties.
//! - Splitting a file: beside parsing each card of it, which is the only way of the library to find their ends.
//! - Memory while 200 MB are split.
//!
//! Baseline and Kith take turns, as in `kith_test_support::measure`, which is for calls that wait.

use std::fmt::Display;
use std::hint::black_box;
use std::io::BufReader;
use std::io::Read;
use std::time::Duration;
use std::time::Instant;

use kith_card::Card;
use kith_card::Entry;
use kith_card::Limits;
use kith_card::Mapping;
use kith_card::Source;
use kith_card::fingerprint;
use kith_card::merge;
use kith_card::split;
use vcard::tree::cst::VcardCst;

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(300);

/// Bytes of the file whose cards are counted.
const STREAM: u64 = 200_000_000;

const FIELDS: [Mapping; 18] = [
    Mapping::text("FN"),
    Mapping::structured("N", 5),
    Mapping::list("NICKNAME"),
    Mapping::text("TITLE"),
    Mapping::component("ORG", 0),
    Mapping::component("ORG", 1),
    Mapping::entries(&[Source::new("EMAIL")]),
    Mapping::entries(&[Source::new("TEL")]),
    Mapping::entries(&[Source::uri("URL")]),
    Mapping::entries(&[Source::uri("IMPP"), Source::service("X-JABBER", "xmpp:")]),
    Mapping::structured_entries(&[Source::new("ADR")], 7),
    Mapping::date(&[Source::new("BDAY")]),
    Mapping::date(&[Source::new("ANNIVERSARY"), Source::new("X-ANNIVERSARY")]),
    Mapping::list("CATEGORIES"),
    Mapping::entries(&[Source::relation("RELATED"), Source::new("X-ABRELATEDNAMES")]),
    Mapping::text("X-PHONETIC-FIRST-NAME"),
    Mapping::text("NOTE"),
    Mapping::flag("X-KITH-STARRED"),
];

const CARD: &[u8] = include_bytes!("../tests/corpus/valid/macos-full.vcf");

fn main() {
    println!(
        "A card of {} bytes; medians of {ROUNDS} rounds.",
        CARD.len()
    );
    println!("\n{:<34}{:>14}{:>14}{:>8}", "", "vcard-rs", "Kith", "ratio");
    one_card();
    edits();
    files();
    memory();
}

fn one_card() {
    compare(
        "parse, µs",
        1e6,
        || drop(black_box(VcardCst::parse(black_box(CARD)))),
        || drop(black_box(Card::parse(black_box(CARD)))),
    );
    compare(
        "parse and read all fields, µs",
        1e6,
        || {
            let card = VcardCst::parse(black_box(CARD)).expect("a card");
            black_box(card.decode());
        },
        || {
            let card = Card::parse(black_box(CARD)).expect("a card");
            for field in &FIELDS {
                black_box(card.entries(field));
            }
        },
    );
}

fn edits() {
    let card = Card::parse(CARD).expect("a card");
    let note = &FIELDS[16];
    let mut other = card.clone();
    other.set_entries(note, &[Entry::text("new")]);
    alone("set a field, µs", || {
        let mut card = card.clone();
        card.set_entries(note, &[Entry::text("new")]);
        black_box(card);
    });
    alone("merge, µs", || {
        black_box(merge(&FIELDS, &card, &card, &other));
    });
    alone("fingerprint, µs", || {
        black_box(fingerprint(&card));
    });
}

fn files() {
    let file = CARD.repeat(10_000);
    let megabytes = file.len() as f64 / 1e6;
    let baseline = || {
        let cards = VcardCst::parse_many(&file);
        assert_eq!(cards.filter(Result::is_ok).count(), 10_000);
    };
    let kith = || {
        let cards = split(file.as_slice(), Limits::default());
        assert_eq!(cards.filter(Result::is_ok).count(), 10_000);
    };
    let seconds = measure(baseline, kith);
    let [baseline, kith] = seconds.map(|seconds| megabytes / seconds);
    row(
        "split a file, MB/s",
        format!("{baseline:.0}"),
        kith,
        kith / baseline,
    );
}

/// A file that is never in memory.
struct Stream {
    left: u64,
    at: usize,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let card = &CARD[self.at..];
        let length = card.len().min(buffer.len());
        buffer[..length].copy_from_slice(&card[..length]);
        self.at = (self.at + length) % CARD.len();
        if self.at == 0 {
            self.left = self.left.saturating_sub(CARD.len() as u64);
        }
        Ok(length)
    }
}

fn memory() {
    let stream = Stream {
        left: STREAM,
        at: 0,
    };
    let before = resident();
    let mut most = before;
    let mut cards = 0_usize;
    for card in split(
        BufReader::with_capacity(64 << 10, stream),
        Limits::default(),
    ) {
        assert!(card.is_ok());
        cards += 1;
        if cards.is_multiple_of(10_000) {
            most = most.max(resident());
        }
    }
    let more = most.saturating_sub(before);
    println!(
        "\n{cards} cards in {} MB were split; resident memory grew by {more} kB.",
        STREAM / 1_000_000
    );
}

/// The resident memory of this process, in kB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

fn compare(name: &str, unit: f64, baseline: impl FnMut(), kith: impl FnMut()) {
    let [baseline, kith] = measure(baseline, kith);
    row(
        name,
        format!("{:.2}", baseline * unit),
        kith * unit,
        baseline / kith,
    );
}

fn alone(name: &str, mut call: impl FnMut()) {
    let seconds = median((0..ROUNDS).map(|_| round(&mut call)).collect());
    println!("{name:<34}{:>14}{:>14.2}", "", seconds * 1e6);
}

fn row(name: &str, baseline: impl Display, kith: f64, ratio: f64) {
    println!("{name:<34}{baseline:>14}{kith:>14.2}{ratio:>8.2}");
}

/// Seconds of one call of both.
fn measure(mut baseline: impl FnMut(), mut kith: impl FnMut()) -> [f64; 2] {
    let (mut baselines, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        baselines.push(round(&mut baseline));
        ours.push(round(&mut kith));
    }
    [median(baselines), median(ours)]
}

fn round(call: &mut impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut calls = 0_u32;
    while start.elapsed() < ROUND {
        call();
        calls += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(calls)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
