//! Room that messages to several origins share, so that an origin whose receivers hang leaves some to the
//! others.
//!
//! An origin may have as many places as are left free. One that takes all it can get has half of them,
//! two a third each, and so on, as long as there are places to divide. (This is how switches share memory
//! among their ports: Choudhury and Hahne, "Dynamic Queue Length Thresholds in a Shared Memory Packet
//! Switch", 1998.)

use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use tokio::sync::Notify;
use tokio::sync::oneshot;

/// Cheap to clone; clones are the same room.
#[derive(Clone)]
pub struct Room(Arc<Inner>);

struct Inner {
    size: usize,
    /// Whether one origin may have all of it.
    undivided: bool,
    state: Mutex<State>,
    emptied: Notify,
}

struct State {
    free: usize,
    /// How many places each origin has; none is left out.
    taken: HashMap<String, usize>,
    /// Who waits for a place, in order.
    waiting: VecDeque<(String, oneshot::Sender<Place>)>,
    /// The messages that places are given to.
    messages: Vec<i64>,
}

/// A place in a room. Dropping it leaves it to others.
pub struct Place {
    room: Room,
    origin: String,
    message: Option<i64>,
}

impl Room {
    pub fn shared(size: usize) -> Self {
        Self::new(size, false)
    }

    /// Room that one origin may have for itself.
    pub fn undivided(size: usize) -> Self {
        Self::new(size, true)
    }

    fn new(size: usize, undivided: bool) -> Self {
        Self(Arc::new(Inner {
            size,
            undivided,
            state: Mutex::new(State {
                free: size,
                taken: HashMap::new(),
                waiting: VecDeque::new(),
                messages: Vec::new(),
            }),
            emptied: Notify::new(),
        }))
    }

    /// How many places an origin has, and how many more it can have.
    pub fn share(&self, origin: &str) -> (usize, usize) {
        let state = self.state();
        let taken = state.taken_by(origin);
        let more = if self.0.undivided {
            state.free
        } else {
            // Each place that it takes is one that is free no longer.
            state.free.saturating_sub(taken).div_ceil(2)
        };
        (taken, more)
    }

    /// Takes as many places as an origin can have.
    pub fn take(&self, origin: &str) -> Vec<Place> {
        let mut state = self.state();
        let mut places = Vec::new();
        while self.lets_in(&state, origin) {
            places.push(self.let_in(&mut state, origin.to_owned()));
        }
        places
    }

    /// Waits for a place, behind those of the same origin that wait already.
    pub async fn enter(&self, origin: &str) -> Option<Place> {
        let place = {
            let mut state = self.state();
            if self.lets_in(&state, origin) {
                return Some(self.let_in(&mut state, origin.to_owned()));
            }
            let (tell, place) = oneshot::channel();
            state.waiting.push_back((origin.to_owned(), tell));
            place
        };
        place.await.ok()
    }

    /// The messages that have a place.
    pub fn messages(&self) -> Vec<i64> {
        self.state().messages.clone()
    }

    pub fn is_empty(&self) -> bool {
        self.state().free == self.0.size
    }

    /// Waits until nobody has a place.
    pub async fn emptied(&self) {
        loop {
            let emptied = self.0.emptied.notified();
            if self.is_empty() {
                return;
            }
            emptied.await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.0.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    fn lets_in(&self, state: &State, origin: &str) -> bool {
        state.free > 0 && (self.0.undivided || state.taken_by(origin) < state.free)
    }

    fn let_in(&self, state: &mut State, origin: String) -> Place {
        state.free -= 1;
        *state.taken.entry(origin.clone()).or_default() += 1;
        Place {
            room: self.clone(),
            origin,
            message: None,
        }
    }

    /// Takes a place back and gives what is free to those who wait.
    fn leave(&self, origin: &str, message: Option<i64>) {
        let mut let_in = Vec::new();
        let mut state = self.state();
        state.free += 1;
        // One place of them: a message whose lease was over may have been claimed a second time.
        if let Some(index) = state.messages.iter().position(|of| Some(*of) == message) {
            state.messages.swap_remove(index);
        }
        if let Some(taken) = state.taken.get_mut(origin) {
            *taken -= 1;
            if *taken == 0 {
                state.taken.remove(origin);
            }
        }
        while let Some(next) = state
            .waiting
            .iter()
            .position(|(origin, _)| self.lets_in(&state, origin))
            && let Some((origin, tell)) = state.waiting.remove(next)
        {
            let_in.push((self.let_in(&mut state, origin), tell));
        }
        if state.free == self.0.size {
            self.0.emptied.notify_waiters();
        }
        drop(state);
        for (place, tell) in let_in {
            // Whoever waits no longer leaves at once.
            let _ = tell.send(place);
        }
    }
}

impl State {
    fn taken_by(&self, origin: &str) -> usize {
        self.taken.get(origin).copied().unwrap_or(0)
    }
}

impl Place {
    /// Gives it to a message.
    pub fn of(mut self, message: i64) -> Self {
        self.room.state().messages.push(message);
        self.message = Some(message);
        self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.leave(&self.origin, self.message);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn one_takes_half_and_two_a_third_each() {
        let room = Room::shared(12);
        let one = room.take("a");
        assert_eq!(one.len(), 6);
        assert_eq!(room.share("a"), (6, 0));
        let other = room.take("b");
        assert_eq!(other.len(), 3);
        // They get there as messages come and go.
        drop(one);
        let one = room.take("a");
        assert_eq!(one.len(), 5);
        assert!(!room.take("c").is_empty(), "there is a place for the next");
        drop((one, other));
        assert!(room.is_empty());
    }

    #[test]
    fn four_origins_that_hang_leave_one_place_of_sixteen() {
        let room = Room::shared(16);
        let taken: Vec<_> = ["a", "b", "c", "d"].map(|origin| room.take(origin)).into();
        let counts: Vec<_> = taken.iter().map(Vec::len).collect();
        assert_eq!(counts, [8, 4, 2, 1]);
        let fifth = room.take("e");
        assert_eq!(fifth.len(), 1);
        assert!(room.take("f").is_empty());
    }

    #[test]
    fn the_smallest_room_has_a_place() {
        for size in 1..10 {
            let room = Room::shared(size);
            let places = room.take("a");
            assert_eq!(places.len(), size.div_ceil(2), "of {size}");
            assert_eq!(room.take("b").is_empty(), size == 1, "of {size}");
        }
        let room = Room::undivided(4);
        assert_eq!(room.share("a"), (0, 4));
        assert_eq!(room.take("a").len(), 4);
    }

    #[tokio::test]
    async fn those_who_wait_are_let_in_in_order_and_none_holds_up_another_origin() {
        let room = Room::shared(2);
        let first = room.enter("a").await.expect("it is empty");
        let (mut second, mut third) = (Box::pin(room.enter("a")), Box::pin(room.enter("a")));
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut third).now_or_never().is_none());
        let other = room.enter("b").await.expect("there is a place for others");
        drop(first);
        assert!((&mut third).now_or_never().is_none());
        let second = second.now_or_never().expect("it is its turn");
        drop(other);
        // Whoever gives up leaves the place to others.
        drop(third);
        drop(second);
        room.emptied().now_or_never().expect("nobody is there");
        assert!(room.enter("a").await.is_some());
        room.emptied().await;
    }
}
