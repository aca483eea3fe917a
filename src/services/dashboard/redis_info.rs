//! What Redis says about itself, by `INFO`.

use std::time::Duration;
use std::time::Instant;

use kith_redis::Redis;

/// What an operator wants to know about Redis. Values that a server does not send are missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedisInfo {
    pub version: Option<String>,
    /// Memory in bytes, like the next two.
    pub used: Option<u64>,
    pub peak: Option<u64>,
    /// `None` where there is no limit as well.
    pub limit: Option<u64>,
    /// What happens at the limit, for example `noeviction`.
    pub eviction_policy: Option<String>,
    /// Keys that were evicted.
    pub evicted: Option<u64>,
    /// Reads of keys that were there, and of all keys.
    pub hits: Option<(u64, u64)>,
    pub clients: Option<u64>,
    /// How long it took to answer this.
    pub latency: Duration,
}

impl RedisInfo {
    /// `None` when Redis is lost, or refuses: a cluster and a user without the right to ask do.
    pub async fn query(redis: &Redis) -> Option<Self> {
        let start = Instant::now();
        let text: String = redis.query(&::redis::cmd("INFO")).await.ok()?;
        Some(Self {
            latency: start.elapsed(),
            ..Self::read(&text)
        })
    }

    fn read(text: &str) -> Self {
        let field = |name: &str| {
            let mut fields = text.lines().filter_map(|line| line.split_once(':'));
            fields.find_map(|(known, value)| (known == name).then(|| value.trim().to_owned()))
        };
        let number = |name: &str| field(name)?.parse::<u64>().ok();
        let hits = number("keyspace_hits");
        Self {
            version: field("redis_version"),
            used: number("used_memory"),
            peak: number("used_memory_peak"),
            limit: number("maxmemory").filter(|limit| *limit > 0),
            eviction_policy: field("maxmemory_policy"),
            evicted: number("evicted_keys"),
            hits: hits.and_then(|hits| Some((hits, hits + number("keyspace_misses")?))),
            clients: number("connected_clients"),
            latency: Duration::ZERO,
        }
    }

    /// Whether Redis may drop, before its time, what limits are counted in. Everything that Kith keeps
    /// there has a lifetime, so that policies for such keys do that as well.
    pub fn may_forget_limits(&self) -> bool {
        let policy = self.eviction_policy.as_deref();
        self.limit.is_some() && policy.is_some_and(|policy| policy != "noeviction")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_tells_is_read() {
        let text = "# Server\r\nredis_version:7.0.15\r\n# Memory\r\nused_memory:1048576\r\n\
                    used_memory_peak:2097152\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n\
                    # Stats\r\nevicted_keys:0\r\nkeyspace_hits:3\r\nkeyspace_misses:1\r\n\
                    # Clients\r\nconnected_clients:2\r\n";
        let info = RedisInfo::read(text);
        assert_eq!(info.version.as_deref(), Some("7.0.15"));
        assert_eq!(
            (info.used, info.peak, info.limit),
            (Some(1 << 20), Some(2 << 20), None)
        );
        assert_eq!((info.hits, info.clients), (Some((3, 4)), Some(2)));
        assert!(
            !info.may_forget_limits(),
            "nothing is evicted without a limit"
        );
        let limited = RedisInfo::read("maxmemory:100\nmaxmemory_policy:volatile-ttl");
        assert!(limited.may_forget_limits());
        let kept = RedisInfo::read("maxmemory:100\nmaxmemory_policy:noeviction");
        assert!(!kept.may_forget_limits());
        assert_eq!(RedisInfo::read(""), RedisInfo::default());
    }
}
