//! Files of many cards, read one card at a time.

use std::io::{self, BufRead, ErrorKind};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE};
use memchr::{memchr, memchr2};
use thiserror::Error;

use crate::error::Limits;
use crate::lines::{BOM, is_mark};

/// Bytes of a card above a limit, or of text between cards, that are reported.
const MAX_REPORTED: usize = 1024;

/// Bytes that are decoded from UTF-16 at a time.
const CHUNK: usize = 16 << 10;

/// A card of a file, not parsed yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RawCard {
    /// The number of its first line in the file, from 1.
    pub line: usize,
    /// From `BEGIN:VCARD` to the end of the line of `END:VCARD`. UTF-8 where the file was UTF-16; else the bytes of the
    /// file.
    pub bytes: Vec<u8>,
}

/// A part of a file that is no card.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("line {line}: {reason}")]
pub struct BrokenCard {
    /// The number of its first line in the file, from 1.
    pub line: usize,
    /// Why it is no card.
    pub reason: SplitReason,
    /// All of it if only its end is missing, so that it can be put right. Otherwise how it begins: at most 1 KiB.
    pub bytes: Vec<u8>,
}

/// Why a part of a file is no card. `Display` says it in plain words.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum SplitReason {
    /// The next card begins, or the file ends.
    #[error("the card does not end with END:VCARD")]
    NoEnd,
    /// Larger than [`Limits::max_bytes`].
    #[error("the card is larger than {0} bytes")]
    TooLarge(usize),
    /// More lines than [`Limits::max_lines`].
    #[error("the card has more than {0} lines")]
    TooManyLines(usize),
    /// Text that is in no card. The cards behind it are read.
    #[error("this text is in no card")]
    Outside,
    /// The file cannot be read any further.
    #[error("the file cannot be read: {0}")]
    Unreadable(ErrorKind),
}

/// The cards of a file in their order. Memory is bounded: by one card, whatever the size of the file and of its lines.
///
/// A file of UTF-16 with its mark is decoded. Lines of a card end with LF, CRLF, or CR alone as its first line does. A card
/// that is not ended, or is above a limit, is reported, and the next one is read; so is text between cards.
///
/// ```
/// use kith_card::{Card, Limits, split};
///
/// let file = "BEGIN:VCARD\nFN:Ada\nEND:VCARD\n\nBEGIN:VCARD\nFN:Charles\nEND:VCARD\n";
/// for card in split(file.as_bytes(), Limits::default()) {
///     let card = Card::parse(card?.bytes)?;
///     assert!(card.properties()[0].text.len() > 2);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn split<R: BufRead>(reader: R, limits: Limits) -> Split<R> {
    Split {
        lines: Lines {
            text: Text {
                reader,
                utf16: None,
                decoded: Vec::new(),
                at: 0,
                is_over: false,
            },
            terminator: None,
            number: 0,
        },
        limits,
        pending: None,
        is_over: false,
    }
}

/// The iterator of [`split`].
pub struct Split<R> {
    lines: Lines<R>,
    limits: Limits,
    /// A `BEGIN` that ended the part before it.
    pending: Option<Vec<u8>>,
    is_over: bool,
}

/// What is being read.
struct Part {
    line: usize,
    bytes: Vec<u8>,
    reason: Option<SplitReason>,
    lines: usize,
    /// How many cards inside of this one are open.
    depth: usize,
    awaits_inner: bool,
}

impl<R: BufRead> Iterator for Split<R> {
    type Item = Result<RawCard, BrokenCard>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        match self.read() {
            Ok(part) => part,
            Err(error) => {
                self.is_over = true;
                Some(Err(BrokenCard {
                    line: self.lines.number.max(1),
                    reason: SplitReason::Unreadable(error.kind()),
                    bytes: Vec::new(),
                }))
            }
        }
    }
}

