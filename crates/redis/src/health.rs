//! Whether Redis can be used, since when, and why not.

use std::fmt;
use std::io;

use kith_runtime::ComponentHealth;
use redis::ErrorKind;
use redis::RedisError;
use redis::ServerErrorKind;

/// The health of the connection to Redis: the [`ComponentHealth`] of every component, with the reasons of Redis.
pub type Health = ComponentHealth<DownReason>;

/// Why Redis cannot be used. Its `Display` completes "Redis …" and holds no text of the driver or the
/// server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownReason {
    /// No connection has been made yet.
    NotConnected,
    /// No connection can be made.
    Unreachable,
    /// An established connection has ended.
    Disconnected,
    /// It did not answer within the timeout.
    Timeout,
    /// User name or password are wrong, or the user lacks a permission.
    PermissionDenied,
    /// It is reading its data from disk.
    Loading,
    /// It takes no writes, as a replica or a node that has just been demoted.
    ReadOnly,
    /// It takes no writes because it has too few replicas.
    NoReplicas,
    /// It takes no writes because it cannot save them on its disk.
    CannotSave,
    /// It runs a script or a function that does not end.
    Busy,
    /// It has no memory left for writes.
    OutOfMemory,
    /// A node of the cluster, or the primary of a replica, is missing.
    ClusterDown,
    /// Its answers are not those of a Redis.
    InvalidAnswer,
    /// The REST API rejects the token.
    TokenRejected,
    /// The REST API is rate limited, or a quota is used up.
    Throttled,
    /// The REST API answers with a server error.
    ServerError,
    /// There is no REST API at the URL.
    NoRestApi,
}

impl DownReason {
    /// The reason that the next call would meet too; `None` if the error is about this call alone.
    pub(crate) fn of(error: &RedisError) -> Option<Self> {
        use ServerErrorKind as Server;
        match error.kind() {
            ErrorKind::AuthenticationFailed => Some(Self::PermissionDenied),
            ErrorKind::Server(Server::BusyLoading) => Some(Self::Loading),
            ErrorKind::Server(Server::ReadOnly) => Some(Self::ReadOnly),
            ErrorKind::Server(Server::NoPerm) => Some(Self::PermissionDenied),
            ErrorKind::Server(Server::ClusterDown | Server::MasterDown)
            | ErrorKind::ClusterConnectionNotFound
            | ErrorKind::MasterNameNotFoundBySentinel
            | ErrorKind::NoValidReplicasFoundBySentinel => Some(Self::ClusterDown),
            ErrorKind::Parse | ErrorKind::RESP3NotSupported => Some(Self::InvalidAnswer),
            _ => match error.code() {
                Some(code) if Self::with_code(code).is_some() => Self::with_code(code),
                Some("NOAUTH" | "WRONGPASS") => Some(Self::PermissionDenied),
                Some("OOM") => Some(Self::OutOfMemory),
                Some("NOREPLICAS") => Some(Self::NoReplicas),
                Some("MISCONF") => Some(Self::CannotSave),
                Some("BUSY") => Some(Self::Busy),
                _ if error.is_timeout() => Some(Self::Timeout),
                _ if error.is_connection_refusal() => Some(Self::Unreachable),
                _ if error.is_connection_dropped() => Some(Self::Disconnected),
                _ if error.is_io_error() => Some(Self::Unreachable),
                _ => None,
            },
        }
    }

    /// The code in the errors of what only a REST API can say. Redis' own have no hyphen.
    pub(crate) fn code(self) -> Option<&'static str> {
        match self {
            Self::TokenRejected => Some("REST-TOKEN"),
            Self::Throttled => Some("REST-THROTTLED"),
            Self::ServerError => Some("REST-FAILING"),
            Self::NoRestApi => Some("REST-MISDIRECTED"),
            _ => None,
        }
    }

    fn with_code(code: &str) -> Option<Self> {
        let all = [
            Self::TokenRejected,
            Self::Throttled,
            Self::ServerError,
            Self::NoRestApi,
        ];
        all.into_iter().find(|loss| loss.code() == Some(code))
    }
}

impl fmt::Display for DownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotConnected => "has not been reached yet",
            Self::Unreachable => "cannot be reached",
            Self::Disconnected => "has closed the connection",
            Self::Timeout => "does not answer in time",
            Self::PermissionDenied => "refuses the user, the password or what they may do",
            Self::Loading => "is still loading its data",
            Self::ReadOnly => "takes no writes",
            Self::NoReplicas => "has too few replicas to take writes",
            Self::CannotSave => "takes no writes because it cannot save them",
            Self::Busy => "is busy with a script that does not end",
            Self::OutOfMemory => "has no memory left",
            Self::ClusterDown => "is missing a part of its cluster",
            Self::InvalidAnswer => "does not answer as Redis does",
            Self::TokenRejected => "refuses the token of its REST API",
            Self::Throttled => {
                "takes no more requests for now: they are too many, or a quota is used up"
            }
            Self::ServerError => "cannot be used, because its REST API fails",
            Self::NoRestApi => "is not at the URL of its REST API",
        })
    }
}

/// An error for what was found wrong on this side of the connection.
pub(crate) fn invalid(what: &'static str) -> RedisError {
    RedisError::from(io::Error::new(io::ErrorKind::InvalidData, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Kith makes of an answer of Redis.
    fn loss(line: &str) -> Option<DownReason> {
        let value = redis::parse_redis_value(format!("-{line}\r\n").as_bytes());
        let error = value.and_then(redis::Value::extract_error);
        DownReason::of(&error.expect_err("it is an error"))
    }

    #[test]
    fn an_error_that_every_write_would_meet_is_a_loss() {
        for (line, expected) in [
            (
                "NOREPLICAS Not enough good replicas to write.",
                DownReason::NoReplicas,
            ),
            (
                "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to \
                 persist to disk.",
                DownReason::CannotSave,
            ),
            ("BUSY Redis is busy running a script.", DownReason::Busy),
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                DownReason::OutOfMemory,
            ),
            (
                "READONLY You can't write against a read only replica.",
                DownReason::ReadOnly,
            ),
            (
                "NOPERM this user has no permissions",
                DownReason::PermissionDenied,
            ),
        ] {
            assert_eq!(loss(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn an_error_that_only_one_command_meets_is_no_loss() {
        for line in [
            "WRONGTYPE Operation against a key",
            "ERR syntax error",
            "NOSCRIPT No matching",
        ] {
            assert_eq!(loss(line), None, "{line}");
        }
    }
}
