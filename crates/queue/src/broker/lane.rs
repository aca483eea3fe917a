//! The two lanes that messages take.

use tokio::sync::Notify;

use super::permits::Permits;

/// The most messages of a lane that a process has claimed and not yet settled, for each that it sends at once.
const MAX_PREFETCH: usize = 8;

/// Where the messages of a lane go. With two lanes, external receivers that never answer do not delay webhooks of
/// the application. In their lane they leave some of the [`Permits`] to other origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LaneKind {
    /// To origins that the operator allows.
    External,
    /// To the webhooks of the application itself.
    Webhooks,
}

/// The permits of the messages of one kind.
pub(super) struct Lane {
    pub(super) wake: Notify,
    /// For messages that this process has claimed and not yet settled. They are more than it sends at once, so
    /// that commits overlap with sending and serve many messages each.
    pub(super) prefetched: Permits,
    /// For messages that this process is sending.
    pub(super) sending: Permits,
}

impl Lane {
    /// `concurrency` is how many messages the lane sends at once.
    pub(super) fn new(kind: LaneKind, concurrency: usize) -> Self {
        let permits = match kind {
            LaneKind::External => Permits::shared,
            LaneKind::Webhooks => Permits::undivided,
        };
        Self {
            wake: Notify::new(),
            prefetched: permits(concurrency * MAX_PREFETCH),
            sending: permits(concurrency),
        }
    }
}
