//! [`WatchedRequest`]: the body of a request.

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use axum::body::Body;
use axum::body::Bytes;
use hyper::body::Frame;
use hyper::body::SizeHint;

use super::watch::ClosedForAnother;
use super::watch::Watch;

/// The body of a request, which notices that Kith waits for it.
pub struct WatchedRequest {
    body: Body,
    watch: Watch,
    /// Since when Kith has waited for it.
    since: Option<u64>,
}

impl WatchedRequest {
    pub fn new(body: Body, watch: Watch) -> Self {
        Self {
            body,
            watch,
            since: None,
        }
    }

    fn end(&mut self) {
        if let Some(since) = self.since.take() {
            self.watch.break_silence(since);
        }
    }
}

impl hyper::body::Body for WatchedRequest {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Pending if self.since.is_some() => {}
            Poll::Pending if self.watch.is_to_end() => {
                return Poll::Ready(Some(Err(axum::Error::new(ClosedForAnother))));
            }
            Poll::Pending => self.since = Some(self.watch.fall_silent()),
            // Between two parts it stays silent, so that a byte now and then keeps no slot.
            Poll::Ready(Some(Ok(_))) if !self.body.is_end_stream() => {}
            Poll::Ready(_) => self.end(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for WatchedRequest {
    fn drop(&mut self) {
        self.end();
    }
}
