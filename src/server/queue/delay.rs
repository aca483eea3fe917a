//! Spans of time as QStash writes them, and how long to wait before a message is sent again.
//!
//! Source: Upstash's documentation, "Retry" and "Delay".

use std::time::Duration;

/// The longest wait before a retry.
pub const LONGEST_RETRY: Duration = Duration::from_secs(24 * 3600);

/// `50s`, `1d10h30m`, `0.5s`; units are `d`, `h`, `m`, `s` and `ms`, each at most once and in this
/// order. `None` for anything else.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    let mut rest = text.trim();
    for (unit, seconds) in [
        ("d", 86_400.0),
        ("h", 3600.0),
        ("m", 60.0),
        ("s", 1.0),
        ("ms", 0.001),
    ] {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(0);
        let (number, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix(unit) else {
            continue;
        };
        if unit == "m" && after.starts_with('s') {
            continue;
        }
        let number: f64 = number.parse().ok()?;
        sum = sum.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = after;
    }
    let any = rest.len() < text.trim().len();
    (any && rest.is_empty()).then_some(sum)
}

/// The wait before retry number `retried`, counted from 1, where the message says nothing:
/// e^(2.5 n) seconds, which is 12 s, 2 m 28 s, 30 m, 6 h, and then a day.
pub fn backoff(retried: u32) -> Duration {
    let seconds = (2.5 * f64::from(retried)).exp();
    Duration::try_from_secs_f64(seconds).map_or(LONGEST_RETRY, |wait| wait.min(LONGEST_RETRY))
}

/// A wait that a message asks for, as an expression in milliseconds: numbers, `+ - * /`, parentheses,
/// `retried` (0 before the first retry), and `pow`, `sqrt`, `abs`, `exp`, `floor`, `ceil`, `round`,
/// `min` and `max`.
#[derive(Clone, Debug)]
pub struct RetryDelay(Expression);

#[derive(Clone, Debug)]
enum Expression {
    Number(f64),
    Retried,
    Binary(char, Box<Expression>, Box<Expression>),
    Call(fn(f64, f64) -> f64, Box<Expression>, Box<Expression>),
}

/// Longer expressions are not understood.
const LONGEST_EXPRESSION: usize = 256;

impl RetryDelay {
    /// `None` for what is no such expression.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST_EXPRESSION {
            return None;
        }
        let mut parser = Parser { rest: text };
        let expression = parser.sum()?;
        parser.skip_blanks();
        parser.rest.is_empty().then_some(Self(expression))
    }

    /// The wait before a retry; what is negative or no number is no wait, and none is longer than a
    /// day.
    pub fn after(&self, retried: u32) -> Duration {
        let milliseconds = self
            .0
            .value(f64::from(retried))
            .clamp(0.0, LONGEST_RETRY.as_millis() as f64);
        Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default()
    }
}

impl Expression {
    fn value(&self, retried: f64) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Retried => retried,
            Self::Binary(operator, left, right) => {
                let (left, right) = (left.value(retried), right.value(retried));
                match operator {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    _ => left / right,
                }
            }
            Self::Call(function, first, second) => {
                function(first.value(retried), second.value(retried))
            }
        }
    }
}

