//! The limiter on Redis: the scripts, and what goes into and comes out of a call.

use std::sync::OnceLock;

use super::Millis;
use super::policy::Algorithm;
use super::policy::Quota;
use super::twin::Assessment;
use crate::server::redis::Call;
use crate::server::redis::Script;

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Charge,
    /// Changes nothing.
    Peek,
    Refund,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Charge => "charge",
            Self::Peek => "peek",
            Self::Refund => "refund",
        }
    }
}

/// One policy's part of a call.
pub struct Part {
    pub key: String,
    pub algorithm: Algorithm,
    pub quota: Quota,
    pub cost: u64,
    pub shadow: bool,
}

/// What Redis found.
pub struct Found {
    /// The time of its decision, by its own clock.
    pub at: Millis,
    /// One for each part.
    pub assessments: Vec<Assessment>,
}

/// A call of the script for these parts, at `now` if it is given and otherwise by Redis' clock.
pub fn call(operation: Operation, now: Option<Millis>, parts: &[Part]) -> Call<'static> {
    let algorithms = parts
        .iter()
        .fold(0, |set, part| set | 1 << part.algorithm as usize);
    let keys = parts.iter().map(|part| part.key.as_str());
    let mut call = script(algorithms).call(keys);
    match now {
        Some(now) => call.arg(now),
        None => call.arg(""),
    };
    call.arg(operation.name());
    for part in parts {
        call.arg(part.algorithm.name())
            .arg(part.quota.limit())
            .arg(part.quota.window())
            .arg(part.cost)
            .arg(u8::from(part.shadow));
    }
    call
}

/// Reads what the script has returned; `None` if it is nothing that the script returns.
pub fn read(answer: &[i64]) -> Option<Found> {
    let (at, found) = answer.split_first()?;
    let (found, []) = found.as_chunks::<3>() else {
        return None;
    };
    let assess = |[wait, remaining, reset]: &[i64; 3]| {
        Some(Assessment {
            wait: u64::try_from(*wait).ok(),
            remaining: u64::try_from(*remaining).ok()?,
            reset: u64::try_from(*reset).ok()?,
        })
    };
    Some(Found {
        at: u64::try_from(*at).ok()?,
        assessments: found.iter().map(assess).collect::<Option<_>>()?,
    })
}

/// The script for a set of algorithms, given as a bit mask. It holds no others: Redis builds the
/// functions of a script anew each time it runs.
fn script(algorithms: usize) -> &'static Script {
    static SCRIPTS: [OnceLock<Script>; 1 << Algorithm::ALL.len()] =
        [const { OnceLock::new() }; 1 << Algorithm::ALL.len()];
    SCRIPTS[algorithms].get_or_init(|| {
        let mut source = String::from("local algorithms = {}\n");
        for algorithm in Algorithm::ALL {
            if algorithms & (1 << algorithm as usize) != 0 {
                source += match algorithm {
                    Algorithm::FixedWindow => include_str!("lua/fixed_window.lua"),
                    Algorithm::SlidingWindow => include_str!("lua/sliding_window.lua"),
                    Algorithm::SlidingLog => include_str!("lua/sliding_log.lua"),
                    Algorithm::TokenBucket => include_str!("lua/token_bucket.lua"),
                };
            }
        }
        source += include_str!("lua/decide.lua");
        Script::new(source)
    })
}