impl<R: BufRead> Split<R> {
    fn read(&mut self) -> io::Result<Option<<Self as Iterator>::Item>> {
        let mut outside: Option<BrokenCard> = None;
        let mut line = Vec::new();
        loop {
            if let Some(begin) = self.pending.take() {
                if let Some(outside) = outside {
                    self.pending = Some(begin);
                    return Ok(Some(Err(outside)));
                }
                return self.card(begin).map(Some);
            }
            line.clear();
            // The lines of the next card may end in another way.
            self.lines.terminator = None;
            let Some(_) = self.lines.next(&mut line, MAX_REPORTED)? else {
                self.is_over = true;
                return Ok(outside.map(Err));
            };
            if is_begin(&line) {
                self.pending = Some(line.clone());
                continue;
            }
            let is_first = outside.is_none();
            if is_first && line.trim_ascii().is_empty() {
                continue;
            }
            let report = outside.get_or_insert_with(|| BrokenCard {
                line: self.lines.number,
                reason: SplitReason::Outside,
                bytes: Vec::new(),
            });
            let room = MAX_REPORTED.saturating_sub(report.bytes.len());
            report
                .bytes
                .extend_from_slice(&line[..line.len().min(room)]);
        }
    }

    /// Reads to the end of a card.
    fn card(&mut self, begin: Vec<u8>) -> io::Result<<Self as Iterator>::Item> {
        let begin = begin.strip_prefix(BOM).map(<[u8]>::to_vec).unwrap_or(begin);
        let mut part = Part {
            line: self.lines.number,
            bytes: begin,
            reason: None,
            lines: 1,
            depth: 0,
            awaits_inner: false,
        };
        loop {
            let start = part.bytes.len();
            // A line above the limit is read to its end, and kept to one byte above it.
            let room = self
                .limits
                .max_bytes
                .saturating_sub(start)
                .saturating_add(1);
            let Some(length) = self.lines.next(&mut part.bytes, room.max(MAX_REPORTED))? else {
                self.is_over = true;
                return Ok(Err(part.broken(SplitReason::NoEnd)));
            };
            part.lines += 1;
            let line = &part.bytes[start..];
            if is_begin(line) {
                if !part.awaits_inner && part.depth == 0 {
                    self.pending = Some(line.to_vec());
                    part.bytes.truncate(start);
                    return Ok(Err(part.broken(SplitReason::NoEnd)));
                }
                part.depth += 1;
                part.awaits_inner = false;
            } else if is_mark(line, b"END") {
                if part.depth == 0 {
                    return Ok(part.end(self.limits));
                }
                part.depth -= 1;
            } else if part.depth == 0 && !line.trim_ascii().is_empty() {
                part.awaits_inner = is_agent(line);
            }
            part.check(start, length, self.limits);
        }
    }
}

impl Part {
    /// What is above a limit is not kept any longer.
    fn check(&mut self, start: usize, length: usize, limits: Limits) {
        if self.reason.is_none() && start + length > limits.max_bytes {
            self.reason = Some(SplitReason::TooLarge(limits.max_bytes));
        }
        if self.reason.is_none() && self.lines > limits.max_lines {
            self.reason = Some(SplitReason::TooManyLines(limits.max_lines));
        }
        if self.reason.is_some() {
            self.bytes.truncate(MAX_REPORTED);
        }
    }

    fn end(mut self, limits: Limits) -> Result<RawCard, BrokenCard> {
        self.check(self.bytes.len(), 0, limits);
        match self.reason.take() {
            Some(reason) => Err(self.broken(reason)),
            None => Ok(RawCard {
                line: self.line,
                bytes: self.bytes,
            }),
        }
    }

    fn broken(self, reason: SplitReason) -> BrokenCard {
        let (reason, mut bytes) = (self.reason.unwrap_or(reason), self.bytes);
        if reason != SplitReason::NoEnd {
            bytes.truncate(MAX_REPORTED);
        }
        BrokenCard {
            line: self.line,
            reason,
            bytes,
        }
    }
}

/// Files that were put together can have the mark of UTF-8 before each card.
fn is_begin(line: &[u8]) -> bool {
    is_mark(line.strip_prefix(BOM).unwrap_or(line), b"BEGIN")
}

/// Whether the card of an `AGENT` follows.
fn is_agent(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    let Some(head) = text.strip_suffix(b":") else {
        return false;
    };
    let name = head.split(|byte| *byte == b';').next().unwrap_or_default();
    let name = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    name.eq_ignore_ascii_case(b"AGENT")
}

