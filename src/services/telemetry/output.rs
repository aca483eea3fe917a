//! Standard output, as a log needs it: no caller waits for it, and no fault of it ends Kith.
//!
//! Lines go into a buffer of bounded size, and one thread writes what has come together. After it has written, it
//! lets lines come together for [`WRITE_INTERVAL`], unless the buffer is half full or a caller waits for its lines.
//! A line that the buffer has no room for, or that cannot be written, is lost and counted. The end of Kith waits
//! for the last lines. A kill loses those of the last interval.

use std::io;
use std::io::ErrorKind;
use std::io::Write;
use std::mem;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::thread;
use std::time::Duration;

use kith_runtime::ComponentHealth;
use kith_runtime::HealthRecorder;
use tracing_subscriber::fmt::MakeWriter;

/// The most bytes that wait to be written: some thousand lines.
const MAX_QUEUED_BYTES: usize = 1024 * 1024;

/// How long the writing thread lets lines come together after it has written. The first line after a pause is
/// written at once. A write for each line would wake the thread for each request.
const WRITE_INTERVAL: Duration = Duration::from_millis(20);

/// The most bytes of one write. What is written makes room for other lines.
const MAX_WRITE_BYTES: usize = 64 * 1024;

/// How long to wait before the next write to a non-blocking output that is full.
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// Where lines go. Cheap to clone; clones share the queue.
#[derive(Clone)]
pub struct Output(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// Wakes the writing thread.
    filled: Condvar,
    /// Wakes the callers of [`flush`](Output::flush).
    written: Condvar,
    health: HealthRecorder,
}

#[derive(Default)]
struct Queue {
    /// The lines that wait.
    waiting: Vec<u8>,
    /// How many bytes of lines have come.
    pushed: u64,
    /// How many of these are written or lost.
    done: u64,
    /// Up to where lines are written before the interval has passed.
    urgent_until: u64,
    lost: u64,
    /// How many were lost when lines were last written without a loss.
    reported: u64,
}

impl Queue {
    /// The length of all lines, of those that are being written as well.
    fn bytes(&self) -> usize {
        (self.pushed - self.done) as usize
    }

    fn is_urgent(&self) -> bool {
        self.done < self.urgent_until
    }
}

impl Output {
    /// Writes to standard output from now on.
    pub fn standard() -> Self {
        Self::to(standard())
    }

    fn to(output: impl Write + Send + 'static) -> Self {
        let this = Self(Arc::new(Shared {
            queue: Mutex::default(),
            filled: Condvar::new(),
            written: Condvar::new(),
            health: HealthRecorder::default(),
        }));
        let writer = this.clone();
        thread::spawn(move || writer.write_lines(output));
        this
    }

    /// How many lines were lost since the start.
    pub fn lost(&self) -> u64 {
        self.lock().lost
    }

    /// Whether lines are being lost, once one was.
    pub fn health(&self) -> Option<ComponentHealth<String>> {
        self.0.health.get()
    }

    /// Waits until everything that has come is written, up to `limit`.
    pub fn flush(&self, limit: Duration) {
        let mut queue = self.lock();
        let end = queue.pushed;
        queue.urgent_until = end;
        let waits = |queue: &mut Queue| queue.done < end;
        self.0.filled.notify_one();
        // A poisoned queue is flushed like any other.
        let _ = self.0.written.wait_timeout_while(queue, limit, waits);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut queue = self.lock();
        if queue.bytes() + line.len() > MAX_QUEUED_BYTES {
            self.lose(
                &mut queue,
                "Standard output does not take lines fast enough.",
                1,
            );
            return;
        }
        let is_first = queue.waiting.is_empty();
        queue.waiting.extend_from_slice(line);
        queue.pushed += line.len() as u64;
        let is_half_full = queue.waiting.len() > MAX_QUEUED_BYTES / 2 && !queue.is_urgent();
        if is_half_full {
            queue.urgent_until = queue.pushed;
        }
        if is_first || is_half_full {
            self.0.filled.notify_one();
        }
    }

    fn lose(&self, queue: &mut Queue, why: &str, lines: u64) {
        queue.lost += lines;
        self.0.health.record(Some(why.to_owned()));
    }

    /// Writes what comes, for as long as the process runs.
    fn write_lines(self, mut output: impl Write) {
        let mut lines = Vec::new();
        // Whether the output ends in the middle of a line.
        let mut torn = false;
        loop {
            let is_empty = |queue: &mut Queue| queue.waiting.is_empty();
            let filled = self.0.filled.wait_while(self.lock(), is_empty);
            let mut queue = filled.unwrap_or_else(PoisonError::into_inner);
            mem::swap(&mut queue.waiting, &mut lines);
            drop(queue);
            let mut rest = lines.as_slice();
            while !rest.is_empty() {
                let (batch, after) = split_batch(rest);
                let written = write_batch(&mut output, batch, &mut torn);
                self.settle(batch.len(), &written);
                rest = after;
            }
            lines.clear();
            let may_wait = |queue: &mut Queue| !queue.is_urgent();
            let filled = &self.0.filled;
            drop(filled.wait_timeout_while(self.lock(), WRITE_INTERVAL, may_wait));
        }
    }

