//! Permits that messages to several origins share, so that an origin whose receivers hang leaves some to the
//! others.
//!
//! An origin may hold as many permits as are free. One that takes all it can get holds half of them, two hold
//! a third each, and so on, as long as there are permits to divide. (Switches share memory among their ports
//! in this way: Choudhury and Hahne, "Dynamic Queue Length Thresholds in a Shared Memory Packet Switch",
//! 1998.)

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::sync::Notify;
use tokio::sync::oneshot;

/// Cheap to clone; clones share their permits.
#[derive(Clone)]
pub(super) struct Permits(Arc<Inner>);

struct Inner {
    size: usize,
    /// Whether one origin may hold all of them.
    undivided: bool,
    state: Mutex<State>,
    idle: Notify,
}

struct State {
    free: usize,
    /// How many permits each origin holds; an origin without one is left out.
    held: HashMap<String, usize>,
    /// The origins that wait for a permit, in order.
    waiting: VecDeque<(String, oneshot::Sender<Permit>)>,
    /// The messages that hold a permit.
    messages: Vec<i64>,
}

/// The right to deliver a message. Dropping it releases it.
pub(super) struct Permit {
    permits: Permits,
    origin: String,
    message: Option<i64>,
}

impl Permits {
    /// `size` permits, of which one origin may hold half.
    pub(super) fn shared(size: usize) -> Self {
        Self::new(size, false)
    }

    /// `size` permits, of which one origin may hold all.
    pub(super) fn undivided(size: usize) -> Self {
        Self::new(size, true)
    }

    fn new(size: usize, undivided: bool) -> Self {
        Self(Arc::new(Inner {
            size,
            undivided,
            state: Mutex::new(State {
                free: size,
                held: HashMap::new(),
                waiting: VecDeque::new(),
                messages: Vec::new(),
            }),
            idle: Notify::new(),
        }))
    }

    /// How many permits an origin holds, and how many more it can get.
    pub(super) fn share(&self, origin: &str) -> (usize, usize) {
        let state = self.state();
        let held = state.held_by(origin);
        let more = if self.0.undivided {
            state.free
        } else {
            // Each permit that it gets is one that is free no longer.
            state.free.saturating_sub(held).div_ceil(2)
        };
        (held, more)
    }

    /// Acquires as many permits as an origin can get.
    pub(super) fn acquire_all(&self, origin: &str) -> Vec<Permit> {
        let mut state = self.state();
        let mut permits = Vec::new();
        while self.can_grant(&state, origin) {
            permits.push(self.grant(&mut state, origin.to_owned()));
        }
        permits
    }

    /// Waits for a permit, after those that wait for one of the same origin already. `None` never occurs while
    /// the permits exist.
    pub(super) async fn acquire(&self, origin: &str) -> Option<Permit> {
        let permit = {
            let mut state = self.state();
            if self.can_grant(&state, origin) {
                return Some(self.grant(&mut state, origin.to_owned()));
            }
            let (sender, permit) = oneshot::channel();
            state.waiting.push_back((origin.to_owned(), sender));
            permit
        };
        permit.await.ok()
    }

    /// The messages that hold a permit.
    pub(super) fn messages(&self) -> Vec<i64> {
        self.state().messages.clone()
    }

    /// Whether all permits are free.
    pub(super) fn is_idle(&self) -> bool {
        self.state().free == self.0.size
    }

