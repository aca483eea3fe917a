//! The tier on Redis: what one instance has made, others need not make again.
//!
//! A value is stored with a head: its generation, the version of its schema, its lifetime and how long
//! the making took. It is one string, or a hash whose fields can be read one by one. Its age is its
//! lifetime less what Redis says is left of it, so that only Redis' clock counts.
//!
//! Reading takes one round trip. Where there is nothing that will do, a second gives the reader a
//! lease, and others wait for what it makes; a lease that is not used ends by itself.
//!
//! Everything here may fail or be forgotten at any time: then readers fetch for themselves. What is
//! served is decided by generations alone, see [`generation`](super::generation).

use std::sync::LazyLock;
use std::time::Duration;

use ::redis::FromRedisValue;
use ::redis::Value as RedisValue;
use bytes::Bytes;
use serde_json::Map;
use serde_json::Value as Json;
use sha2::Digest;
use sha2::Sha256;

use super::Generation;
use super::Key;
use kith_redis::Error;
use kith_redis::Redis;
use kith_redis::Script;
use kith_redis::Step;

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One string.
    Whole,
    /// A hash with a field for each member of the value, which is a JSON object or null.
    Fields,
}

/// The tier. Cheap to clone.
#[derive(Clone)]
pub(super) struct Far {
    redis: Redis,
    prefix: String,
}

/// What is stored beside a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub generation: Generation,
    pub schema: u32,
    /// How long ago it was made.
    pub age: Duration,
    /// From when it was made until Redis forgets it.
    pub lifetime: Duration,
    /// How long the making took.
    pub cost: Duration,
    pub json: Bytes,
}

/// The answer to a reader.
pub(super) enum Found {
    /// Made under the generation that was asked for.
    Current(Stored),
    /// Nothing that will do. It is up to the reader to make it, under this lease.
    Leased(Lease),
    /// Nothing that will do, and somebody else is making it. What there is may be old.
    Elsewhere(Option<Stored>),
    /// Redis cannot be asked.
    Lost,
}

/// The right to store a value.
pub(super) struct Lease {
    key: String,
    token: String,
}

/// Larger values, in bytes of JSON, are not shared: while one is on its way, everything else on the
/// connection waits.
pub(super) const LARGEST: usize = 256 * 1024;

static LOOK_UP: LazyLock<[Script; 2]> = LazyLock::new(|| {
    [Form::Whole, Form::Fields].map(|form| script(form, include_str!("lua/look_up.lua")))
});
static FILL: LazyLock<[Script; 2]> = LazyLock::new(|| {
    [Form::Whole, Form::Fields].map(|form| script(form, include_str!("lua/fill.lua")))
});

fn script(form: Form, body: &str) -> Script {
    let shape = match form {
        Form::Whole => include_str!("lua/whole.lua"),
        Form::Fields => include_str!("lua/fields.lua"),
    };
    Script::new(format!("{}{shape}{body}", include_str!("lua/age.lua")))
}

impl Far {
    pub(super) fn new(redis: Redis, prefix: &str) -> Self {
        let prefix = format!("{prefix}:cache");
        Self { redis, prefix }
    }

    /// What there is; `None` if there is nothing, or Redis cannot be asked.
    pub(super) async fn read(&self, key: &Key, form: Form) -> Option<Stored> {
        let name = self.name(key);
        let mut get = ::redis::cmd(match form {
            Form::Whole => "GET",
            Form::Fields => "HGETALL",
        });
        get.arg(&name);
        let mut left = ::redis::cmd("PTTL");
        left.arg(&name);
        let steps = [Step::Command(get), Step::Command(left)];
        let answers = self.redis.pipeline(&steps).await.inspect_err(told).ok()?;
        let [Ok(value), Ok(left)] = <[_; 2]>::try_from(answers).ok()? else {
            return None;
        };
        let mut stored = stored(form, value)?;
        let left = Duration::from_millis(u64::from_redis_value(left).ok()?);
        stored.age = stored.lifetime.saturating_sub(left);
        Some(stored)
    }

