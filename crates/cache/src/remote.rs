//! The tier on Redis, which all instances share.
//!
//! A value is stored with a head: its generation, the version of its schema, its lifetime and how long the
//! fetch took. It is one string, or a hash whose fields can be read one by one. Its age is its lifetime less
//! the time to live that Redis reports, so that only Redis' clock counts.
//!
//! A read takes one round trip. If Redis has no usable value, a second round trip gives the reader a lease,
//! and other readers wait for the value that it stores. A lease that is not used expires.
//!
//! Redis may fail or lose data at any time. Then readers fetch for themselves. Generations alone decide what
//! is served, see [`generation`](crate::generation).

use std::sync::LazyLock;
use std::time::Duration;

use ::redis::FromRedisValue;
use ::redis::Value as RedisValue;
use bytes::Bytes;
use kith_redis::{Error, Redis, Script, Step};
use serde_json::Map;
use serde_json::Value as Json;
use sha2::Digest;
use sha2::Sha256;

use crate::generation::Generation;
use crate::key::{Key, hex_prefix};
use crate::lock::RELEASE;
use crate::policy::Encoding;

/// The tier. Cheap to clone.
#[derive(Clone)]
pub(crate) struct RemoteTier {
    redis: Redis,
    prefix: String,
}

/// What a reader looks for.
pub(crate) struct Wanted {
    pub(crate) encoding: Encoding,
    pub(crate) generation: Generation,
    /// [`Cacheable::SCHEMA`](crate::Cacheable::SCHEMA).
    pub(crate) schema: u32,
    /// The value must be younger than this; `None` for any age.
    pub(crate) younger_than: Option<Duration>,
    /// Whether an older value is wanted if another reader has the lease.
    pub(crate) or_old: bool,
    /// How long the reader may take to fetch the value.
    pub(crate) lease: Duration,
}

/// What is stored beside a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub generation: Generation,
    pub schema: u32,
    /// How long ago its fetch began.
    pub age: Duration,
    /// The time from its fetch until it expires.
    pub lifetime: Duration,
    /// How long the fetch took.
    pub cost: Duration,
    pub json: Bytes,
}

/// The answer to a reader.
pub(crate) enum Found {
    /// A value of the generation that was asked for.
    Current(Stored),
    /// No usable value. The reader fetches it, under this lease.
    Leased(Lease),
    /// No usable value; another reader has the lease. There may be an old value.
    LeasedElsewhere(Option<Stored>),
    /// Redis cannot be used.
    Unavailable,
}

/// The right to store a value.
pub(crate) struct Lease {
    key: String,
    token: String,
}

/// Values with more bytes of JSON are not shared: while a large value is sent, all other calls on the
/// connection wait.
pub(crate) const MAX_SHARED_BYTES: usize = 256 * 1024;

static LOOK_UP: LazyLock<[Script; 2]> = LazyLock::new(|| {
    [Encoding::Blob, Encoding::Hash]
        .map(|encoding| script(encoding, include_str!("lua/look_up.lua")))
});
static FILL: LazyLock<[Script; 2]> = LazyLock::new(|| {
    [Encoding::Blob, Encoding::Hash].map(|encoding| script(encoding, include_str!("lua/fill.lua")))
});

fn script(encoding: Encoding, body: &str) -> Script {
    let shape = match encoding {
        Encoding::Blob => include_str!("lua/whole.lua"),
        Encoding::Hash => include_str!("lua/fields.lua"),
    };
    Script::new(format!("{}{shape}{body}", include_str!("lua/age.lua")))
}

impl RemoteTier {
    pub(crate) fn new(redis: Redis, prefix: &str) -> Self {
        let prefix = format!("{prefix}:cache");
        Self { redis, prefix }
    }

    /// The stored value; `None` if there is none, or Redis cannot be used.
    pub(crate) async fn read(&self, key: &Key, encoding: Encoding) -> Option<Stored> {
        let name = self.name(key);
        let mut get = ::redis::cmd(match encoding {
            Encoding::Blob => "GET",
            Encoding::Hash => "HGETALL",
        });
        get.arg(&name);
        let mut left = ::redis::cmd("PTTL");
        left.arg(&name);
        let steps = [Step::Command(get), Step::Command(left)];
        let answers = self
            .redis
            .pipeline(&steps)
            .await
            .inspect_err(log_error)
            .ok()?;
        let [Ok(value), Ok(left)] = <[_; 2]>::try_from(answers).ok()? else {
            return None;
        };
        let mut stored = stored(encoding, value)?;
        let left = Duration::from_millis(u64::from_redis_value(left).ok()?);
        stored.age = stored.lifetime.saturating_sub(left);
        Some(stored)
    }

    /// The value that is wanted, or a lease to fetch it.
    pub(crate) async fn look_up(&self, key: &Key, wanted: Wanted) -> Found {
        let Wanted {
            encoding,
            generation,
            schema,
            younger_than,
            or_old,
            lease,
        } = wanted;
        let keys = self.keys(key, generation);
        let token = format!("{:032x}", rand::random::<u128>());
        let mut call = LOOK_UP[encoding as usize].call(keys.iter().map(String::as_str));
        call.arg(generation.0).arg(schema);
        match younger_than {
            Some(age) => call.arg(age.as_millis() as u64),
            None => call.arg(""),
        };
        call.arg(&token)
            .arg(lease.as_millis() as u64)
            .arg(u8::from(or_old));
        let (age, value, state): (i64, RedisValue, i64) = match self.redis.call(&call).await {
            Ok(answer) => answer,
            Err(error) => {
                log_error(&error);
                return Found::Unavailable;
            }
        };
        let stored = || {
            let mut stored = stored(encoding, value)?;
            stored.age = Duration::from_millis(u64::try_from(age).ok()?);
            Some(stored)
        };
        match state {
            1 => stored().map_or(Found::Unavailable, Found::Current),
            2 => {
                let [_, key] = keys;
                Found::Leased(Lease { key, token })
            }
            _ => Found::LeasedElsewhere(stored()),
        }
    }

