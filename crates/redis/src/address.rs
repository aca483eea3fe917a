//! Where Redis is.

use std::fmt;
use std::str::FromStr;

use redis::ConnectionAddr;
use redis::ConnectionInfo;
use redis::IntoConnectionInfo;

/// Where Redis is, with user and password if it needs them. `Display` and `Debug` hide both.
///
/// ```
/// let address: kith_redis::Address = "redis://user:secret@db.example:6380/2".parse().unwrap();
/// assert_eq!(address.to_string(), "db.example:6380");
/// ```
#[derive(Clone)]
pub enum Address {
    /// One server: `redis://[user:password@]host[:port][/database]`, `rediss://` with TLS, or
    /// `unix:///path`.
    Node(ConnectionInfo),
    /// The primary that Sentinels know:
    /// `redis+sentinel://[user:password@]host[:port],host[:port]/service[/database]`, or
    /// `rediss+sentinel://`. User and password are those of the primary; for those of the Sentinels
    /// see [`with_sentinel_login`](Self::with_sentinel_login).
    Sentinel {
        /// The Sentinels to ask.
        sentinels: Vec<ConnectionInfo>,
        /// The login of the Sentinels; `None` if they need none.
        login: Option<SentinelLogin>,
        /// The name under which the Sentinels know the primary.
        service: String,
        /// User, password, database and TLS of the primary. Its host is not used.
        primary: ConnectionInfo,
    },
    /// `redis+cluster://[user:password@]host[:port],host[:port]`, or `rediss+cluster://`.
    Cluster(Vec<ConnectionInfo>),
    /// Upstash's REST API, or a server that speaks it.
    Rest {
        /// The origin, without a slash at the end.
        url: String,
        /// The bearer token.
        token: String,
    },
}

/// How a client logs in to Sentinels.
#[derive(Clone)]
pub struct SentinelLogin {
    /// The user name; `None` for the default user.
    pub user: Option<String>,
    /// The password.
    pub password: String,
}

/// The text is not the address of a Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the address of a Redis, such as redis://localhost:6379")]
pub struct InvalidAddress;

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidAddress)?;
        match scheme {
            "redis" | "rediss" | "unix" => Ok(Self::Node(info(text)?)),
            "redis+cluster" | "rediss+cluster" => {
                let scheme = scheme.trim_end_matches("+cluster");
                let (user, hosts) = user_and_hosts(rest.trim_end_matches('/'));
                let nodes = hosts.split(',');
                let nodes = nodes.map(|host| info(&format!("{scheme}://{user}{host}")));
                Ok(Self::Cluster(nodes.collect::<Result<_, _>>()?))
            }
            "redis+sentinel" | "rediss+sentinel" => {
                let scheme = scheme.trim_end_matches("+sentinel");
                let (user, hosts) = user_and_hosts(rest);
                let (hosts, path) = hosts.split_once('/').ok_or(InvalidAddress)?;
                let (service, database) = path.split_once('/').unwrap_or((path, ""));
                if service.is_empty() {
                    return Err(InvalidAddress);
                }
                let sentinel = |host: &str| {
                    let port = if host.contains(':') { "" } else { ":26379" };
                    info(&format!("{scheme}://{host}{port}"))
                };
                Ok(Self::Sentinel {
                    sentinels: hosts.split(',').map(sentinel).collect::<Result<_, _>>()?,
                    login: None,
                    service: service.to_owned(),
                    primary: info(&format!("{scheme}://{user}primary/{database}"))?,
                })
            }
            _ => Err(InvalidAddress),
        }
    }
}

impl Address {
    /// Sets the login of the Sentinels. Other addresses stay as they are.
    #[must_use]
    pub fn with_sentinel_login(mut self, new: SentinelLogin) -> Self {
        if let Self::Sentinel { login, .. } = &mut self {
            *login = Some(new);
        }
        self
    }
}

fn info(url: &str) -> Result<ConnectionInfo, InvalidAddress> {
    url.into_connection_info().map_err(|_| InvalidAddress)
}

/// What stands before the hosts, its `@` included, and the rest.
fn user_and_hosts(rest: &str) -> (&str, &str) {
    rest.split_at(rest.rfind('@').map_or(0, |at| at + 1))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts = |nodes: &[ConnectionInfo]| {
            let nodes: Vec<String> = nodes.iter().map(|node| node.addr().to_string()).collect();
            nodes.join(", ")
        };
        match self {
            Self::Node(node) => match node.addr() {
                ConnectionAddr::Unix(path) => write!(f, "{}", path.display()),
                addr => write!(f, "{addr}"),
            },
            Self::Sentinel {
                sentinels, service, ..
            } => write!(f, "{service} of the Sentinels {}", hosts(sentinels)),
            Self::Cluster(nodes) => write!(f, "the cluster of {}", hosts(nodes)),
            Self::Rest { url, .. } => f.write_str(url),
        }
    }
}

/// Secrets have no place in debug output.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        text.parse::<Address>()
            .ok()
            .map(|address| address.to_string())
    }

    #[test]
    fn every_kind_of_address_is_understood_and_shown_without_secrets() {
        for (text, address) in [
            ("redis://localhost", "localhost:6379"),
            ("redis://:secret@10.0.0.1:7000/3", "10.0.0.1:7000"),
            ("rediss://user:secret@redis.example", "redis.example:6379"),
            ("unix:///run/redis.sock", "/run/redis.sock"),
            (
                "redis+sentinel://user:secret@a,b:26380/mymaster/1",
                "mymaster of the Sentinels a:26379, b:26380",
            ),
            (
                "rediss+cluster://user:secret@a:7000,b:7001/",
                "the cluster of a:7000, b:7001",
            ),
        ] {
            assert_eq!(shown(text).as_deref(), Some(address), "{text}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_parsed_is_refused() {
        for text in [
            "",
            "localhost:6379",
            "http://localhost",
            "redis://",
            "redis+sentinel://a:26379",
            "redis+sentinel://a:26379/",
            "redis+cluster://a:70000",
            "redis://localhost/one",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
