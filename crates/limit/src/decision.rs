//! What a limiter answers.

use std::time::Duration;

use crate::policy::Quota;

/// The answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request is allowed.
    pub outcome: Outcome,
    /// The policy's quota at the time of the decision.
    pub quota: Quota,
    /// The largest cost that would be allowed now.
    pub remaining: u64,
    /// How long until the whole quota is back, if nothing else is charged.
    pub reset_after: Duration,
    /// Where the decision was made.
    pub decided_by: DecidedBy,
}

/// Whether a request is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The request is allowed, and its cost is charged.
    Allowed,
    /// The request is refused. It costs nothing.
    Refused {
        /// The same request is allowed after this time if nothing else is charged. `None` if it costs more
        /// than the limit and is never allowed.
        retry_after: Option<Duration>,
    },
    /// The policy is in shadow mode and would have refused the request. It costs nothing.
    Shadowed,
}

/// Where a decision was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    /// On Redis.
    Redis,
    /// In this process: there is no Redis, Redis is down, or Redis has lost state that this process has.
    Local,
    /// In this process, from an earlier refusal that still holds.
    CachedRefusal,
    /// By the policy's [`FailMode`](crate::FailMode), without counting.
    FailMode,
}

impl Decision {
    /// Whether the request may go on.
    pub fn is_allowed(&self) -> bool {
        !matches!(self.outcome, Outcome::Refused { .. })
    }
}
