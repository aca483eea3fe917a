//! When the page refreshes, and whether it listens to a stream or polls.

/// At least so many seconds lie between the starts of two refreshes.
const MIN_WAIT: u32 = 2;

/// The same while changes go on and on. A refresh takes several requests, and those of all pages of a network count
/// together.
const MAX_WAIT: u32 = 6;

/// After so many seconds without an event, a proxy holds the events of a stream back, or there is no server.
const MAX_SILENCE: u32 = 6;

/// In seconds, between the refreshes of a page without a stream.
const POLL_INTERVAL: u32 = 10;

/// After so many seconds of polling, the page tries a stream again.
const POLLING: u32 = 60;

/// The `readyState` of an `EventSource`.
const CONNECTING: u16 = 0;
const CLOSED: u16 = 2;

/// Counts the seconds of a visible page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Whether others may have changed what the page shows.
    is_due: bool,
    /// Whether a refresh is outstanding.
    is_refreshing: bool,
    /// Seconds until the next refresh may start.
    wait: u32,
    /// How long the last wait was; 0 once a second has passed without one, and without a change.
    last_wait: u32,
    /// Whether the stream has said something since it was connected.
    is_heard: bool,
    /// Seconds for which a stream has said nothing.
    silence: u32,
    /// Seconds until the page tries a stream again; 0 while it does not poll.
    polling: u32,
}

/// What a page does now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Step {
    pub closes: bool,
    pub opens: bool,
    pub refreshes: bool,
}

impl Pace {
    /// A second has passed. `stream` is the `readyState` of the stream, if there is one.
    pub fn tick(&mut self, stream: Option<u16>) -> Step {
        let mut step = Step::default();
        if self.polling > 0 {
            self.polling -= 1;
            self.is_due |= self.polling.is_multiple_of(POLL_INTERVAL);
            step.opens = self.polling == 0;
        } else if let Some(state) = stream {
            // The browser connects again by itself.
            self.is_heard &= state != CONNECTING;
            self.silence = if self.is_heard { 0 } else { self.silence + 1 };
            if state == CLOSED || self.silence >= MAX_SILENCE {
                step.closes = true;
                self.poll();
            }
        } else {
            step.opens = true;
        }
        if step.opens {
            (self.is_heard, self.silence) = (false, 0);
        }
        self.wait = self.wait.saturating_sub(1);
        if self.wait == 0 && !self.is_refreshing {
            self.last_wait = match self.is_due {
                true => (self.last_wait + MIN_WAIT).min(MAX_WAIT),
                false => 0,
            };
            step.refreshes = self.is_due;
            (self.is_due, self.is_refreshing, self.wait) = (false, self.is_due, self.last_wait);
        }
        step
    }

    /// The stream has said which state the server is in.
    pub fn hear(&mut self, is_changed: bool) {
        self.is_heard = true;
        self.is_due |= is_changed;
    }

    /// A refresh is over. `retry` is the number of seconds after which it has to be made again, if it has to.
    pub fn refreshed(&mut self, retry: Option<u32>) {
        self.is_refreshing = false;
        if let Some(wait) = retry {
            self.is_due = true;
            self.wait = self.wait.max(wait);
        }
    }

    /// There is no stream for a while. What has happened since its last event is not known.
    pub fn poll(&mut self) {
        self.polling = POLLING;
        self.is_due = true;
    }

    /// The page is visible again, and tries a stream at once.
    pub fn show(&mut self) {
        self.polling = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Option<u16> = Some(1);

    /// The seconds in which a page with this stream refreshes.
    fn refreshes(pace: &mut Pace, stream: Option<u16>, seconds: u32) -> Vec<u32> {
        let mut refreshes = Vec::new();
        for second in 0..seconds {
            if pace.tick(stream).refreshes {
                refreshes.push(second);
                pace.refreshed(None);
            }
        }
        refreshes
    }

    fn listening() -> Pace {
        let mut pace = Pace::default();
        assert!(pace.tick(None).opens);
        pace.hear(false);
        pace
    }

    #[test]
    fn a_page_refreshes_once_for_the_changes_of_two_seconds() {
        let mut pace = listening();
        assert!(refreshes(&mut pace, OPEN, 100).is_empty());
        pace.hear(true);
        assert!(pace.tick(OPEN).refreshes);
        pace.hear(true);
        assert!(!pace.tick(OPEN).refreshes);
        pace.hear(true);
        assert!(!pace.tick(OPEN).refreshes, "one is outstanding");
        pace.refreshed(None);
        assert_eq!(refreshes(&mut pace, OPEN, 20), [0]);
    }

    #[test]
    fn a_page_waits_longer_while_changes_go_on() {
        let mut pace = listening();
        for _ in 0..2 {
            let mut started = Vec::new();
            for second in 0..20 {
                pace.hear(true);
                if pace.tick(OPEN).refreshes {
                    started.push(second);
                    pace.refreshed(None);
                }
            }
            assert_eq!(started, [0, 2, 6, 12, 18]);
            assert_eq!(refreshes(&mut pace, OPEN, 20), [4], "the last change");
        }
    }

    #[test]
    fn a_refresh_that_failed_is_made_again_when_the_server_says_so() {
        let mut pace = listening();
        pace.hear(true);
        assert!(pace.tick(OPEN).refreshes);
        pace.refreshed(Some(7));
        assert_eq!(refreshes(&mut pace, OPEN, 20), [6]);
    }

    #[test]
    fn a_stream_that_is_closed_or_silent_is_replaced_by_polling_for_a_minute() {
        for (state, after) in [
            (CLOSED, 0),
            (1, MAX_SILENCE - 1),
            (CONNECTING, MAX_SILENCE - 1),
        ] {
            let mut pace = Pace::default();
            assert!(pace.tick(None).opens);
            for _ in 0..after {
                assert_eq!(pace.tick(Some(state)), Step::default());
            }
            let step = pace.tick(Some(state));
            assert!(step.closes && step.refreshes && !step.opens, "{step:?}");
            pace.refreshed(None);
            assert_eq!(refreshes(&mut pace, None, POLLING - 1), [9, 19, 29, 39, 49]);
            assert!(pace.tick(None).opens);
        }
    }

    #[test]
    fn a_stream_that_connects_again_has_to_say_something() {
        let mut pace = listening();
        assert!(refreshes(&mut pace, OPEN, 100).is_empty());
        for _ in 1..MAX_SILENCE {
            assert!(!pace.tick(Some(CONNECTING)).closes);
        }
        pace.hear(false);
        assert!(refreshes(&mut pace, OPEN, 100).is_empty());
        for _ in 1..MAX_SILENCE {
            assert!(!pace.tick(Some(CONNECTING)).closes);
        }
        assert!(pace.tick(OPEN).closes);
    }

    #[test]
    fn a_page_that_polls_tries_a_stream_when_it_is_visible_again() {
        let mut pace = Pace::default();
        pace.poll();
        assert!(!pace.tick(None).opens);
        pace.show();
        assert!(pace.tick(None).opens);
    }
}
