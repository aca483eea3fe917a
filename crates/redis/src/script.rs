//! Lua scripts by their hash.
//!
//! A call is sent as `EVALSHA`, forty bytes instead of the script. A server that does not know the
//! hash, because it is new, was flushed or has just been promoted, says so, and the call is sent
//! again as `EVAL`, which also teaches it. So a script is loaded exactly where and when it is
//! needed, on every node of a cluster alike.

use redis::Arg;
use redis::Cmd;
use redis::ToRedisArgs;

/// A Lua script, with the SHA-1 that Redis knows it by.
///
/// ```
/// let script = kith_redis::Script::new("return redis.call('GET', KEYS[1])");
/// let mut call = script.call(["name"].into_iter());
/// call.arg(1);
/// ```
pub struct Script {
    source: String,
    /// The beginning of each call.
    by_hash: Cmd,
}

impl Script {
    /// A script with this Lua source.
    pub fn new(source: impl Into<String>) -> Self {
        let source = source.into();
        let mut by_hash = redis::cmd("EVALSHA");
        by_hash.arg(redis::Script::new(&source).get_hash());
        Self { source, by_hash }
    }

    /// Begins a call. On a cluster all keys of one call must hash to one slot.
    pub fn call<'k>(&self, keys: impl ExactSizeIterator<Item = &'k str>) -> Call<'_> {
        let mut command = self.by_hash.clone();
        command.arg(keys.len());
        for key in keys {
            command.arg(key);
        }
        Call {
            script: self,
            command,
        }
    }
}

/// A script with its keys and arguments.
pub struct Call<'a> {
    script: &'a Script,
    command: Cmd,
}

impl Call<'_> {
    /// Adds an argument, `ARGV` of the script.
    pub fn arg(&mut self, value: impl ToRedisArgs) -> &mut Self {
        self.command.arg(value);
        self
    }

    pub(crate) fn by_hash(&self) -> &Cmd {
        &self.command
    }

    /// The same call with the script itself.
    pub(crate) fn in_full(&self) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(&self.script.source);
        for argument in self.command.args_iter().skip(2) {
            if let Arg::Simple(bytes) = argument {
                command.arg(bytes);
            }
        }
        command
    }
}
