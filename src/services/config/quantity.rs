//! Numbers, spans of time and sizes.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The longest unit first; see [`format_quantity`].
const TIME_UNITS: &[(&str, u64)] = &[("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
/// A year, in milliseconds: far from every overflow when it is added to a clock.
const MAX_MILLISECONDS: u64 = 8_760 * 3_600_000;

/// The largest unit first; see [`format_quantity`].
const BYTE_UNITS: &[(&str, u64)] = &[
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
    ("", 1),
];

/// The text is not such a quantity, or the quantity is out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number with a unit, or out of range")]
pub struct InvalidQuantity;

/// A span of time as an operator writes it, from 1ms to 8760h: one whole number and one unit, for example
/// `1m` or `500ms`.
///
/// The queue reads spans by two grammars of its own, those of QStash's headers and of Go
/// ([`queue::delay`](kith_queue::delay)). They take days, fractions and sums, which the
/// configuration refuses: an operator who writes `1d` or `1.5s` learns the units at the start. A parser of
/// all three would either accept more here or refuse what clients of QStash send.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let milliseconds = parse_quantity(text, TIME_UNITS)?;
    (1..=MAX_MILLISECONDS)
        .contains(&milliseconds)
        .then(|| Duration::from_millis(milliseconds))
}

/// The text that [`parse_duration`] reads back.
pub fn format_duration(duration: Duration) -> String {
    format_quantity(duration.as_millis() as u64, TIME_UNITS)
}

/// The number that `text` gives, in the smallest of `units`.
fn parse_quantity(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end_of_digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = text.strip_suffix(end_of_digits)?;
    let (_, factor) = units.iter().find(|(unit, _)| *unit == end_of_digits)?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// The quantity in the largest unit that leaves no remainder.
fn format_quantity(quantity: u64, units: &[(&str, u64)]) -> String {
    units
        .iter()
        .find(|(_, factor)| quantity.is_multiple_of(*factor))
        .map(|(unit, factor)| format!("{}{unit}", quantity / factor))
        .unwrap_or_default()
}

/// A span of time that may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        if ["0ms", "0s", "0m", "0h"].contains(&text) {
            return Ok(Self(Duration::ZERO));
        }
        parse_duration(text).map(Self).ok_or(InvalidQuantity)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_zero() {
            f.write_str("0s")
        } else {
            f.write_str(&format_duration(self.0))
        }
    }
}

/// How often something asks for news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll(Duration);

impl Poll {
    /// From 2 seconds to an hour.
    pub fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Poll {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let possible = Duration::from_secs(2)..=Duration::from_secs(3600);
        let period = parse_duration(text).filter(|period| possible.contains(period));
        period.map(Self).ok_or(InvalidQuantity)
    }
}

impl fmt::Display for Poll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_duration(self.0))
    }
}

/// A number of bytes, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(usize);

impl ByteSize {
    pub const fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub fn bytes(self) -> usize {
        self.0
    }
}

impl FromStr for ByteSize {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let bytes = parse_quantity(text, BYTE_UNITS).ok_or(InvalidQuantity)?;
        match usize::try_from(bytes) {
            Ok(bytes) if bytes > 0 => Ok(Self(bytes)),
            _ => Err(InvalidQuantity),
        }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_quantity(self.0 as u64, BYTE_UNITS))
    }
}

/// A number that may be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub u32);

impl FromStr for Count {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let number = text.parse().ok().filter(|number| *number <= 1000);
        number.map(Self).ok_or(InvalidQuantity)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(u8);

impl Percent {
    /// From 1 to 100.
    pub fn new(percent: u8) -> Option<Self> {
        (1..=100).contains(&percent).then_some(Self(percent))
    }

    /// The part of so many, rounded up.
    pub fn of(self, many: usize) -> usize {
        many.saturating_mul(self.0.into()).div_ceil(100)
    }
}

impl FromStr for Percent {
    type Err = InvalidQuantity;

    fn from_str(text: &str) -> Result<Self, InvalidQuantity> {
        let digits = text.strip_suffix('%').ok_or(InvalidQuantity)?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidQuantity);
        }
        let percent = digits.parse().ok().and_then(Self::new);
        percent.ok_or(InvalidQuantity)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}
