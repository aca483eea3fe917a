//! Spans of time as QStash writes them, and how long to wait before a message is sent again.
//!
//! Source: Upstash's documentation, "Retry" and "Delay".

use std::str::FromStr;
use std::time::Duration;

use axum::http::HeaderMap;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// The longest wait before a retry.
pub const MAX_RETRY_DELAY: Duration = Duration::from_secs(24 * 3600);

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

/// A span as Go writes it, such as `6m5s`, `1.5h` or `500us`: numbers with units, in any order. Days are
/// understood as well. `None` for anything else.
fn parse_span(text: &str) -> Option<Duration> {
    const UNITS: [(&str, f64); 9] = [
        ("ns", 1e-9),
        ("us", 1e-6),
        // The micro sign, and the Greek letter that looks like it.
        ("\u{b5}s", 1e-6),
        ("\u{3bc}s", 1e-6),
        ("ms", 1e-3),
        ("s", 1.0),
        ("m", 60.0),
        ("h", 3600.0),
        ("d", 86_400.0),
    ];
    let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
    let mut sum = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let (number, after) = rest.split_at(rest.find(|c| !is_of_number(c))?);
        let (unit, after) = after.split_at(after.find(is_of_number).unwrap_or(after.len()));
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let number: f64 = number.parse().ok()?;
        sum = sum.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(sum)
}

/// The wait before retry number `retried`, counted from 1, where the message says nothing:
/// e^(2.5 n) seconds, which is 12 s, 2 m 28 s, 30 m, 6 h, and then a day.
pub fn backoff(retried: u32) -> Duration {
    let seconds = (2.5 * f64::from(retried)).exp();
    Duration::try_from_secs_f64(seconds).map_or(MAX_RETRY_DELAY, |wait| wait.min(MAX_RETRY_DELAY))
}

/// A wait that a message asks for, as an expression in milliseconds: numbers, `+ - * /`, parentheses,
/// `retried` (0 before the first retry), and `pow`, `sqrt`, `abs`, `exp`, `floor`, `ceil`, `round`, and
/// `min` and `max` of any number of values.
#[derive(Clone, Debug)]
pub struct RetryDelay(Expression);

#[derive(Clone, Debug)]
enum Expression {
    Number(f64),
    Retried,
    Binary(char, Box<Expression>, Box<Expression>),
    Call(Function, Vec<Expression>),
}

#[derive(Clone, Copy, Debug)]
enum Function {
    Of1(fn(f64) -> f64),
    Of2(fn(f64, f64) -> f64),
    /// One value is its own result; each further one is taken with the result so far.
    OfMany(fn(f64, f64) -> f64),
}

impl Function {
    fn takes(self, arguments: usize) -> bool {
        match self {
            Self::Of1(_) => arguments == 1,
            Self::Of2(_) => arguments == 2,
            Self::OfMany(_) => arguments >= 1,
        }
    }

    fn value(self, arguments: &[f64]) -> f64 {
        match (self, arguments) {
            (Self::Of1(function), [x]) => function(*x),
            (Self::Of2(function), [x, y]) => function(*x, *y),
            (Self::OfMany(function), [first, rest @ ..]) => rest
                .iter()
                .fold(*first, |so_far, next| function(so_far, *next)),
            // What it takes was counted when it was parsed.
            _ => f64::NAN,
        }
    }
}

/// Longer expressions are not understood.
const MAX_EXPRESSION_BYTES: usize = 256;

impl RetryDelay {
    /// `None` for what is no such expression.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_EXPRESSION_BYTES {
            return None;
        }
        let mut parser = Parser { rest: text };
        let expression = parser.sum().ok_or(InvalidRetryDelay)?;
        parser.skip_blanks();
        if !parser.rest.is_empty() {
            return Err(InvalidRetryDelay);
        }
        Ok(Self(expression))
    }
}

