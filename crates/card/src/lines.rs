//! The index of a card: where each line begins, where it ends and what it is called. It is what keeps the bytes: an
//! edit copies the spans that it does not touch.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr;

use crate::error::{Limits, ParseError, Reason};
use crate::version::Version;

/// The mark of UTF-8 at the beginning of a file.
pub(crate) const BOM: &[u8] = b"\xEF\xBB\xBF";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Begin,
    Property,
    /// A line of a card inside of this card.
    Inner,
    Blank,
    End,
}

/// One line with all that continues it.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) kind: Kind,
    /// With the end of the line.
    pub(crate) span: Range<usize>,
    /// The name without its group.
    pub(crate) name: Range<usize>,
    pub(crate) group: Option<Range<usize>>,
    /// A line of quoted-printable is continued by `=` at its end.
    pub(crate) quoted_printable: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Index {
    pub(crate) lines: Vec<Line>,
    pub(crate) version: Version,
    pub(crate) line_end: &'static [u8],
    /// The byte that ends a line of the text.
    pub(crate) terminator: u8,
}

/// A line as it stands in the text: without its end, and where the next begins.
struct Physical {
    content: Range<usize>,
    next: usize,
}

struct Indexer<'a> {
    bytes: &'a [u8],
    terminator: u8,
    at: usize,
    number: usize,
    max_lines: usize,
    lines: Vec<Line>,
    version: Option<Version>,
    /// How many cards inside of this one are open.
    depth: usize,
    /// The line before was an `AGENT` whose card follows.
    awaits_inner: bool,
    first_inner: usize,
}

pub(crate) fn index(bytes: &[u8], limits: Limits) -> Result<Index, ParseError> {
    let fail = |line, reason| Err(ParseError { line, reason });
    if bytes.len() > limits.max_bytes {
        return fail(1, Reason::TooLarge(limits.max_bytes));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return fail(1, Reason::Utf16);
    }
    if let Some(place) = memchr(0, bytes) {
        let before = &bytes[..place];
        return fail(1 + memchr::memchr_iter(b'\n', before).count(), Reason::Nul);
    }
    let has_feeds = memchr(b'\n', bytes).is_some();
    let mut indexer = Indexer {
        bytes,
        // Old Macs end a line with a carriage return alone.
        terminator: if has_feeds { b'\n' } else { b'\r' },
        at: if bytes.starts_with(BOM) { BOM.len() } else { 0 },
        number: 0,
        max_lines: limits.max_lines,
        lines: Vec::new(),
        version: None,
        depth: 0,
        awaits_inner: false,
        first_inner: 0,
    };
    indexer.run()?;
    Ok(Index {
        line_end: line_end(bytes, &indexer.lines),
        version: indexer.version.unwrap_or_default(),
        terminator: indexer.terminator,
        lines: indexer.lines,
    })
}

/// What ends the first line of a card is what ends the lines that are added to it.
fn line_end(bytes: &[u8], lines: &[Line]) -> &'static [u8] {
    let begin = lines.iter().find(|line| line.kind == Kind::Begin);
    let text = begin.map_or(&b""[..], |line| &bytes[line.span.clone()]);
    match text {
        [.., b'\r', b'\n'] => b"\r\n",
        [.., b'\n'] => b"\n",
        [.., b'\r'] => b"\r",
        _ => b"\r\n",
    }
}