    /// Counts a batch as done, and its lost lines.
    fn settle(&self, bytes: usize, written: &Written) {
        let mut queue = self.lock();
        queue.done += bytes as u64;
        if let Some(error) = &written.last_error {
            self.lose(&mut queue, reason(error), written.lost);
        }
        let has_recovered = written.ends_well && queue.bytes() == 0 && queue.reported < queue.lost;
        let lines = queue.lost - queue.reported;
        if has_recovered {
            queue.reported = queue.lost;
            self.0.health.record(None);
        }
        drop(queue);
        self.0.written.notify_all();
        if has_recovered {
            tracing::warn!(lines, "lines of the log were lost; they are written again");
        }
    }
}

impl<'a> MakeWriter<'a> for Output {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Takes one line at a time, and always takes it.
impl Write for Output {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The first lines, up to [`MAX_WRITE_BYTES`] or one line that is longer, and the others.
fn split_batch(lines: &[u8]) -> (&[u8], &[u8]) {
    let is_end = |byte: &u8| *byte == b'\n';
    let head = &lines[..lines.len().min(MAX_WRITE_BYTES)];
    let end = head.iter().rposition(is_end);
    let end = end.or_else(|| lines.iter().position(is_end));
    lines.split_at(end.map_or(lines.len(), |end| end + 1))
}

/// What came of writing several lines.
struct Written {
    lost: u64,
    last_error: Option<io::Error>,
    /// Whether the last line was written.
    ends_well: bool,
}

/// Writes lines, each of them on a line of its own. A line that fails is lost, and the next is tried.
fn write_batch(output: &mut impl Write, mut lines: &[u8], torn: &mut bool) -> Written {
    let mut result = Written {
        lost: 0,
        last_error: None,
        ends_well: true,
    };
    while !lines.is_empty() {
        let (written, error) = write_until_error(output, lines, torn);
        let Some(error) = error else { break };
        // The error belongs to the line that it has met.
        let rest = &lines[written..];
        let end = rest.iter().position(|byte| *byte == b'\n');
        lines = &rest[end.map_or(rest.len(), |end| end + 1)..];
        result.lost += 1;
        result.ends_well = !lines.is_empty();
        result.last_error = Some(error);
    }
    result
}

/// Writes lines until one fails, and returns how many bytes were written.
fn write_until_error(
    output: &mut impl Write,
    lines: &[u8],
    torn: &mut bool,
) -> (usize, Option<io::Error>) {
    if *torn {
        if let (_, Some(error)) = write_bytes(output, b"\n") {
            return (0, Some(error));
        }
        *torn = false;
    }
    let (written, error) = write_bytes(output, lines);
    *torn = written > 0 && lines[written - 1] != b'\n';
    (written, error.or_else(|| output.flush().err()))
}

/// Writes bytes until an error comes that does not pass, and returns how many were written.
fn write_bytes(output: &mut impl Write, bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while written < bytes.len() {
        match output.write(&bytes[written..]) {
            Ok(0) => return (written, Some(ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY_INTERVAL),
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}

/// Why a line is lost, as a sentence without the system's words.
fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "The disk of the log is full.",
        ErrorKind::BrokenPipe => "Nobody reads standard output any more.",
        _ => "Standard output cannot be written.",
    }
}

/// A handle without a buffer: the library's keeps the rest of a line that could not be written.
#[cfg(unix)]
fn standard() -> Box<dyn Write + Send> {
    use std::os::fd::AsFd;
    match io::stdout().as_fd().try_clone_to_owned() {
        Ok(output) => Box::new(std::fs::File::from(output)),
        Err(_) => Box::new(io::stdout()),
    }
}

#[cfg(not(unix))]
fn standard() -> Box<dyn Write + Send> {
    Box::new(io::stdout())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::sync::mpsc::Receiver;
    use std::sync::mpsc::Sender;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// What the output answers to a write: how many bytes it takes, or why none.
    type Answer = Result<usize, ErrorKind>;

    /// Answers each write as the test says, and reports what it took.
    struct Stalled {
        answers: Receiver<Answer>,
        taken: Sender<Vec<u8>>,
    }

    impl Write for Stalled {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Untold, it takes everything.
            let answer = self.answers.recv().unwrap_or(Ok(usize::MAX));
            let length = answer.map_err(io::Error::from)?.min(bytes.len());
            let _ = self.taken.send(bytes[..length].to_vec());
            Ok(length)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn stalled_output() -> (Output, Sender<Answer>, Receiver<Vec<u8>>) {
        let (reply, answers) = mpsc::channel();
        let (taken, took) = mpsc::channel();
        (Output::to(Stalled { answers, taken }), reply, took)
    }

    fn log(output: &Output, line: &str) {
        let mut output = output.clone();
        output.write_all(line.as_bytes()).expect("it takes lines");
    }

    fn failure(output: &Output) -> Option<String> {
        output.health().and_then(|known| known.failure)
    }

    fn text(took: &Receiver<Vec<u8>>) -> String {
        String::from_utf8(took.try_iter().flatten().collect()).expect("text")
    }

    #[test]
    fn a_line_that_cannot_be_written_is_counted_and_the_next_is_written() {
        let (output, reply, took) = stalled_output();
        for error in [ErrorKind::StorageFull, ErrorKind::BrokenPipe] {
            reply.send(Err(error)).expect("it listens");
            log(&output, "lost\n");
        }
        output.flush(LONG);
        assert_eq!(output.lost(), 2);
        assert_eq!(
            failure(&output).as_deref(),
            Some("Nobody reads standard output any more.")
        );
        let since = output.health().expect("a line was lost").since;

        reply.send(Ok(usize::MAX)).expect("it listens");
        log(&output, "written\n");
        output.flush(LONG);
        assert_eq!(text(&took), "written\n");
        assert_eq!((output.lost(), failure(&output)), (2, None));
        let healed = output.health().expect("a line was lost").since;
        assert!(healed >= since);
    }

    #[test]
    fn an_output_that_has_always_worked_has_nothing_to_say() {
        let (output, reply, took) = stalled_output();
        drop(reply);
        log(&output, "one\n");
        log(&output, "two\n");
        output.flush(LONG);
        assert_eq!(text(&took), "one\ntwo\n");
        assert_eq!((output.lost(), output.health()), (0, None));
    }

    #[test]
    fn lines_that_come_together_are_one_write_and_only_the_line_that_fails_is_lost() {
        let (output, reply, took) = stalled_output();
        log(&output, "first\n");
        // The thread holds the first line while these come.
        while !output.lock().waiting.is_empty() {
            thread::yield_now();
        }
        for line in ["a\n", "b\n", "c\n", "d\n"] {
            log(&output, line);
        }
        // The first line, "a" and half of "b", the rest of the batch.
        for answer in [Ok(6), Ok(3), Err(ErrorKind::StorageFull), Ok(1), Ok(4)] {
            reply.send(answer).expect("it listens");
        }
        output.flush(LONG);
        let writes: Vec<_> = took.try_iter().collect();
        assert_eq!(writes, [&b"first\n"[..], b"a\nb", b"\n", b"c\nd\n"]);
        assert_eq!((output.lost(), failure(&output)), (1, None));
    }

    #[test]
    fn a_line_after_a_torn_one_begins_anew() {
        let (output, reply, took) = stalled_output();
        for answer in [
            Ok(2),
            Err(ErrorKind::Interrupted),
            Err(ErrorKind::StorageFull),
        ] {
            reply.send(answer).expect("it listens");
        }
        log(&output, "torn\n");
        output.flush(LONG);
        drop(reply);
        log(&output, "whole\n");
        output.flush(LONG);
        assert_eq!(text(&took), "to\nwhole\n");
        assert_eq!(output.lost(), 1);
    }

    #[test]
    fn no_caller_waits_for_an_output_that_takes_nothing() {
        let (output, reply, took) = stalled_output();
        let line = "x".repeat(1023) + "\n";
        // The first is being written and stays in the queue's account.
        for _ in 0..MAX_QUEUED_BYTES / 1024 + 5 {
            log(&output, &line);
        }
        assert_eq!(output.lost(), 5);
        assert_eq!(
            failure(&output).as_deref(),
            Some("Standard output does not take lines fast enough.")
        );
        output.flush(Duration::ZERO);

        drop(reply);
        output.flush(LONG);
        assert_eq!(text(&took).len(), MAX_QUEUED_BYTES);
        assert_eq!((output.lost(), failure(&output)), (5, None));
    }

    #[test]
    fn an_output_that_would_block_is_waited_for() {
        let (output, reply, took) = stalled_output();
        reply.send(Err(ErrorKind::WouldBlock)).expect("it listens");
        drop(reply);
        log(&output, "late\n");
        output.flush(LONG);
        assert_eq!((text(&took).as_str(), output.lost()), ("late\n", 0));
    }
}