impl RetryDelay {
    /// The wait before a retry; what is negative or no number is no wait, and none is longer than a
    /// day.
    pub fn after(&self, retried: u32) -> Duration {
        let milliseconds = self
            .0
            .value(f64::from(retried))
            .clamp(0.0, MAX_RETRY_DELAY.as_millis() as f64);
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
            Self::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| argument.value(retried));
                function.value(&arguments.collect::<Vec<f64>>())
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
        let function = match word {
            "retried" => return Some(Expression::Retried),
            "pow" => Function::Of2(f64::powf),
            "min" => Function::OfMany(f64::min),
            "max" => Function::OfMany(f64::max),
            "sqrt" => Function::Of1(f64::sqrt),
            "abs" => Function::Of1(f64::abs),
            "exp" => Function::Of1(f64::exp),
            "floor" => Function::Of1(f64::floor),
            "ceil" => Function::Of1(f64::ceil),
            "round" => Function::Of1(f64::round),
            _ => return None,
        };
        self.one_of(&['('])?;
        let mut arguments = vec![self.sum()?];
        while self.one_of(&[',']).is_some() {
            arguments.push(self.sum()?);
        }
        self.one_of(&[')'])?;
        function
            .takes(arguments.len())
            .then_some(Expression::Call(function, arguments))
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

/// Which day of the week a date claims to be does not matter, though it be wrong.
const DATES: DateTimeParser = DateTimeParser::new().relaxed_weekday(true);

/// What a receiver asks for in one of these headers of its answer: the first of them that is understood.
pub fn retry_after(headers: &HeaderMap, names: &[&str], now: Timestamp) -> Option<Duration> {
    let asked = |name: &&str| {
        // Not all of it need be ASCII.
        let value = String::from_utf8_lossy(headers.get(*name)?.as_bytes());
        parse_retry_after(&value, now)
    };
    names.iter().find_map(asked)
}

/// What a receiver asks for in its answer: seconds, a date as HTTP writes it, or a span such as
/// `6m5s` or `500us`. `None` if it asks for nothing that is understood, or for more than a day.
fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if let Ok(seconds) = value.parse::<f64>() {
        Duration::try_from_secs_f64(seconds).ok()?
    } else if let Some(span) = parse_span(value) {
        span
    } else {
        let date = DATES.parse_timestamp(value).ok()?;
        Duration::try_from(date.duration_since(now)).unwrap_or_default()
    };
    (wait <= MAX_RETRY_DELAY).then_some(wait)
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
            ("max(1, 2000, 30) + min(7, 5, 6, 9)", 0, 2005),
            ("max(retried * 10, 20)", 3, 30),
            ("min(4) + max(3)", 0, 7),
            ("min(1000, max(10, 20, 30), 40)", 0, 30),
            ("round(exp(1)) + floor(1.9) + ceil(1.1)", 0, 6),
            ("10 - 5 - 3", 0, 2),
            ("-5", 0, 0),
            ("0 / 0", 0, 0),
            ("1 / 0", 0, 86_400_000),
        ] {
            let delay: RetryDelay = text.parse().expect(text);
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
            "pow(1, 2, 3)",
            "max()",
            "min(1, )",
            "max(1 2)",
            "retried()",
            "\u{e9}",
        ] {
            assert!(text.parse::<RetryDelay>().is_err(), "{text}");
        }
        assert!("(".repeat(300).parse::<RetryDelay>().is_err());
    }

    #[test]
    fn what_receivers_ask_for() {
        let now = "2026-11-22T05:29:00Z".parse().expect("a time");
        for (value, seconds) in [
            ("120", Some(120)),
            ("6m5s", Some(365)),
            ("Sun, 22 Nov 2026 05:30:00 GMT", Some(60)),
            ("Sun, 22 Nov 2026 05:00:00 GMT", Some(0)),
            // Its day of the week is wrong, as in QStash's own documentation.
            ("Mon, 22 Nov 2026 05:30:00 GMT", Some(60)),
            ("500us", Some(0)),
            ("500\u{b5}s", Some(0)),
            ("500\u{3bc}s", Some(0)),
            ("2500000us", Some(2)),
            ("3000000000ns", Some(3)),
            ("1500ms", Some(1)),
            ("1.5h", Some(5400)),
            ("5s6m", Some(365)),
            ("1d", Some(86_400)),
            ("1d1s", None),
            ("5", Some(5)),
            ("5x", None),
            ("s", None),
            ("5s3", None),
            ("", None),
            ("99999999999999999999h", None),
            ("86401", None),
            ("-1", None),
            ("NaN", None),
            ("soon", None),
        ] {
            assert_eq!(
                parse_retry_after(value, now).map(|wait| wait.as_secs()),
                seconds,
                "{value}"
            );
        }
    }
}
