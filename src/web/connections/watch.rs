//! [`Watch`]: notices whether a connection is silent.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::body::Bytes;

use super::table::Entry;
use super::table::NOT_SILENT;
use super::table::Shared;
use crate::web::body::OnDrop;

/// Notices whether a connection is silent.
#[derive(Clone)]
pub struct Watch {
    pub(super) entry: Arc<Entry>,
    pub(super) shared: Arc<Shared>,
}

impl Watch {
    /// Begins an answer, which ends when the body that it is given to is dropped.
    pub fn begin(&self) -> Answer {
        self.entry.is_over.store(false, Ordering::SeqCst);
        self.entry.is_answering.store(true, Ordering::SeqCst);
        let since = self.entry.silent_since.load(Ordering::SeqCst);
        self.break_silence(since);
        Answer(self.entry.clone())
    }

    /// Kith waits for the client from now on. Returns the moment, which [`break_silence`](Self::break_silence)
    /// takes.
    pub(super) fn fall_silent(&self) -> u64 {
        let moment = self.shared.moment();
        self.entry.silent_since.store(moment, Ordering::SeqCst);
        self.shared.notify();
        moment
    }

    /// Ends the silence that began at a moment, unless another has begun since.
    pub(super) fn break_silence(&self, since: u64) {
        let silence = &self.entry.silent_since;
        let broken =
            silence.compare_exchange(since, NOT_SILENT, Ordering::SeqCst, Ordering::SeqCst);
        if broken.is_ok() && self.entry.leave.is_cancelled() {
            // The connection was to end for a new one, which now needs another silent connection.
            self.shared.notify();
        }
    }

    /// Whether the connection was asked to end for another and has not noticed it, because Kith was working
    /// for its client. Kith must not wait for this client now.
    pub(super) fn is_to_end(&self) -> bool {
        self.entry.leave.is_cancelled() && !self.shared.stop.is_cancelled()
    }

    /// Every byte is written.
    pub(super) fn all_is_written(&self) {
        if self.entry.is_over.swap(false, Ordering::SeqCst) {
            self.entry.is_answering.store(false, Ordering::SeqCst);
            self.fall_silent();
        }
    }
}

/// An answer that has not ended.
pub struct Answer(Arc<Entry>);

impl Answer {
    /// The body of the answer. The answer ends when the body is dropped.
    pub fn with(self, body: Body) -> impl hyper::body::Body<Data = Bytes, Error = axum::Error> {
        OnDrop::new(body, move |body| {
            drop(body);
            drop(self);
        })
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}

/// The error of a client that had to make room for another.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed for another")]
pub(super) struct ClosedForAnother;
