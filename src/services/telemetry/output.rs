//! Standard output, as a log needs it: no caller waits for it, and no fault of it ends Kith.
//!
//! Lines go into a queue of bounded size, and one thread writes them. A line that the queue has no
//! room for, or that cannot be written, is lost and counted.

use std::collections::VecDeque;
use std::io;
use std::io::ErrorKind;
use std::io::Write;
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

/// How long to wait before the next write to a non-blocking output that is full.
const RETRY_INTERVAL: Duration = Duration::from_millis(10);

/// Where lines go. Cheap to clone; clones share the queue.
#[derive(Clone)]
pub struct Output(Arc<Shared>);

struct Shared {
    queue: Mutex<Queue>,
    /// Wakes the writing thread, and the callers of [`flush`](Output::flush).
    changed: Condvar,
    health: HealthRecorder,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<Box<[u8]>>,
    /// The length of all lines, of the one that is being written as well.
    bytes: usize,
    lost: u64,
    /// How many were lost when lines were last written without a loss.
    reported: u64,
}

impl Output {
    /// Writes to standard output from now on.
    pub fn standard() -> Self {
        Self::to(standard())
    }

    fn to(output: impl Write + Send + 'static) -> Self {
        let this = Self(Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
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

    /// Waits until everything is written, up to `limit`.
    pub fn flush(&self, limit: Duration) {
        let waits = |queue: &mut Queue| queue.bytes > 0;
        let queue = self.lock();
        // A poisoned queue is flushed like any other.
        let _ = self.0.changed.wait_timeout_while(queue, limit, waits);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut queue = self.lock();
        if queue.bytes + line.len() > MAX_QUEUED_BYTES {
            self.lose(
                &mut queue,
                "Standard output does not take lines fast enough.",
            );
            return;
        }
        queue.bytes += line.len();
        queue.lines.push_back(line.into());
        self.0.changed.notify_all();
    }

    fn lose(&self, queue: &mut Queue, why: &str) {
        queue.lost += 1;
        self.0.health.record(Some(why.to_owned()));
    }

    /// Writes what comes, for as long as the process runs.
    fn write_lines(self, mut output: impl Write) {
        // Whether the output ends in the middle of a line.
        let mut torn = false;
        loop {
            let empty = |queue: &mut Queue| queue.lines.is_empty();
            let waited = self.0.changed.wait_while(self.lock(), empty);
            let line = waited
                .unwrap_or_else(PoisonError::into_inner)
                .lines
                .pop_front();
            let Some(line) = line else { continue };
            let written = write_line(&mut output, &line, &mut torn);

            let mut queue = self.lock();
            queue.bytes -= line.len();
            let mut recovered = None;
            match written {
                Err(error) => self.lose(&mut queue, reason(&error)),
                Ok(()) if queue.lines.is_empty() && queue.reported < queue.lost => {
                    recovered = Some(queue.lost - queue.reported);
                    queue.reported = queue.lost;
                    self.0.health.record(None);
                }
                Ok(()) => {}
            }
            drop(queue);
            self.0.changed.notify_all();
            if let Some(lines) = recovered {
                tracing::warn!(lines, "lines of the log were lost; they are written again");
            }
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

/// Writes a line whole, on a line of its own.
fn write_line(output: &mut impl Write, line: &[u8], torn: &mut bool) -> io::Result<()> {
    if *torn {
        write_bytes(output, b"\n", &mut false)?;
        *torn = false;
    }
    write_bytes(output, line, torn)?;
    output.flush()
}

fn write_bytes(output: &mut impl Write, mut bytes: &[u8], torn: &mut bool) -> io::Result<()> {
    while !bytes.is_empty() {
        match output.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = &bytes[written..];
                *torn = !bytes.is_empty();
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(RETRY_INTERVAL),
            Err(error) => return Err(error),
        }
    }
    Ok(())
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
    fn nobody_waits_for_an_output_that_takes_nothing() {
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
