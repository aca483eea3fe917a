//! [`WatchedStream`]: the socket of a connection.

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::time::Sleep;

use super::watch::ClosedForAnother;
use super::watch::Watch;

/// How long a client may take nothing of its answer before it counts as silent. A client on a slow line takes
/// some of it several times a second.
const WRITE_SILENCE_TIMEOUT: Duration = Duration::from_secs(5);

/// A stream that notices when the last byte of an answer was handed to the system, and when the client
/// takes none.
pub struct WatchedStream<S> {
    stream: S,
    watch: Watch,
    /// Runs while the client takes nothing.
    pub(super) timeout: Option<Pin<Box<Sleep>>>,
    /// The moment at which the timeout was over.
    since: Option<u64>,
}

impl<S> WatchedStream<S> {
    pub fn new(stream: S, watch: Watch) -> Self {
        Self {
            stream,
            watch,
            timeout: None,
            since: None,
        }
    }

    /// Notices whether the client has taken something.
    fn watch_writing(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<std::io::Result<usize>>,
    ) -> Poll<std::io::Result<usize>> {
        if written.is_ready() {
            self.timeout = None;
            if let Some(since) = self.since.take() {
                self.watch.break_silence(since);
            }
            return written;
        }
        let timeout = self
            .timeout
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_SILENCE_TIMEOUT)));
        if self.since.is_none() && timeout.as_mut().poll(context).is_ready() {
            if self.watch.is_to_end() {
                return Poll::Ready(Err(std::io::Error::other(ClosedForAnother)));
            }
            self.since = Some(self.watch.fall_silent());
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch_writing(context, written)
    }

    /// hyper flushes once it has written all that it had.
    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.watch.all_is_written();
        }
        flushed
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[std::io::IoSlice<'_>],
    ) -> Poll<std::io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch_writing(context, written)
    }
}