impl Indexer<'_> {
    fn run(&mut self) -> Result<(), ParseError> {
        let mut begun = false;
        let mut begun_at = 1;
        while self.at < self.bytes.len() {
            let first = self.peek();
            if self.is_blank(&first.content) {
                let span = self.at..first.next;
                self.take(&first)?;
                self.push(Kind::Blank, span, &Head::default());
                continue;
            }
            if !begun {
                if !is_mark(&self.bytes[first.content.clone()], b"BEGIN") {
                    self.number += 1;
                    return self.fail(Reason::NoBegin);
                }
                let span = self.at..first.next;
                self.take(&first)?;
                self.push(Kind::Begin, span, &Head::default());
                begun = true;
                begun_at = self.number;
                continue;
            }
            if self.line(first)? {
                return self.rest();
            }
        }
        let (line, reason) = match (begun, self.depth) {
            (false, _) => (1, Reason::Empty),
            (true, 0) => (begun_at, Reason::NoEnd),
            (true, _) => (self.first_inner, Reason::NoInnerEnd),
        };
        Err(ParseError { line, reason })
    }

    /// Reads one line with what continues it. True: it ends the card.
    fn line(&mut self, first: Physical) -> Result<bool, ParseError> {
        let content = &self.bytes[first.content.clone()];
        let span = self.at..first.next;
        if is_mark(content, b"BEGIN") {
            if !self.awaits_inner && self.depth == 0 {
                self.number += 1;
                return self.fail(Reason::NoEnd);
            }
            self.take(&first)?;
            if self.depth == 0 {
                self.first_inner = self.number;
            }
            self.depth += 1;
            self.awaits_inner = false;
            self.push(Kind::Inner, span, &Head::default());
            return Ok(false);
        }
        if is_mark(content, b"END") {
            self.take(&first)?;
            let is_inner = self.depth > 0;
            self.depth = self.depth.saturating_sub(1);
            let kind = if is_inner { Kind::Inner } else { Kind::End };
            self.push(kind, span, &Head::default());
            return Ok(!is_inner);
        }
        let start = self.at;
        let number = self.number + 1;
        self.take(&first)?;
        let mut head = self.head(start, first.content.clone());
        let mut last = first.content;
        while let Some(next) = self.continuation(&head, &last) {
            self.take(&next)?;
            if !head.is_complete && memchr(b':', &self.bytes[next.content.clone()]).is_some() {
                head = self.head(start, start..next.content.end);
            }
            last = next.content;
        }
        if self.depth > 0 {
            self.push(Kind::Inner, start..self.at, &head);
            return Ok(false);
        }
        let reason = match (head.is_complete, head.name.is_empty()) {
            (false, _) => Some(Reason::NoColon),
            (true, true) => Some(Reason::NoName),
            _ => None,
        };
        if let Some(reason) = reason {
            return Err(ParseError {
                line: number,
                reason,
            });
        }
        self.push(Kind::Property, start..self.at, &head);
        self.property(number)?;
        Ok(false)
    }

    /// What the names of some properties mean for the lines that follow.
    fn property(&mut self, number: usize) -> Result<(), ParseError> {
        let Some(line) = self.lines.last() else {
            return Ok(());
        };
        let name = &self.bytes[line.name.clone()];
        if name.eq_ignore_ascii_case(b"VERSION") {
            let text = unfold(self.bytes, line, self.terminator);
            let value = memchr(b':', &text).map_or(&b""[..], |colon| &text[colon + 1..]);
            let Some(version) = Version::read(value) else {
                return Err(ParseError {
                    line: number,
                    reason: Reason::UnknownVersion,
                });
            };
            if self.version.is_some_and(|before| before != version) {
                return Err(ParseError {
                    line: number,
                    reason: Reason::TwoVersions,
                });
            }
            self.version = Some(version);
        }
        self.awaits_inner = name.eq_ignore_ascii_case(b"AGENT")
            && self.bytes[line.span.clone()]
                .trim_ascii_end()
                .ends_with(b":");
        Ok(())
    }

    /// Behind the end there may be white space.
    fn rest(&mut self) -> Result<(), ParseError> {
        while self.at < self.bytes.len() {
            let next = self.peek();
            let span = self.at..next.next;
            if !self.is_blank(&next.content) {
                self.number += 1;
                return self.fail(Reason::TextBehind);
            }
            self.take(&next)?;
            self.push(Kind::Blank, span, &Head::default());
        }
        Ok(())
    }

    fn fail<T>(&self, reason: Reason) -> Result<T, ParseError> {
        Err(ParseError {
            line: self.number,
            reason,
        })
    }

    fn is_blank(&self, content: &Range<usize>) -> bool {
        self.bytes[content.clone()].trim_ascii().is_empty()
    }

    fn peek(&self) -> Physical {
        physical(self.bytes, self.at, self.terminator)
    }

    fn take(&mut self, line: &Physical) -> Result<(), ParseError> {
        self.number += 1;
        self.at = line.next;
        if self.number > self.max_lines {
            return self.fail(Reason::TooManyLines(self.max_lines));
        }
        Ok(())
    }

    fn push(&mut self, kind: Kind, span: Range<usize>, head: &Head) {
        self.lines.push(Line {
            kind,
            span,
            name: head.name.clone(),
            group: head.group.clone(),
            quoted_printable: head.quoted_printable,
        });
    }

    /// The next line where it continues the one before.
    fn continuation(&self, head: &Head, last: &Range<usize>) -> Option<Physical> {
        if self.at >= self.bytes.len() {
            return None;
        }
        let next = self.peek();
        let content = &self.bytes[next.content.clone()];
        let is_soft = head.quoted_printable && self.bytes[last.clone()].ends_with(b"=");
        if is_soft {
            // A last `=` that continues nothing does not hide the end of the card.
            return (!is_mark(content, b"END")).then_some(next);
        }
        if content
            .first()
            .is_some_and(|first| matches!(first, b' ' | b'\t'))
        {
            // Behind base64 there is a line of white space: it ends the value, and belongs to it.
            return Some(next);
        }
        // Base64 that is not folded, as some phones write it: it has no colon.
        let is_base64 = head.base64 && !content.is_empty() && memchr(b':', content).is_none();
        is_base64.then_some(next)
    }

    fn head(&self, start: usize, content: Range<usize>) -> Head {
        let text = &self.bytes[start..content.end];
        let Some(colon) = colon(text) else {
            return Head::default();
        };
        let head = &text[..colon];
        let end = memchr(b';', head).unwrap_or(head.len());
        let dot = head[..end].iter().position(|byte| *byte == b'.');
        let name = start + dot.map_or(0, |dot| dot + 1)..start + end;
        let mut found = Head {
            is_complete: true,
            name,
            group: dot.map(|dot| start..start + dot),
            ..Head::default()
        };
        for parameter in head[end..].split(|byte| *byte == b';') {
            let encoding = match memchr(b'=', parameter) {
                Some(sign) if parameter[..sign].eq_ignore_ascii_case(b"ENCODING") => {
                    &parameter[sign + 1..]
                }
                Some(_) => continue,
                None => parameter,
            };
            let encoding = encoding.trim_ascii();
            found.quoted_printable |= encoding.eq_ignore_ascii_case(b"QUOTED-PRINTABLE");
            found.base64 |=
                encoding.eq_ignore_ascii_case(b"BASE64") || encoding.eq_ignore_ascii_case(b"B");
        }
        found
    }
}