    /// Waits until all permits are free.
    pub(super) async fn idle(&self) {
        loop {
            let idle = self.0.idle.notified();
            if self.is_idle() {
                return;
            }
            idle.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.0.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    fn can_grant(&self, state: &State, origin: &str) -> bool {
        state.free > 0 && (self.0.undivided || state.held_by(origin) < state.free)
    }

    fn grant(&self, state: &mut State, origin: String) -> Permit {
        state.free -= 1;
        *state.held.entry(origin.clone()).or_default() += 1;
        Permit {
            permits: self.clone(),
            origin,
            message: None,
        }
    }

    /// Takes a permit back and grants what is free to those that wait.
    fn release(&self, origin: &str, message: Option<i64>) {
        let mut granted = Vec::new();
        let mut state = self.state();
        state.free += 1;
        // One of its permits: a message whose lease was over may have been claimed a second time.
        if let Some(index) = state.messages.iter().position(|of| Some(*of) == message) {
            state.messages.swap_remove(index);
        }
        if let Some(held) = state.held.get_mut(origin) {
            *held -= 1;
            if *held == 0 {
                state.held.remove(origin);
            }
        }
        while let Some(next) = state
            .waiting
            .iter()
            .position(|(origin, _)| self.can_grant(&state, origin))
            && let Some((origin, sender)) = state.waiting.remove(next)
        {
            granted.push((self.grant(&mut state, origin), sender));
        }
        if state.free == self.0.size {
            self.0.idle.notify_waiters();
        }
        drop(state);
        for (permit, sender) in granted {
            // A receiver that waits no longer drops the permit, which releases it.
            let _ = sender.send(permit);
        }
    }
}

impl State {
    fn held_by(&self, origin: &str) -> usize {
        self.held.get(origin).copied().unwrap_or(0)
    }
}

impl Permit {
    /// Assigns it to a message.
    pub(super) fn assign(mut self, message: i64) -> Self {
        self.permits.state().messages.push(message);
        self.message = Some(message);
        self
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.permits.release(&self.origin, self.message);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn permits_are_divided_so_that_one_origin_takes_half_and_two_a_third_each() {
        let permits = Permits::shared(12);
        let one = permits.acquire_all("a");
        assert_eq!(one.len(), 6);
        assert_eq!(permits.share("a"), (6, 0));
        let other = permits.acquire_all("b");
        assert_eq!(other.len(), 3);
        // They get there as messages come and go.
        drop(one);
        let one = permits.acquire_all("a");
        assert_eq!(one.len(), 5);
        assert!(
            !permits.acquire_all("c").is_empty(),
            "one is left to the next"
        );
        drop((one, other));
        assert!(permits.is_idle());
    }

    #[test]
    fn four_origins_that_hang_leave_one_permit_of_sixteen() {
        let permits = Permits::shared(16);
        let taken: Vec<_> = ["a", "b", "c", "d"]
            .map(|origin| permits.acquire_all(origin))
            .into();
        let counts: Vec<_> = taken.iter().map(Vec::len).collect();
        assert_eq!(counts, [8, 4, 2, 1]);
        let fifth = permits.acquire_all("e");
        assert_eq!(fifth.len(), 1);
        assert!(permits.acquire_all("f").is_empty());
    }

    #[test]
    fn the_smallest_number_of_permits_serves_an_origin() {
        for size in 1..10 {
            let permits = Permits::shared(size);
            let held = permits.acquire_all("a");
            assert_eq!(held.len(), size.div_ceil(2), "of {size}");
            assert_eq!(permits.acquire_all("b").is_empty(), size == 1, "of {size}");
        }
        let permits = Permits::undivided(4);
        assert_eq!(permits.share("a"), (0, 4));
        assert_eq!(permits.acquire_all("a").len(), 4);
    }

    #[tokio::test]
    async fn permits_are_granted_in_order_and_no_origin_holds_up_another() {
        let permits = Permits::shared(2);
        let first = permits.acquire("a").await.expect("all are free");
        let (mut second, mut third) = (
            Box::pin(permits.acquire("a")),
            Box::pin(permits.acquire("a")),
        );
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none());
        let other = permits.acquire("b").await.expect("one is left to others");
        drop(first);
        assert!((&mut third).now_or_never().is_none());
        let second = second.now_or_never().expect("it is its turn");
        drop(other);
        // A future that is dropped releases its permit.
        drop(third);
        drop(second);
        permits.idle().now_or_never().expect("all are free");
        assert!(permits.acquire("a").await.is_some());
        permits.idle().await;
    }
}
