//! The tier on Redis: what one instance has made, others need not make again.
//!
//! A value is stored with a head: its generation, when it was made by Redis' clock, how long the
//! making took, and the version of its schema. It is one string, or a hash whose fields can be read
//! one by one. Reading takes one call. Where there is nothing that will do, the same call gives the
//! reader a lease, and others wait for what it makes; a lease that is not used ends by itself.
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
use crate::server::redis::Error;
use crate::server::redis::Redis;
use crate::server::redis::Script;

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
pub(super) struct Lease(String);

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
    Script::new(format!("{}{shape}{body}", include_str!("lua/clock.lua")))
}

impl Far {
    pub(super) fn new(redis: Redis, prefix: &str) -> Self {
        let prefix = format!("{prefix}:cache");
        Self { redis, prefix }
    }

    /// A value of this generation, made less than `younger_than` ago if that is given, or a lease of
    /// this length.
    pub(super) async fn look_up(
        &self,
        key: &Key,
        form: Form,
        (generation, schema): (Generation, u32),
        younger_than: Option<Duration>,
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
        call.arg(&token).arg(lease.as_millis() as u64);
        let (age, value, state): (i64, RedisValue, i64) = match self.redis.call(&call).await {
            Ok(answer) => answer,
            Err(error) => {
                told(&error);
                return Found::Lost;
            }
        };
        let stored = || stored(form, age, value);
        match state {
            1 => stored().map_or(Found::Lost, Found::Current),
            2 => Found::Leased(Lease(token)),
            _ => Found::Elsewhere(stored()),
        }
    }

    /// Stores a value for `lifetime`. False if the lease has ended or Redis cannot be asked.
    pub(super) async fn fill(
        &self,
        key: &Key,
        form: Form,
        Lease(token): &Lease,
        value: &Stored,
        lifetime: Duration,
    ) -> bool {
        let keys = self.keys(key, value.generation);
        let mut call = FILL[form as usize].call(keys.iter().map(String::as_str));
        call.arg(token)
            .arg(format!("{} {}", value.generation.0, value.schema))
            .arg(value.cost.as_millis() as u64)
            .arg(lifetime.as_millis() as u64);
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

    /// One field of a value in the form of fields, if it is there under this generation.
    pub(super) async fn field(
        &self,
        key: &Key,
        generation: Generation,
        name: &str,
    ) -> Option<Json> {
        let [value, _] = self.keys(key, generation);
        let mut command = ::redis::cmd("HMGET");
        command.arg(value).arg("").arg(name);
        let answer = self.redis.query(&command).await.inspect_err(told);
        let (head, field): (Option<String>, Option<String>) = answer.ok()?;
        let current = Head::parse(&head?)?.generation == generation;
        current
            .then(|| serde_json::from_str(&field?).ok())
            .flatten()
    }

    /// The value's key, and that of the lease on making it under this generation. Both are in one
    /// slot of a cluster. What a key holds may be what people typed, so its hash stands for it.
    fn keys(&self, key: &Key, generation: Generation) -> [String; 2] {
        let hash = Sha256::digest(key.text().as_bytes());
        let hash: String = hash[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let value = format!("{}:{}:{{{hash}}}", self.prefix, key.tag().0);
        let lease = format!("{value}:lease:{}", generation.0);
        [value, lease]
    }
}

/// A lost Redis has been logged where it was lost.
fn told(error: &Error) {
    if !matches!(error, Error::Lost(_)) {
        tracing::warn!(%error, "the cache on Redis cannot be used as it is");
    }
}

/// `<generation> <schema> <made, ms since the epoch> <cost, ms>`
struct Head {
    generation: Generation,
    schema: u32,
    cost: Duration,
}

impl Head {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(Self {
            generation: Generation(words.next()?.parse().ok()?),
            schema: words.next()?.parse().ok()?,
            cost: Duration::from_millis(words.nth(1)?.parse().ok()?),
        })
    }
}

/// Reads what Redis has; `None` for nothing, and for what nobody here has written.
fn stored(form: Form, age: i64, value: RedisValue) -> Option<Stored> {
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
        age: Duration::from_millis(u64::try_from(age).ok()?),
        cost: head.cost,
        json,
    })
}
