//! The five fields of a cron expression.

use std::ops::RangeInclusive;

/// The text is no cron expression. The message names the field and what it takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidCron(pub(super) String);

pub(super) const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// What one field takes.
pub(super) struct Field {
    what: &'static str,
    numbers: RangeInclusive<u32>,
    /// Names of the numbers, in order.
    names: &'static [&'static str],
    /// Whether a range may go on over the end, as from Saturday to Monday.
    wraps: bool,
}

pub(super) const MINUTES: Field = Field {
    what: "minute",
    numbers: 0..=59,
    names: &[],
    wraps: false,
};
pub(super) const HOURS: Field = Field {
    what: "hour",
    numbers: 0..=23,
    names: &[],
    wraps: false,
};
pub(super) const DAYS: Field = Field {
    what: "day of the month",
    numbers: 1..=31,
    names: &[],
    wraps: false,
};
pub(super) const MONTHS_OF_YEAR: Field = Field {
    what: "month",
    numbers: 1..=12,
    names: &MONTHS,
    wraps: true,
};
/// 7 is Sunday too.
pub(super) const DAYS_OF_WEEK: Field = Field {
    what: "day of the week",
    numbers: 0..=6,
    names: &WEEKDAYS,
    wraps: true,
};

impl Field {
    /// The numbers that a text names, as bits.
    pub(super) fn parse(&self, text: &str) -> Result<u64, InvalidCron> {
        let (least, most) = (*self.numbers.start(), *self.numbers.end());
        let mut set = 0;
        for part in text.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => (range, Some(step.parse().map_err(|_| self.wrong(text))?)),
                None => (part, None),
            };
            let (from, to) = match range.split_once('-') {
                _ if range == "*" => (least, most),
                Some((from, to)) => (self.number(from, text)?, self.number(to, text)?),
                // With a step, a single number begins a range to the end.
                None if step.is_some() => (self.number(range, text)?, most),
                None => (self.number(range, text)?, self.number(range, text)?),
            };
            let length = most - least + 1;
            let to = if from <= to {
                to
            } else if self.wraps {
                to + length
            } else {
                return Err(InvalidCron(format!(
                    "the {} cannot be {text}, since {from} is after {to}; write {from}-{most},{least}-{to}",
                    self.what
                )));
            };
            let step = step.unwrap_or(1);
            if step == 0 {
                return Err(self.wrong(text));
            }
            set |= (from..=to).step_by(step).fold(0, |set, number| {
                set | 1 << (least + (number - least) % length)
            });
        }
        Ok(set)
    }

    /// A number of this field, by itself or by its name.
    fn number(&self, word: &str, text: &str) -> Result<u32, InvalidCron> {
        let mut named = self.names.iter().zip(self.numbers.clone());
        let number = match named.find(|(name, _)| **name == word) {
            Some((_, number)) => Some(number),
            None => word.parse().ok(),
        };
        let is_second_sunday = self.names == WEEKDAYS && number == Some(7);
        number
            .filter(|number| self.numbers.contains(number) || is_second_sunday)
            .ok_or_else(|| self.wrong(text))
    }

    fn wrong(&self, text: &str) -> InvalidCron {
        let (least, most) = (self.numbers.start(), self.numbers.end());
        let hint = if text
            .split([',', '-', '/'])
            .any(|word| self.is_extension(word))
        {
            ". L, W, # and ? are not supported"
        } else {
            ""
        };
        InvalidCron(format!(
            "the {} cannot be {text}; it is from {least} to {most}{hint}",
            self.what
        ))
    }

    /// Whether a word is an extension of other crons, such as the last Friday.
    fn is_extension(&self, word: &str) -> bool {
        let mut rests = self.names.iter().filter_map(|name| word.strip_prefix(name));
        let rest = rests.next().unwrap_or(word);
        let sign = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        sign.starts_with(['#', '?']) || matches!(sign, "l" | "w" | "lw")
    }
}