#[derive(Default)]
struct Head {
    is_complete: bool,
    name: Range<usize>,
    group: Option<Range<usize>>,
    quoted_printable: bool,
    base64: bool,
}

/// Where the value begins: the first colon that no quotes hide, or else the first.
pub(crate) fn colon(text: &[u8]) -> Option<usize> {
    let mut is_quoted = false;
    for (place, byte) in text.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b':' if !is_quoted => return Some(place),
            _ => {}
        }
    }
    memchr(b':', text)
}

/// Whether a line is `BEGIN:VCARD` or `END:VCARD`.
pub(crate) fn is_mark(content: &[u8], word: &[u8]) -> bool {
    if content.len() < word.len() || !content[..word.len()].eq_ignore_ascii_case(word) {
        return false;
    }
    let rest = content[word.len()..].trim_ascii();
    let Some(value) = rest.strip_prefix(b":") else {
        return false;
    };
    value.trim_ascii().eq_ignore_ascii_case(b"VCARD")
}

fn physical(bytes: &[u8], at: usize, terminator: u8) -> Physical {
    let Some(length) = memchr(terminator, &bytes[at..]) else {
        return Physical {
            content: at..bytes.len(),
            next: bytes.len(),
        };
    };
    let end = at + length;
    let has_return = terminator == b'\n' && end > at && bytes[end - 1] == b'\r';
    Physical {
        content: at..end - usize::from(has_return),
        next: end + 1,
    }
}

/// The text of a line without its end, its folds and its soft breaks.
pub(crate) fn unfold<'a>(bytes: &'a [u8], line: &Line, terminator: u8) -> Cow<'a, [u8]> {
    let text = &bytes[line.span.clone()];
    let first = physical(text, 0, terminator);
    if first.next == text.len() {
        let content = &text[first.content];
        return Cow::Borrowed(match content {
            [before @ .., b'='] if line.quoted_printable => before,
            _ => content,
        });
    }
    let mut whole = Vec::with_capacity(text.len());
    let mut at = 0;
    let mut is_soft = true;
    while at < text.len() {
        let next = physical(text, at, terminator);
        let mut content = &text[next.content];
        if at > 0 && !is_soft && matches!(content.first(), Some(b' ' | b'\t')) {
            content = &content[1..];
        }
        is_soft = line.quoted_printable && content.ends_with(b"=");
        whole.extend_from_slice(&content[..content.len() - usize::from(is_soft)]);
        at = next.next;
    }
    Cow::Owned(whole)
}

impl Index {
    pub(crate) fn empty() -> Self {
        Self {
            lines: Vec::new(),
            version: Version::default(),
            line_end: b"\r\n",
            terminator: b'\n',
        }
    }
}
