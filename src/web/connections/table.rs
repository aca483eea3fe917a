//! The table of open connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What all connections share.
pub(super) struct Shared {
    table: Mutex<Table>,
    /// Cancelled at the end of Kith.
    pub(super) stop: CancellationToken,
    /// Numbers the moments at which connections fall silent.
    moments: AtomicU64,
    /// Whether the accept loop waits for a slot and has to learn of every connection that falls silent.
    pub(super) is_crowded: AtomicBool,
    /// Wakes the accept loop.
    pub(super) changed: Notify,
}

/// All connections that are open.
#[derive(Default)]
pub(super) struct Table {
    pub(super) open: HashMap<u64, Arc<Entry>>,
    /// How many are open of each address that has a share.
    pub(super) of_addresses: HashMap<IpAddr, usize>,
    pub(super) last_id: u64,
}

/// One connection, as the table sees it.
pub(super) struct Entry {
    /// The address whose share it takes; none for a trusted proxy.
    pub(super) charged_to: Option<IpAddr>,
    /// The moment since which it has been silent, or [`NOT_SILENT`].
    pub(super) silent_since: AtomicU64,
    /// Whether a request has begun whose answer has not ended.
    pub(super) is_answering: AtomicBool,
    /// Whether an answer has ended whose last bytes may not be written yet.
    pub(super) is_over: AtomicBool,
    /// Asks it to end.
    pub(super) leave: CancellationToken,
}

/// The moment of a connection that is not silent.
pub(super) const NOT_SILENT: u64 = 0;

impl Entry {
    pub(super) fn silent_since(&self) -> Option<u64> {
        let since = self.silent_since.load(Ordering::SeqCst);
        (since != NOT_SILENT).then_some(since)
    }
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            table: Mutex::default(),
            stop: CancellationToken::new(),
            moments: AtomicU64::new(NOT_SILENT + 1),
            is_crowded: AtomicBool::new(false),
            changed: Notify::new(),
        }
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst)
    }

    /// Lets the accept loop look for a slot again, if it waits for one.
    pub(super) fn notify(&self) {
        if self.is_crowded.load(Ordering::SeqCst) {
            self.changed.notify_one();
        }
    }
}