/// The lines of a text.
struct Lines<R> {
    text: Text<R>,
    /// The byte that ends a line, once the first end is seen.
    terminator: Option<u8>,
    /// Lines that were read.
    number: usize,
}

impl<R: BufRead> Lines<R> {
    /// Reads a line with its end, and adds at most `most` bytes of it to `line`. The bytes that it has; none at the end
    /// of the text.
    fn next(&mut self, line: &mut Vec<u8>, most: usize) -> io::Result<Option<usize>> {
        let mut length = 0;
        loop {
            let chunk = self.text.fill()?;
            if chunk.is_empty() {
                self.number += usize::from(length > 0);
                return Ok((length > 0).then_some(length));
            }
            let found = match self.terminator {
                Some(terminator) => memchr(terminator, chunk),
                None => memchr2(b'\n', b'\r', chunk),
            };
            let taken = found.map_or(chunk.len(), |place| place + 1);
            let end = chunk[taken - 1];
            let room = most.saturating_sub(length).min(taken);
            line.extend_from_slice(&chunk[..room]);
            length += taken;
            self.text.consume(taken);
            match (found, self.terminator) {
                (None, _) => {}
                (Some(_), None) if end == b'\r' => {
                    // The first end of a line says how all of them end.
                    let is_alone = self.text.fill()?.first() != Some(&b'\n');
                    self.terminator = Some(if is_alone { b'\r' } else { b'\n' });
                    if is_alone {
                        self.number += 1;
                        return Ok(Some(length));
                    }
                }
                (Some(_), _) => {
                    self.terminator.get_or_insert(end);
                    self.number += 1;
                    return Ok(Some(length));
                }
            }
        }
    }
}

/// A reader whose text is UTF-8, or whatever is no UTF-16.
struct Text<R> {
    reader: R,
    /// None before the first bytes are seen.
    utf16: Option<Option<Box<Decoder>>>,
    decoded: Vec<u8>,
    at: usize,
    is_over: bool,
}

impl<R: BufRead> Text<R> {
    fn fill(&mut self) -> io::Result<&[u8]> {
        if self.utf16.is_none() {
            self.open()?;
        }
        let Some(Some(decoder)) = &mut self.utf16 else {
            // The first bytes were taken to see what they are.
            if self.at < self.decoded.len() {
                return Ok(&self.decoded[self.at..]);
            }
            return fill(&mut self.reader);
        };
        while self.at == self.decoded.len() && !self.is_over {
            let chunk = fill(&mut self.reader)?;
            self.is_over = chunk.is_empty();
            let taken = chunk.len().min(CHUNK);
            self.decoded.resize(CHUNK * 3 + 16, 0);
            let (_, read, written, _) =
                decoder.decode_to_utf8(&chunk[..taken], &mut self.decoded, self.is_over);
            self.decoded.truncate(written);
            self.at = 0;
            self.reader.consume(read);
        }
        Ok(&self.decoded[self.at..])
    }

    fn open(&mut self) -> io::Result<()> {
        while self.decoded.len() < BOM.len() {
            let chunk = fill(&mut self.reader)?;
            let Some(first) = chunk.first() else {
                break;
            };
            self.decoded.push(*first);
            self.reader.consume(1);
            if self.decoded.len() == 2 {
                let encoding = match self.decoded.as_slice() {
                    b"\xFF\xFE" => UTF_16LE,
                    b"\xFE\xFF" => UTF_16BE,
                    _ => continue,
                };
                self.utf16 = Some(Some(Box::new(encoding.new_decoder_without_bom_handling())));
                self.decoded.clear();
                return Ok(());
            }
        }
        if self.decoded == BOM {
            self.decoded.clear();
        }
        self.utf16 = Some(None);
        Ok(())
    }

    fn consume(&mut self, length: usize) {
        if self.at < self.decoded.len() {
            self.at += length;
        } else {
            self.reader.consume(length);
        }
    }
}

fn fill<R: BufRead>(reader: &mut R) -> io::Result<&[u8]> {
    loop {
        match reader.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    reader.fill_buf()
}
