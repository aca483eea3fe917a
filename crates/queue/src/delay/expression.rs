//! Waits as arithmetic expressions.

use std::str::FromStr;
use std::time::Duration;

use super::MAX_RETRY_DELAY;

/// The longest expression, in bytes.
const MAX_EXPRESSION_BYTES: usize = 256;

/// The wait before a retry that a publisher asks for, as an expression in milliseconds.
///
/// An expression has numbers, `+ - * /`, parentheses, `retried` (0 before the first retry), the functions `pow`,
/// `sqrt`, `abs`, `exp`, `floor`, `ceil` and `round`, and `min` and `max` of any number of values. It has at most
/// 256 bytes.
///
/// ```
/// use std::time::Duration;
///
/// use kith_queue::delay::RetryDelay;
///
/// let delay = "min(60000, 1000 * pow(2, retried))".parse::<RetryDelay>()?;
/// assert_eq!(delay.after(0), Duration::from_secs(1));
/// assert_eq!(delay.after(3), Duration::from_secs(8));
/// assert_eq!(delay.after(10), Duration::from_secs(60));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// Folds the values from the left. One value is its own result.
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
            // The parser has checked the number of arguments.
            _ => f64::NAN,
        }
    }
}

/// The text is not an expression that [`RetryDelay`] describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an expression in milliseconds, such as 1000 * (1 + retried)")]
pub struct InvalidRetryDelay;

impl FromStr for RetryDelay {
    type Err = InvalidRetryDelay;

    fn from_str(text: &str) -> Result<Self, InvalidRetryDelay> {
        if text.len() > MAX_EXPRESSION_BYTES {
            return Err(InvalidRetryDelay);
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
    /// The wait before a retry, after `retried` retries. It is zero where the value is negative or no number, and
    /// at most a day.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
