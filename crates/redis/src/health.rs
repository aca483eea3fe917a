//! Whether Redis can be used, since when, and why not.

use std::fmt;
use std::io;

use jiff::Timestamp;
use redis::ErrorKind;
use redis::RedisError;
use redis::ServerErrorKind;

/// The state of the connection to Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    Up { since: Timestamp },
    Lost { since: Timestamp, loss: Loss },
}

/// Why Redis cannot be used. Displayed, it completes "Redis …", without any text of the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    NotYetReached,
    /// No connection can be made.
    Unreachable,
    /// An established connection has ended.
    Disconnected,
    /// No answer within the budget.
    Slow,
    /// User name or password are wrong, or the user may not do what Kith does.
    NotPermitted,
    /// It reads its data from disk and answers nothing until then.
    Loading,
    /// It takes no writes, as a replica or a node that has just been demoted.
    ReadOnly,
    /// It takes no writes as long as it has too few replicas.
    NoReplicas,
    /// It takes no writes as long as it cannot save them on its disk.
    CannotSave,
    /// It runs a script or a function that does not end.
    Busy,
    /// It has no memory left for writes.
    OutOfMemory,
    /// A part of the cluster, or the primary behind a replica, is missing.
    Incomplete,
    /// It answers, but not as Redis does.
    Refused,
    /// The REST API refuses its token.
    TokenRefused,
    /// The REST API has too many requests to answer, or a quota is used up.
    Throttled,
    /// The REST API fails.
    Failing,
    /// There is no REST API at the configured URL: it leads elsewhere, or to nothing.
    Misdirected,
}

impl Health {
    pub(super) fn up() -> Self {
        Self::Up {
            since: Timestamp::now(),
        }
    }

    pub(super) fn lost(loss: Loss) -> Self {
        Self::Lost {
            since: Timestamp::now(),
            loss,
        }
    }

    /// Lost since whenever it was lost, but now for this reason.
    pub(super) fn still_lost(self, loss: Loss) -> Self {
        match self {
            Self::Lost { since, .. } => Self::Lost { since, loss },
            Self::Up { .. } => Self::lost(loss),
        }
    }

    pub fn is_up(self) -> bool {
        matches!(self, Self::Up { .. })
    }

    /// Why it is lost, if it is.
    pub fn loss(self) -> Option<Loss> {
        match self {
            Self::Up { .. } => None,
            Self::Lost { loss, .. } => Some(loss),
        }
    }

    /// Since when it is as it is.
    pub fn since(self) -> Timestamp {
        match self {
            Self::Up { since } | Self::Lost { since, .. } => since,
        }
    }
}

impl Loss {
    /// What an error says about the next call; `None` if nothing, because it is about this one.
    pub(super) fn of(error: &RedisError) -> Option<Self> {
        use ServerErrorKind as Server;
        match error.kind() {
            ErrorKind::AuthenticationFailed => Some(Self::NotPermitted),
            ErrorKind::Server(Server::BusyLoading) => Some(Self::Loading),
            ErrorKind::Server(Server::ReadOnly) => Some(Self::ReadOnly),
            ErrorKind::Server(Server::NoPerm) => Some(Self::NotPermitted),
            ErrorKind::Server(Server::ClusterDown | Server::MasterDown)
            | ErrorKind::ClusterConnectionNotFound
            | ErrorKind::MasterNameNotFoundBySentinel
            | ErrorKind::NoValidReplicasFoundBySentinel => Some(Self::Incomplete),
            ErrorKind::Parse | ErrorKind::RESP3NotSupported => Some(Self::Refused),
            _ => match error.code() {
                Some(code) if Self::with_code(code).is_some() => Self::with_code(code),
                Some("NOAUTH" | "WRONGPASS") => Some(Self::NotPermitted),
                Some("OOM") => Some(Self::OutOfMemory),
                Some("NOREPLICAS") => Some(Self::NoReplicas),
                Some("MISCONF") => Some(Self::CannotSave),
                Some("BUSY") => Some(Self::Busy),
                _ if error.is_timeout() => Some(Self::Slow),
                _ if error.is_connection_refusal() => Some(Self::Unreachable),
                _ if error.is_connection_dropped() => Some(Self::Disconnected),
                _ if error.is_io_error() => Some(Self::Unreachable),
                _ => None,
            },
        }
    }

    /// The code in the errors of what only a REST API can say. Redis' own have no hyphen.
    pub(super) fn code(self) -> Option<&'static str> {
        match self {
            Self::TokenRefused => Some("REST-TOKEN"),
            Self::Throttled => Some("REST-THROTTLED"),
            Self::Failing => Some("REST-FAILING"),
            Self::Misdirected => Some("REST-MISDIRECTED"),
            _ => None,
        }
    }

    fn with_code(code: &str) -> Option<Self> {
        let all = [
            Self::TokenRefused,
            Self::Throttled,
            Self::Failing,
            Self::Misdirected,
        ];
        all.into_iter().find(|loss| loss.code() == Some(code))
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotYetReached => "has not been reached yet",
            Self::Unreachable => "cannot be reached",
            Self::Disconnected => "has closed the connection",
            Self::Slow => "does not answer in time",
            Self::NotPermitted => "refuses the user, the password or what they may do",
            Self::Loading => "is still loading its data",
            Self::ReadOnly => "takes no writes",
            Self::NoReplicas => "has too few replicas to take writes",
            Self::CannotSave => "takes no writes because it cannot save them",
            Self::Busy => "is busy with a script that does not end",
            Self::OutOfMemory => "has no memory left",
            Self::Incomplete => "is missing a part of its cluster",
            Self::Refused => "does not answer as Redis does",
            Self::TokenRefused => "refuses the token of the setting redis.rest_token",
            Self::Throttled => {
                "takes no more requests for now: they are too many, or a quota is used up"
            }
            Self::Failing => "cannot be used, because its REST API fails",
            Self::Misdirected => "is not at the URL of the setting redis.rest_url",
        })
    }
}

/// An error for what was found wrong on this side of the connection.
pub(super) fn invalid(what: &'static str) -> RedisError {
    RedisError::from(io::Error::new(io::ErrorKind::InvalidData, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Kith makes of an answer of Redis.
    fn loss(line: &str) -> Option<Loss> {
        let value = redis::parse_redis_value(format!("-{line}\r\n").as_bytes());
        let error = value.and_then(redis::Value::extract_error);
        Loss::of(&error.expect_err("it is an error"))
    }

    #[test]
    fn what_every_write_would_meet_is_a_loss() {
        for (line, expected) in [
            (
                "NOREPLICAS Not enough good replicas to write.",
                Loss::NoReplicas,
            ),
            (
                "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to \
                 persist to disk.",
                Loss::CannotSave,
            ),
            ("BUSY Redis is busy running a script.", Loss::Busy),
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                Loss::OutOfMemory,
            ),
            (
                "READONLY You can't write against a read only replica.",
                Loss::ReadOnly,
            ),
            ("NOPERM this user has no permissions", Loss::NotPermitted),
        ] {
            assert_eq!(loss(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_one_command_meets_is_none() {
        for line in [
            "WRONGTYPE Operation against a key",
            "ERR syntax error",
            "NOSCRIPT No matching",
        ] {
            assert_eq!(loss(line), None, "{line}");
        }
    }
}
