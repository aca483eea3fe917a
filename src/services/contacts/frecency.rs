//! [`Frecency`]: how much a contact is used, lately and often.
//!
//! Each use of a contact counts for its score, and half as much each [`HALF_LIFE`] later. The scores of all contacts decay
//! alike, so their order stays until one is used again. That is why Kith keeps no score, which would be outdated at once,
//! but the time at which a single use would count as much as all uses of the contact do: the later, the higher the score.

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

/// After this time, in milliseconds, a use counts half as much: thirty days.
pub const HALF_LIFE: i64 = 30 * 24 * 60 * 60 * 1000;

/// What someone does with a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// Opens it.
    Open,
    /// Calls it, or writes to it.
    Reach,
}

impl Use {
    /// How many half-lives a use is worth more than opening: two make it count four times.
    fn half_lives(self) -> i64 {
        match self {
            Self::Open => 0,
            Self::Reach => 2,
        }
    }
}

/// The score of a contact as a time, in milliseconds since the epoch. That of a contact that was never used is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Frecency(pub i64);

impl Frecency {
    /// That of one use.
    pub fn of(what: Use, now: Timestamp) -> Self {
        Self(now.as_millisecond() + what.half_lives() * HALF_LIFE)
    }

    /// That of the uses of both.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let [low, high] = [self.min(other).0, self.max(other).0];
        let half_lives = (high - low) as f64 / HALF_LIFE as f64;
        let more = (-half_lives).exp2().ln_1p() / std::f64::consts::LN_2;
        Self(high + (more * HALF_LIFE as f64).round() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    /// The score of a contact that was opened on these days.
    fn opened(days: &[i64]) -> Frecency {
        let uses = days.iter().map(|day| {
            let time = Timestamp::from_millisecond(1_800_000_000_000 + day * DAY);
            Frecency::of(Use::Open, time.expect("a time"))
        });
        uses.fold(Frecency::default(), Frecency::plus)
    }

    #[test]
    fn two_uses_count_as_one_a_half_life_later() {
        assert_eq!(opened(&[0, 0]), opened(&[30]));
        assert_eq!(opened(&[0, 0, 0, 0]), opened(&[60]));
    }

    #[test]
    fn to_reach_a_contact_counts_as_opening_it_four_times() {
        let reached = Frecency::of(Use::Reach, Timestamp::from_millisecond(0).expect("a time"));
        let once = Frecency::of(Use::Open, Timestamp::from_millisecond(0).expect("a time"));
        let twice = once.plus(once);
        assert_eq!(reached, twice.plus(twice));
    }

    #[test]
    fn what_is_used_often_or_lately_comes_before_what_was() {
        for (more, less) in [
            (&[0][..], &[][..]),
            (&[1], &[0]),
            (&[0, 1], &[1]),
            // A contact of each week stays before one that was opened yesterday, and not for ever.
            (&[0, 7, 14, 21], &[29]),
            (&[120], &[0, 7, 14, 21]),
        ] {
            assert!(opened(more) > opened(less), "{more:?} {less:?}");
        }
    }

    #[test]
    fn the_order_of_uses_makes_no_difference_that_shows() {
        let days = [0, 3, 3, 40, 41, 200];
        let mut backward = days;
        backward.reverse();
        let difference = opened(&days).0 - opened(&backward).0;
        assert!(difference.abs() <= 5, "{difference} ms");
    }
}
