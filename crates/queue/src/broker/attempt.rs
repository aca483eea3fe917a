//! One attempt to deliver a message: its outcome, and the next state of the message.

use std::time::Duration;

use jiff::Timestamp;

use super::messages::Stored;
use super::response::Response;
use crate::delay::RetryDelay;
use crate::delay::default_retry_delay;
use crate::time::deadline_ms;

/// The outcome of sending a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Delivered(Response),
    Failed {
        error: String,
        response: Option<Response>,
        /// The wait that the receiver asks for.
        wait: Option<Duration>,
        retryable: bool,
    },
    /// The consumer, which shares the database, has marked the message as delivered.
    Completed,
    /// The message was not sent, because this process ends.
    NotSent,
    /// The consumer, which shares the database, could not begin, and names a wait. That is no failed attempt.
    Postponed(Duration),
}

/// The state of a message after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NextState {
    Delivered,
    /// No attempt was made.
    Requeued {
        /// In Unix milliseconds.
        due_at: i64,
    },
    /// Its delivery has failed and is repeated.
    Retry {
        /// In Unix milliseconds.
        due_at: i64,
    },
    /// Its last delivery has failed.
    Dead {
        dead_letter_id: String,
    },
}

/// Decides the state of a message after an attempt that has ended at `now`.
pub(super) fn next_state(message: &Stored, outcome: &Outcome, now: Timestamp) -> NextState {
    let Outcome::Failed {
        wait, retryable, ..
    } = outcome
    else {
        return match outcome {
            Outcome::Delivered(_) | Outcome::Completed => NextState::Delivered,
            Outcome::Postponed(wait) => NextState::Requeued {
                due_at: deadline_ms(now, *wait),
            },
            _ => NextState::Requeued {
                due_at: now.as_millisecond(),
            },
        };
    };
    let delivery = &message.publication.delivery;
    if !*retryable || message.retried >= delivery.retries() {
        return NextState::Dead {
            dead_letter_id: format!("{}-{}", now.as_millisecond(), message.seq),
        };
    }
    let default_wait = || {
        let expression = delivery.retry_delay.as_deref();
        let expression = expression.and_then(|text| text.parse::<RetryDelay>().ok());
        match expression {
            Some(expression) => expression.after(message.retried),
            None => default_retry_delay(message.retried + 1),
        }
    };
    NextState::Retry {
        due_at: deadline_ms(now, wait.unwrap_or_else(default_wait)),
    }
}

/// An attempt that has ended.
pub(super) struct Attempt<'a> {
    pub(super) message: &'a Stored,
    pub(super) outcome: &'a Outcome,
    pub(super) next: NextState,
    pub(super) ended_at: Timestamp,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(message: &'a Stored, outcome: &'a Outcome, ended_at: Timestamp) -> Self {
        Self {
            message,
            outcome,
            next: next_state(message, outcome, ended_at),
            ended_at,
        }
    }

    /// The answer of the receiver, or, where it has sent none, the reason.
    pub(super) fn response(&self) -> Option<&'a Response> {
        match self.outcome {
            Outcome::Delivered(response) => Some(response),
            Outcome::Failed { response, .. } => response.as_ref(),
            Outcome::Completed | Outcome::NotSent | Outcome::Postponed(_) => None,
        }
    }

    pub(super) fn dead_letter_id(&self) -> Option<&str> {
        match &self.next {
            NextState::Dead { dead_letter_id } => Some(dead_letter_id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::DeliverySpec;
    use crate::message::Publication;

    const NOW_MS: i64 = 1_000_000;

    fn message(retried: u32, delivery: DeliverySpec) -> Stored {
        Stored {
            seq: 7,
            id: "msg_1".to_owned(),
            origin: String::new(),
            publication: Publication {
                delivery,
                ..Publication::default()
            },
            created_at: 0,
            not_before: 0,
            retried,
            caller_ip: None,
            schedule_id: None,
            dead_letter_id: None,
            response: None,
        }
    }

    fn failed(wait: Option<Duration>, retryable: bool) -> Outcome {
        Outcome::Failed {
            error: "the receiver answered 500".to_owned(),
            response: None,
            wait,
            retryable,
        }
    }

    fn next(message: &Stored, outcome: &Outcome) -> NextState {
        let now = Timestamp::from_millisecond(NOW_MS).expect("a time");
        next_state(message, outcome, now)
    }

    #[test]
    fn a_message_that_was_taken_is_delivered_and_one_without_an_attempt_is_requeued() {
        let message = message(0, DeliverySpec::default());
        let taken = Outcome::Delivered(Response::default());
        assert_eq!(next(&message, &taken), NextState::Delivered);
        let requeued = |due_at| NextState::Requeued { due_at };
        assert_eq!(next(&message, &Outcome::NotSent), requeued(NOW_MS));
        let postponed = Outcome::Postponed(Duration::from_secs(3));
        assert_eq!(next(&message, &postponed), requeued(NOW_MS + 3000));
    }

    #[test]
    fn a_failed_message_is_retried_until_its_retries_are_used_up() {
        let twice = DeliverySpec {
            retries: Some(2),
            ..DeliverySpec::default()
        };
        for (retried, wait_ms) in [(0, 12_182), (1, 148_413)] {
            assert_eq!(
                next(&message(retried, twice.clone()), &failed(None, true)),
                NextState::Retry {
                    due_at: NOW_MS + wait_ms
                }
            );
        }
        let dead = NextState::Dead {
            dead_letter_id: format!("{NOW_MS}-7"),
        };
        assert_eq!(next(&message(2, twice), &failed(None, true)), dead);
        let never_again = failed(Some(Duration::from_secs(1)), false);
        let message = message(0, DeliverySpec::default());
        assert_eq!(next(&message, &never_again), dead);
    }

    #[test]
    fn the_wait_of_the_receiver_wins_over_that_of_the_message_and_that_over_the_default() {
        let expression = DeliverySpec {
            retry_delay: Some("1000 * (1 + retried)".to_owned()),
            ..DeliverySpec::default()
        };
        let message = message(2, expression);
        let due_at = |outcome| match next(&message, &outcome) {
            NextState::Retry { due_at } => due_at - NOW_MS,
            other => panic!("{other:?}"),
        };
        assert_eq!(due_at(failed(None, true)), 3000);
        assert_eq!(due_at(failed(Some(Duration::from_secs(5)), true)), 5000);
    }
}
