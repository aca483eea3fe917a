//! [`OnDrop`]: a body whose end is noticed.

use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use axum::body::Body;
use axum::body::Bytes;
use hyper::body::Frame;
use hyper::body::SizeHint;

/// A body that calls a function with what is left of it when it is dropped.
pub struct OnDrop<F: FnOnce(Body)> {
    body: Body,
    on_drop: Option<F>,
}

impl<F: FnOnce(Body)> OnDrop<F> {
    pub fn new(body: Body, on_drop: F) -> Self {
        Self {
            body,
            on_drop: Some(on_drop),
        }
    }
}

impl<F: FnOnce(Body) + Unpin> hyper::body::Body for OnDrop<F> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<F: FnOnce(Body)> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(on_drop) = self.on_drop.take() {
            on_drop(std::mem::take(&mut self.body));
        }
    }
}
