//! The two lanes that messages take.

use tokio::sync::Notify;

use super::room::Room;

/// How many messages of a lane a process claims at most before it has written down what came of them,
/// for each that it sends at once.
const IN_HAND: usize = 8;

/// Where the messages of a lane go. Receivers of other operators that never answer therefore do not hold up
/// what the application sends to itself. In their lane they leave some of the [`Room`] to other origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LaneKind {
    /// To origins that the operator allows.
    External,
    /// To the webhooks of the application itself.
    Webhooks,
}

/// The room for messages of one kind.
pub(super) struct Lane {
    pub(super) wake: Notify,
    /// Messages that this process has claimed and not yet written down. More than it sends at once, so
    /// that commits overlap with sending and serve many messages each.
    pub(super) in_hand: Room,
    pub(super) sending: Room,
}

impl Lane {
    /// `concurrency` is how many messages the lane sends at once.
    pub(super) fn new(kind: LaneKind, concurrency: usize) -> Self {
        let room = match kind {
            LaneKind::External => Room::shared,
            LaneKind::Webhooks => Room::undivided,
        };
        Self {
            wake: Notify::new(),
            in_hand: room(concurrency * IN_HAND),
            sending: room(concurrency),
        }
    }
}
