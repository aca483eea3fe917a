//! The two lanes that messages take.

use tokio::sync::Notify;

use super::room::Room;

/// How many messages of a lane a process claims at most before it has written down what came of them,
/// for each that it sends at once.
const IN_HAND: usize = 8;

/// Where messages go. Each way has a lane of its own, so that receivers elsewhere which never answer do
/// not hold up what the application sends to itself. In the lane that leads elsewhere, they leave some of
/// the [`Room`] to other origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Elsewhere,
    Webhooks,
}

/// The room for messages on one way.
pub(super) struct Lane {
    pub(super) wake: Notify,
    /// Messages that this process has claimed and not yet written down. More than it sends at once, so
    /// that commits overlap with sending and serve many messages each.
    pub(super) in_hand: Room,
    pub(super) sending: Room,
}

impl Lane {
    /// `concurrency` is how many messages the lane sends at once.
    pub(super) fn new(way: Way, concurrency: usize) -> Self {
        let room = match way {
            Way::Elsewhere => Room::shared,
            Way::Webhooks => Room::undivided,
        };
        Self {
            wake: Notify::new(),
            in_hand: room(concurrency * IN_HAND),
            sending: room(concurrency),
        }
    }
}
