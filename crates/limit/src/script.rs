//! The limiter on Redis: the scripts, and what goes into and comes out of a call.
//!
//! A script is put together for the very rules that it decides on, as straight-line code with
//! their limits and windows in it. Redis runs a script from its beginning each time, so that
//! functions and tables would be built anew for every request, and hands it each argument for
//! half a microsecond: the usual call, one policy and a cost of 1, has none.

use std::fmt::Write;

use kith_redis::{Call, Script};

use crate::Millis;
use crate::local::Assessment;
use crate::policy::{Algorithm, Quota};

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Charge,
    /// Changes nothing.
    Peek,
    Refund,
}

/// What one key of a script is held to.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub algorithm: Algorithm,
    pub quota: Quota,
    /// A refusal under this rule does not keep the others from being charged.
    pub shadow: bool,
}

/// What Redis found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The time of its decision, by its own clock.
    pub at: Millis,
    /// One for each part.
    pub assessments: Vec<Assessment>,
}

/// What every script begins with. `ARGV` holds the costs, if any is not 1, and then perhaps the
/// time in milliseconds since the epoch, which tests bring and which otherwise is that of Redis.
const BEGINNING: &str = "\
local call, floor, ceil, format = redis.call, math.floor, math.ceil, string.format
local pack, spread, unpack = struct.pack, unpack, struct.unpack
local now, allowed = ARGV[#KEYS + 1], true
if now then
  now = now + 0
else
  local time = call('TIME')
  now = time[1] * 1000 + floor(time[2] / 1000)
end
";

/// Decides under all rules together: all are charged or, if one that is not in shadow mode
/// refuses, none. Answers with the time, then for each rule with the milliseconds until the cost
/// can be charged (0 is now, -1 is never), the remaining units, and the milliseconds until the
/// whole quota is back. A refusal writes nothing.
pub(crate) fn script(operation: Operation, rules: &[Rule]) -> Script {
    let mut source = BEGINNING.to_owned();
    let mut answer = "return {now".to_owned();
    for (index, rule) in rules.iter().enumerate() {
        let part = Source::of(rule.algorithm);
        let n = index + 1;
        let (names, kept) = (part.names.join(", "), part.kept(n));
        let (limit, window) = (rule.quota.limit(), rule.quota.window());
        let refuses = if rule.shadow { "" } else { "allowed = false" };
        let _ = write!(
            source,
            "local key{n}, cost{n}, now{n}, wait{n} = KEYS[{n}], (ARGV[{n}] or 1) + 0, now
local {kept}
do
  local key, limit, window, units, now = key{n}, {limit}, {window}, cost{n}, now
  local {names}
  {load}
  local wait
  {wait}
  now{n}, wait{n}, {kept} = now, wait, {names}
  if wait ~= 0 then {refuses} end
end
",
            load = part.load,
            wait = part.wait,
        );
    }
    for (index, rule) in rules.iter().enumerate() {
        let part = Source::of(rule.algorithm);
        let n = index + 1;
        let (names, kept) = (part.names.join(", "), part.kept(n));
        let (limit, window) = (rule.quota.limit(), rule.quota.window());
        let (when, units) = match operation {
            Operation::Charge => (format!("allowed and wait{n} == 0"), format!("cost{n}")),
            Operation::Refund => ("true".to_owned(), format!("-cost{n}")),
            Operation::Peek => ("false".to_owned(), "0".to_owned()),
        };
        let _ = write!(
            source,
            "local remaining{n}, reset{n}
do
  local key, limit, window, units, now = key{n}, {limit}, {window}, {units}, now{n}
  local {names} = {kept}
  if {when} then
    {charge}
  end
  local remaining, wait
  {remaining}
  units = limit
  {wait}
  remaining{n}, reset{n} = remaining < 0 and 0 or remaining, wait
end
",
            charge = part.charge,
            remaining = part.remaining,
            wait = part.wait,
        );
        let _ = write!(answer, ", wait{n}, remaining{n}, reset{n}");
    }
    Script::new(source + &answer + "}\n")
}

/// A call of a script with a key and a cost for each of its rules, at `now` if it is given and
/// otherwise by Redis' clock.
pub(crate) fn call<'s, 'k>(
    script: &'s Script,
    keys: impl ExactSizeIterator<Item = &'k str>,
    costs: &[u64],
    now: Option<Millis>,
) -> Call<'s> {
    let mut call = script.call(keys);
    if now.is_some() || costs.iter().any(|cost| *cost != 1) {
        for cost in costs {
            call.arg(*cost);
        }
    }
    if let Some(now) = now {
        call.arg(now);
    }
    call
}

/// Reads what a script has returned; `None` if it is nothing that a script returns.
pub(crate) fn read(answer: &[i64]) -> Option<Found> {
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

/// An algorithm in Lua, in the sections that its file has. Each reads and sets plain variables:
/// `key`, `limit`, `window`, `now` and those that make up its state.
struct Source {
    /// The variables of the state.
    names: Vec<&'static str>,
    /// Reads the state from the key, and moves `now` on if the state is ahead of it.
    load: &'static str,
    /// Sets `wait` to the milliseconds until `units` can be charged, or to -1 for never.
    wait: &'static str,
    /// Sets `remaining`.
    remaining: &'static str,
    /// Charges `units`, or gives them back if they are negative.
    charge: &'static str,
}

impl Source {
    fn of(algorithm: Algorithm) -> Self {
        let text = match algorithm {
            Algorithm::FixedWindow => include_str!("lua/fixed_window.lua"),
            Algorithm::SlidingWindow => include_str!("lua/sliding_window.lua"),
            Algorithm::SlidingLog => include_str!("lua/sliding_log.lua"),
            Algorithm::TokenBucket => include_str!("lua/token_bucket.lua"),
        };
        let section = |name: &str| {
            let mut sections = text.split("--- ").skip(1);
            let section = sections.find_map(|section| section.strip_prefix(name));
            section.expect("every file has every section").trim()
        };
        Self {
            names: section("state").split(", ").collect(),
            load: section("load"),
            wait: section("wait"),
            remaining: section("remaining"),
            charge: section("charge"),
        }
    }

    /// The variables that hold the state of the `n`th rule between its two turns.
    fn kept(&self, n: usize) -> String {
        let names = self.names.iter();
        let kept: Vec<String> = names.map(|name| format!("{name}{n}")).collect();
        kept.join(", ")
    }
}