    /// Stores a value for the rest of its lifetime. Returns false if the lease has expired, a later value is
    /// stored, or Redis cannot be used.
    pub(crate) async fn fill(
        &self,
        key: &Key,
        encoding: Encoding,
        lease: &Lease,
        value: &Stored,
    ) -> bool {
        let keys = self.keys(key, value.generation);
        let mut call = FILL[encoding as usize].call(keys.iter().map(String::as_str));
        let (lifetime, cost) = (value.lifetime.as_millis(), value.cost.as_millis());
        let left = value.lifetime.saturating_sub(value.age).as_millis() as u64;
        let Stored {
            generation, schema, ..
        } = value;
        call.arg(&lease.token)
            .arg(format!("{} {schema} {lifetime} {cost}", generation.0))
            .arg(left);
        match encoding {
            Encoding::Blob => {
                call.arg(&value.json[..]);
            }
            Encoding::Hash => {
                let fields: Map<String, Json> = match serde_json::from_slice(&value.json) {
                    Ok(Json::Object(fields)) => fields,
                    _ => Map::new(),
                };
                for (name, field) in fields {
                    call.arg(name).arg(field.to_string());
                }
            }
        }
        self.redis
            .call::<bool>(&call)
            .await
            .inspect_err(log_error)
            .unwrap_or(false)
    }

    /// Ends a lease without storing a value.
    pub(crate) async fn release_lease(&self, lease: &Lease) {
        let mut call = RELEASE.call([lease.key.as_str()].into_iter());
        call.arg(&lease.token);
        // If Redis is down, the lease expires.
        let _ = self.redis.call::<bool>(&call).await.inspect_err(log_error);
    }

    /// One field of a value in the encoding of fields, if it is there under this generation.
    pub(crate) async fn field(
        &self,
        key: &Key,
        (generation, schema): (Generation, u32),
        name: &str,
    ) -> Option<Json> {
        let mut command = ::redis::cmd("HMGET");
        command.arg(self.name(key)).arg("").arg(name);
        let answer = self.redis.query(&command).await.inspect_err(log_error);
        let (head, field): (Option<String>, Option<String>) = answer.ok()?;
        let head = Head::parse(&head?)?;
        let current = head.generation == generation && head.schema == schema;
        current
            .then(|| serde_json::from_str(&field?).ok())
            .flatten()
    }

    /// The value's key on Redis. A key may hold what people typed, so its hash stands for it.
    fn name(&self, key: &Key) -> String {
        let hash = hex_prefix(&Sha256::digest(key.text().as_bytes()));
        format!("{}:{}:{{{hash}}}", self.prefix, key.tag())
    }

    /// The value's key, and the key of its lease under this generation, in one slot of a cluster.
    fn keys(&self, key: &Key, generation: Generation) -> [String; 2] {
        let value = self.name(key);
        let lease = format!("{value}:lease:{}", generation.0);
        [value, lease]
    }
}

/// Logs an error, unless the Redis client has logged it: it logs once that Redis is down.
fn log_error(error: &Error) {
    if !matches!(error, Error::Down(_)) {
        tracing::warn!(%error, "the cache on Redis cannot be used as it is");
    }
}

/// `<generation> <schema> <lifetime, ms> <cost, ms>`
struct Head {
    generation: Generation,
    schema: u32,
    lifetime: Duration,
    cost: Duration,
}

impl Head {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(Self {
            generation: Generation(words.next()?.parse().ok()?),
            schema: words.next()?.parse().ok()?,
            lifetime: Duration::from_millis(words.next()?.parse().ok()?),
            cost: Duration::from_millis(words.next()?.parse().ok()?),
        })
    }
}

/// Decodes an answer of Redis, except for the age; `None` if there is no value, or another program has
/// written it.
fn stored(encoding: Encoding, value: RedisValue) -> Option<Stored> {
    let (head, json) = match encoding {
        Encoding::Blob => {
            let bytes = Bytes::from(Vec::<u8>::from_redis_value(value).ok()?);
            let end = bytes.iter().position(|byte| *byte == b'\n')?;
            let head = Head::parse(std::str::from_utf8(&bytes[..end]).ok()?)?;
            (head, bytes.slice(end + 1..))
        }
        Encoding::Hash => {
            let fields = Vec::<(String, String)>::from_redis_value(value).ok()?;
            let mut head = None;
            let mut members = Map::new();
            for (name, text) in fields {
                if name.is_empty() {
                    head = Some(Head::parse(&text)?);
                } else {
                    members.insert(name, serde_json::from_str(&text).ok()?);
                }
            }
            // An object has members; what has none was null.
            let value = if members.is_empty() {
                Json::Null
            } else {
                Json::Object(members)
            };
            (head?, value.to_string().into())
        }
    };
    Some(Stored {
        generation: head.generation,
        schema: head.schema,
        age: Duration::ZERO,
        lifetime: head.lifetime,
        cost: head.cost,
        json,
    })
}