    /// A value of this generation, made less than `younger_than` ago if that is given, or a lease of
    /// this length. If somebody else has the lease, an `old` value may be of use.
    pub(super) async fn look_up(
        &self,
        key: &Key,
        form: Form,
        (generation, schema): (Generation, u32),
        younger_than: Option<Duration>,
        old: bool,
        lease: Duration,
    ) -> Found {
        let keys = self.keys(key, generation);
        let token = format!("{:032x}", rand::random::<u128>());
        let mut call = LOOK_UP[form as usize].call(keys.iter().map(String::as_str));
        call.arg(generation.0).arg(schema);
        match younger_than {
            Some(age) => call.arg(age.as_millis() as u64),
            None => call.arg(""),
        };
        call.arg(&token)
            .arg(lease.as_millis() as u64)
            .arg(u8::from(old));
        let (age, value, state): (i64, RedisValue, i64) = match self.redis.call(&call).await {
            Ok(answer) => answer,
            Err(error) => {
                told(&error);
                return Found::Lost;
            }
        };
        let stored = || {
            let mut stored = stored(form, value)?;
            stored.age = Duration::from_millis(u64::try_from(age).ok()?);
            Some(stored)
        };
        match state {
            1 => stored().map_or(Found::Lost, Found::Current),
            2 => {
                let [_, key] = keys;
                Found::Leased(Lease { key, token })
            }
            _ => Found::Elsewhere(stored()),
        }
    }

    /// Stores a value for the rest of its lifetime. False if the lease has ended, there is one that was
    /// made later, or Redis cannot be asked.
    pub(super) async fn fill(&self, key: &Key, form: Form, lease: &Lease, value: &Stored) -> bool {
        let keys = self.keys(key, value.generation);
        let mut call = FILL[form as usize].call(keys.iter().map(String::as_str));
        let (lifetime, cost) = (value.lifetime.as_millis(), value.cost.as_millis());
        let left = value.lifetime.saturating_sub(value.age).as_millis() as u64;
        let Stored {
            generation, schema, ..
        } = value;
        call.arg(&lease.token)
            .arg(format!("{} {schema} {lifetime} {cost}", generation.0))
            .arg(left);
        match form {
            Form::Whole => {
                call.arg(&value.json[..]);
            }
            Form::Fields => {
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
            .inspect_err(told)
            .unwrap_or(false)
    }

    /// Ends a lease without storing anything.
    pub(super) async fn give_back(&self, lease: &Lease) {
        let mut call = super::lock::RELEASE.call([lease.key.as_str()].into_iter());
        call.arg(&lease.token);
        // A lost Redis ends it by itself.
        let _ = self.redis.call::<bool>(&call).await.inspect_err(told);
    }

    /// One field of a value in the form of fields, if it is there under this generation.
    pub(super) async fn field(
        &self,
        key: &Key,
        (generation, schema): (Generation, u32),
        name: &str,
    ) -> Option<Json> {
        let mut command = ::redis::cmd("HMGET");
        command.arg(self.name(key)).arg("").arg(name);
        let answer = self.redis.query(&command).await.inspect_err(told);
        let (head, field): (Option<String>, Option<String>) = answer.ok()?;
        let head = Head::parse(&head?)?;
        let current = head.generation == generation && head.schema == schema;
        current
            .then(|| serde_json::from_str(&field?).ok())
            .flatten()
    }

    /// The value's key on Redis. What a key holds may be what people typed, so its hash stands for it.
    fn name(&self, key: &Key) -> String {
        let hash = super::hexadecimal(&Sha256::digest(key.text().as_bytes()));
        format!("{}:{}:{{{hash}}}", self.prefix, key.tag().0)
    }

    /// The value's key, and that of the lease on making it under this generation, in one slot of a
    /// cluster.
    fn keys(&self, key: &Key, generation: Generation) -> [String; 2] {
        let value = self.name(key);
        let lease = format!("{value}:lease:{}", generation.0);
        [value, lease]
    }
}

/// A lost Redis has been logged where it was lost.
fn told(error: &Error) {
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

/// Understands what Redis has, but for its age; `None` for nothing, and for what nobody here has
/// written.
fn stored(form: Form, value: RedisValue) -> Option<Stored> {
    let (head, json) = match form {
        Form::Whole => {
            let bytes = Bytes::from(Vec::<u8>::from_redis_value(value).ok()?);
            let end = bytes.iter().position(|byte| *byte == b'\n')?;
            let head = Head::parse(std::str::from_utf8(&bytes[..end]).ok()?)?;
            (head, bytes.slice(end + 1..))
        }
        Form::Fields => {
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
