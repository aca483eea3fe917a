//! What an operator sees of a command that takes long.

use std::io::Write;
use std::time::Duration;
use std::time::Instant;

use crate::services::format;

/// The characters of a bar.
const WIDTH: u64 = 30;

/// The shortest pause between two drawings of a bar.
const PAUSE: Duration = Duration::from_millis(100);

/// Writes down how far a command is: a bar that is drawn again and again on a terminal, and a line for each step elsewhere.
/// An output that cannot be written to is ignored.
pub struct Progress {
    output: Box<dyn Write + Send>,
    is_terminal: bool,
    step: String,
    unit: &'static str,
    done: u64,
    total: u64,
    drawn: Option<Instant>,
}

impl Progress {
    pub fn new(output: impl Write + Send + 'static, is_terminal: bool) -> Self {
        Self {
            output: Box::new(output),
            is_terminal,
            step: String::new(),
            unit: "",
            done: 0,
            total: 0,
            drawn: None,
        }
    }

    /// Writes a line.
    pub fn say(&mut self, line: &str) {
        let _ = writeln!(self.output, "{line}");
    }

    /// Tells an operator at a terminal which step is under way.
    pub fn wait(&mut self, for_what: &str) {
        if self.is_terminal {
            let _ = write!(self.output, "\r\x1b[K{for_what} …");
            let _ = self.output.flush();
        }
    }

    /// Begins a step of so many rows, or of another unit in the singular.
    pub fn begin(&mut self, step: String, unit: &'static str, total: u64) {
        self.step = step;
        self.unit = unit;
        self.done = 0;
        self.total = total;
        self.drawn = None;
        self.draw();
    }

    /// More units of the step are done.
    pub fn advance(&mut self, units: u64) {
        self.done += units;
        if self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE) {
            self.draw();
        }
    }

    /// The step is done.
    pub fn end(&mut self) {
        let line = format!("{}: {}", self.step, format::count(self.done, self.unit));
        self.clear();
        self.say(&line);
    }

    /// Takes an unfinished bar away, so that a sentence can stand there.
    pub fn clear(&mut self) {
        if self.is_terminal {
            let _ = write!(self.output, "\r\x1b[K");
        }
    }

    fn draw(&mut self) {
        if !self.is_terminal {
            return;
        }
        let done = self.done.min(self.total);
        let full = (done * WIDTH).checked_div(self.total).unwrap_or(WIDTH) as usize;
        let bar = format!("{:-<width$}", "#".repeat(full), width = WIDTH as usize);
        let (done, total) = (format::number(self.done), format::number(self.total));
        let _ = write!(
            self.output,
            "\r\x1b[K{}: [{bar}] {done} of {total}",
            self.step
        );
        let _ = self.output.flush();
        self.drawn = Some(Instant::now());
    }
}