/// Recursive descent. The length of the text bounds the depth.
struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn sum(&mut self) -> Option<Expression> {
        let mut left = self.product()?;
        while let Some(operator) = self.one_of(&['+', '-']) {
            left = Expression::Binary(operator, left.into(), self.product()?.into());
        }
        Some(left)
    }

    fn product(&mut self) -> Option<Expression> {
        let mut left = self.factor()?;
        while let Some(operator) = self.one_of(&['*', '/']) {
            left = Expression::Binary(operator, left.into(), self.factor()?.into());
        }
        Some(left)
    }

    fn factor(&mut self) -> Option<Expression> {
        if self.one_of(&['-']).is_some() {
            let zero = Expression::Number(0.0);
            return Some(Expression::Binary('-', zero.into(), self.factor()?.into()));
        }
        if self.one_of(&['(']).is_some() {
            let inner = self.sum()?;
            return self.one_of(&[')']).map(|_| inner);
        }
        let word = self.take_while(|c| c.is_ascii_alphabetic());
        if !word.is_empty() {
            return self.named(&word);
        }
        let number = self.take_while(|c| c.is_ascii_digit() || c == '.');
        number.parse().ok().map(Expression::Number)
    }

    fn named(&mut self, word: &str) -> Option<Expression> {
        let (function, arguments): (fn(f64, f64) -> f64, usize) = match word {
            "retried" => return Some(Expression::Retried),
            "pow" => (f64::powf, 2),
            "min" => (f64::min, 2),
            "max" => (f64::max, 2),
            "sqrt" => (|x, _| x.sqrt(), 1),
            "abs" => (|x, _| x.abs(), 1),
            "exp" => (|x, _| x.exp(), 1),
            "floor" => (|x, _| x.floor(), 1),
            "ceil" => (|x, _| x.ceil(), 1),
            "round" => (|x, _| x.round(), 1),
            _ => return None,
        };
        self.one_of(&['('])?;
        let first = self.sum()?;
        let second = if arguments == 2 {
            self.one_of(&[','])?;
            self.sum()?
        } else {
            Expression::Number(0.0)
        };
        self.one_of(&[')'])?;
        Some(Expression::Call(function, first.into(), second.into()))
    }

    fn one_of(&mut self, signs: &[char]) -> Option<char> {
        self.skip_blanks();
        let sign = self
            .rest
            .chars()
            .next()
            .filter(|sign| signs.contains(sign))?;
        self.rest = &self.rest[1..];
        Some(sign)
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> String {
        self.skip_blanks();
        let end = self.rest.find(|c| !belongs(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }
}

/// What a receiver asks for in its answer: seconds, a date as HTTP writes it, or a span such as
/// `6m5s`. `None` if it asks for nothing that is understood, or for more than a day.
pub fn asked_for(value: &str, now: jiff::Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if let Ok(seconds) = value.parse::<f64>() {
        Duration::try_from_secs_f64(seconds).ok()?
    } else if let Some(span) = parse_duration(value) {
        span
    } else {
        let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
        Duration::try_from(date.duration_since(now)).unwrap_or_default()
    };
    (wait <= LONGEST_RETRY).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time() {
        for (text, seconds) in [
            ("50s", Some(50)),
            ("1d10h30m", Some(86_400 + 36_000 + 1800)),
            (" 2m ", Some(120)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("s", None),
            ("5s3m", None),
            ("1h1h", None),
            ("-5s", None),
            ("0.5s", Some(0)),
            ("1500ms", Some(1)),
            ("1m2s500ms", Some(62)),
            (".s", None),
            ("99999999999999999999d", None),
            ("5\u{e9}", None),
        ] {
            assert_eq!(
                parse_duration(text).map(|span| span.as_secs()),
                seconds,
                "{text}"
            );
        }
    }

    #[test]
    fn the_usual_waits_are_those_of_the_documentation() {
        let waits = [1, 2, 3, 4, 5, 1000].map(|retried| backoff(retried).as_secs());
        assert_eq!(waits, [12, 148, 1808, 22_026, 86_400, 86_400]);
    }

    #[test]
    fn expressions() {
        for (text, retried, milliseconds) in [
            ("1000", 3, 1000),
            ("1000 * (1 + retried)", 2, 3000),
            ("pow(2, retried) * 100", 4, 1600),
            ("max(min(5, retried), 2) + sqrt(16) - abs(-1)", 9, 8),
            ("round(exp(1)) + floor(1.9) + ceil(1.1)", 0, 6),
            ("10 - 5 - 3", 0, 2),
            ("-5", 0, 0),
            ("0 / 0", 0, 0),
            ("1 / 0", 0, 86_400_000),
        ] {
            let delay = RetryDelay::parse(text).expect(text);
            assert_eq!(
                delay.after(retried),
                Duration::from_millis(milliseconds),
                "{text}"
            );
        }
        for text in [
            "",
            "1 +",
            "two",
            "pow(1)",
            "(1",
            "1)",
            "1 2",
            "sqrt(1, 2)",
            "retried()",
            "\u{e9}",
        ] {
            assert!(RetryDelay::parse(text).is_none(), "{text}");
        }
        assert!(RetryDelay::parse(&"(".repeat(300)).is_none());
    }

    #[test]
    fn what_receivers_ask_for() {
        let now = "2026-11-22T05:29:00Z".parse().expect("a time");
        for (value, seconds) in [
            ("120", Some(120)),
            ("6m5s", Some(365)),
            ("Sun, 22 Nov 2026 05:30:00 GMT", Some(60)),
            ("Sun, 22 Nov 2026 05:00:00 GMT", Some(0)),
            ("86401", None),
            ("-1", None),
            ("NaN", None),
            ("soon", None),
        ] {
            assert_eq!(
                asked_for(value, now).map(|wait| wait.as_secs()),
                seconds,
                "{value}"
            );
        }
    }
}
