//! The client: a circuit breaker and a time budget around one shared connection.
//!
//! A request must never wait for a Redis that does not answer. Each call has a timeout. The first call
//! that exceeds it, or fails for a reason that the next call would meet too, opens the circuit: later
//! calls fail at once, without a network in between. One background task then probes Redis, with full
//! jitter between the probes, and closes the circuit when Redis answers in time. When Redis goes down,
//! calls that are under way wait at most one timeout; later calls do not wait.
//!
//! The same task makes the connection, so a program starts whether Redis is there or not.

use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use kith_runtime::Backoff;
use redis::aio::ConnectionLike;
use redis::{Cmd, FromRedisValue, TlsCertificates, Value};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::address::Address;
use crate::health::{DownReason, Health};
use crate::script::{Call, Script};
use crate::transport::Transport;

/// How long making a connection may take. No call waits for it.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The waits between two attempts to connect.
pub(crate) const RECONNECT_BACKOFF: Backoff =
    Backoff::new(Duration::from_millis(50), Duration::from_secs(2));

/// The backoff starts again from its beginning once Redis was up for this long.
const STABLE_AFTER: Duration = Duration::from_secs(10);

/// The script of the probe: it writes a token, and returns what it reads back.
static PROBE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "redis.call('SET', KEYS[1], ARGV[1], 'PX', 1000) return {redis.call('GET', KEYS[1]), 1}",
    )
});

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Redis cannot be used. Whether the call was carried out is not known.
    #[error("Redis {0}")]
    Down(DownReason),
    /// Redis rejected this call alone, or its answer is not of the type that the caller asked for. The
    /// code is Redis' own, such as `WRONGTYPE`.
    #[error("Redis refused a command with {0}")]
    Rejected(String),
}

/// A client of one Redis. Cheap to clone; dropping the last clone ends the connection.
///
/// ```no_run
/// use kith_redis::{Options, Redis};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let redis = Redis::connect(Options::new("redis://127.0.0.1:6379".parse()?));
/// redis.wait_until_up().await;
/// let visits: u64 = redis.query(redis::cmd("INCR").arg("visits")).await?;
/// # let _ = visits;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redis {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) ca_certificates: Option<TlsCertificates>,
    state: watch::Sender<State>,
}

struct State {
    health: Health,
    /// The connection in use. While Redis is down, a connection that may yet recover.
    transport: Option<Transport>,
    /// Counts how often Redis came up. A call that began in an earlier epoch says nothing about this one.
    epoch: u64,
}

/// How to connect to a Redis.
pub struct Options {
    /// Where Redis is.
    pub address: Address,
    /// The longest time that a call may take. Default: 50 ms.
    pub timeout: Duration,
    /// The beginning of the key that the probe writes. Default: `kith-redis`.
    pub key_prefix: String,
    /// For TLS: PEM certificates of the authorities to trust instead of the built-in ones.
    pub ca_certificates: Option<Vec<u8>>,
}

impl Options {
    /// The defaults, for a Redis at `address`.
    pub fn new(address: Address) -> Self {
        Self {
            address,
            timeout: Duration::from_millis(50),
            key_prefix: "kith-redis".to_owned(),
            ca_certificates: None,
        }
    }
}

impl Redis {
    /// Starts to connect and returns at once.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn connect(mut options: Options) -> Self {
        let state = State {
            health: Health::new(Some(DownReason::NotConnected)),
            transport: None,
            epoch: 0,
        };
        let ca_certificates = options.ca_certificates.take();
        let shared = Arc::new(Shared {
            ca_certificates: ca_certificates.map(|pem| TlsCertificates {
                client_tls: None,
                root_cert: Some(pem),
            }),
            options,
            state: watch::Sender::new(state),
        });
        tokio::spawn(keep_connected(Arc::downgrade(&shared)));
        Self { shared }
    }

    /// Sends one command.
    ///
    /// # Errors
    /// [`Error::Down`] if Redis cannot be used, [`Error::Rejected`] if Redis rejects the command.
    pub async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        let (value, _) = self.query_until(self.shared.deadline(), command).await?;
        redis::from_redis_value(value)
            .map_err(|_| Error::Rejected("an answer of another type".into()))
    }

    /// The answer, and the epoch that it belongs to.
    async fn query_until(&self, deadline: Instant, command: &Cmd) -> Result<(Value, u64), Error> {
        let (mut transport, epoch) = self.shared.transport()?;
        let answer = transport.req_packed_command(command);
        let value = self.shared.within_timeout(epoch, deadline, answer).await?;
        Ok((self.shared.read(epoch, value)?, epoch))
    }

    /// Calls a script.
    ///
    /// # Errors
    /// [`Error::Down`] if Redis cannot be used, [`Error::Rejected`] if the script fails. An answer of
    /// another type does not come from the script, so it opens the circuit.
    pub async fn call<T: FromRedisValue>(&self, call: &Call<'_>) -> Result<T, Error> {
        let deadline = self.shared.deadline();
        let (value, epoch) = match self.query_until(deadline, call.by_hash()).await {
            Err(Error::Rejected(code)) if code == "NOSCRIPT" => {
                self.query_until(deadline, &call.in_full()).await?
            }
            answer => answer?,
        };
        redis::from_redis_value(value)
            .map_err(|_| self.shared.trip(epoch, DownReason::InvalidAnswer))
    }

    /// Sends several steps in one round trip and returns an answer for each, in their order. The steps
    /// are not one transaction: a script that the server does not know runs after all other steps.
    ///
    /// # Errors
    /// [`Error::Down`] if Redis cannot be used. A step that Redis rejects has its error in its place.
    pub async fn pipeline(&self, steps: &[Step<'_>]) -> Result<Vec<Result<Value, Error>>, Error> {
        let deadline = self.shared.deadline();
        let commands = steps.iter().map(Step::command);
        let mut answers = self.send(deadline, commands).await?;
        let unknown = |answer: &Result<Value, Error>| matches!(answer, Err(Error::Rejected(code)) if code == "NOSCRIPT");
        let again: Vec<usize> = (0..steps.len())
            .filter(|step| unknown(&answers[*step]))
            .collect();
        if !again.is_empty() {
            let in_full = again.iter().map(|step| steps[*step].in_full());
            for (step, answer) in again.iter().zip(self.send(deadline, in_full).await?) {
                answers[*step] = answer;
            }
        }
        Ok(answers)
    }

    async fn send(
        &self,
        deadline: Instant,
        commands: impl Iterator<Item = Cmd>,
    ) -> Result<Vec<Result<Value, Error>>, Error> {
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        for command in commands {
            pipeline.add_command(command);
        }
        let (mut transport, epoch) = self.shared.transport()?;
        let answers = transport.req_packed_commands(&pipeline, 0, pipeline.len());
        let values = self.shared.within_timeout(epoch, deadline, answers).await?;
        let read = |value| self.shared.read(epoch, value);
        Ok(values.into_iter().map(read).collect())
    }

    /// Whether Redis can be used.
    pub fn health(&self) -> Health {
        self.shared.state.borrow().health
    }

    /// Where Redis is. Its `Display` hides user and password.
    pub fn address(&self) -> &Address {
        &self.shared.options.address
    }

    /// Waits until Redis can be used, without a time limit.
    pub async fn wait_until_up(&self) {
        let mut state = self.shared.state.subscribe();
        // The sender lives as long as this handle.
        let _ = state.wait_for(|state| state.health.is_up()).await;
    }
}

/// One step of a [pipeline](Redis::pipeline).
pub enum Step<'a> {
    /// A command.
    Command(Cmd),
    /// A call of a script.
    Call(Call<'a>),
}

impl Step<'_> {
    fn command(&self) -> Cmd {
        match self {
            Self::Command(command) => command.clone(),
            Self::Call(call) => call.by_hash().clone(),
        }
    }

    fn in_full(&self) -> Cmd {
        match self {
            Self::Command(command) => command.clone(),
            Self::Call(call) => call.in_full(),
        }
    }
}

impl Shared {
    /// The connection, if the circuit is closed.
    pub(crate) fn transport(&self) -> Result<(Transport, u64), Error> {
        let state = self.state.borrow();
        match (state.health.failure, &state.transport) {
            (None, Some(transport)) => Ok((transport.clone(), state.epoch)),
            (reason, _) => Err(Error::Down(reason.unwrap_or(DownReason::NotConnected))),
        }
    }

    /// When a call that begins now times out.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.options.timeout
    }

    async fn within_timeout<T>(
        &self,
        epoch: u64,
        deadline: Instant,
        answer: impl Future<Output = redis::RedisResult<T>>,
    ) -> Result<T, Error> {
        match timeout_at(deadline, answer).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.classify(epoch, &error)),
            Err(_) => Err(self.trip(epoch, DownReason::Timeout)),
        }
    }

    fn read(&self, epoch: u64, value: Value) -> Result<Value, Error> {
        value
            .extract_error()
            .map_err(|error| self.classify(epoch, &error))
    }

    /// Opens the circuit if the next call would meet this error too.
    fn classify(&self, epoch: u64, error: &redis::RedisError) -> Error {
        match DownReason::of(error) {
            Some(reason) => self.trip(epoch, reason),
            None => Error::Rejected(error.code().unwrap_or("an error").to_owned()),
        }
    }

    /// Opens the circuit, unless Redis came up again since the call began. The state of the circuit is what logs
    /// the beginning and the end of a failure once. It also knows when the reason changes, which an
    /// `ErrorLatch` does not.
    fn trip(&self, epoch: u64, reason: DownReason) -> Error {
        self.state.send_if_modified(|state| {
            let trips = state.epoch == epoch && state.health.is_up();
            if trips {
                tracing::warn!("Redis {reason}; calls fail until it is back");
                state.health.update(Some(reason));
            }
            trips
        });
        Error::Down(reason)
    }

    /// Connects to Redis: first over the connection that timed out, which may have recovered, then over a
    /// new one.
    async fn reconnect(&self) -> Result<Transport, DownReason> {
        let slow = {
            let state = self.state.borrow();
            let has_timed_out = state.health.failure == Some(DownReason::Timeout);
            state.transport.clone().filter(|_| has_timed_out)
        };
        if let Some(mut transport) = slow
            && self.probe(&mut transport).await.is_ok()
        {
            return Ok(transport);
        }
        let connect = Transport::connect(
            &self.options.address,
            self.ca_certificates.as_ref(),
            CONNECT_TIMEOUT,
        );
        let mut transport = match timeout(CONNECT_TIMEOUT, connect).await {
            Ok(connected) => connected.map_err(down_reason)?,
            Err(_) => return Err(DownReason::Timeout),
        };
        self.probe(&mut transport).await?;
        Ok(transport)
    }

    /// Whether Redis does what it is needed for. A Redis that is full, that takes no writes, or that lets
    /// this user do nothing else would still answer a PING; a server that is no Redis may say OK to every
    /// write. So a script has to return what it has written.
    async fn probe(&self, transport: &mut Transport) -> Result<(), DownReason> {
        let key = format!("{}:probe", self.options.key_prefix);
        let token = format!("{:032x}", rand::random::<u128>());
        let mut write = redis::cmd("SET");
        write.arg(&key).arg(1).arg("PX").arg(1000);
        // First, because old servers do not say in a script why they take no writes.
        self.ask(transport, &write).await?.map_err(down_reason)?;
        let mut call = PROBE.call([key.as_str()].into_iter());
        call.arg(&token);
        let mut answer = self.ask(transport, call.by_hash()).await?;
        if matches!(&answer, Err(error) if error.code() == Some("NOSCRIPT")) {
            answer = self.ask(transport, &call.in_full()).await?;
        }
        match redis::from_redis_value::<(String, u64)>(answer.map_err(down_reason)?) {
            Ok((read, 1)) if read == token => Ok(()),
            _ => Err(DownReason::InvalidAnswer),
        }
    }

    /// The answer to a command of the probe.
    async fn ask(
        &self,
        transport: &mut Transport,
        command: &Cmd,
    ) -> Result<redis::RedisResult<Value>, DownReason> {
        let answer = command.query_async::<Value>(transport);
        let answer = timeout(self.options.timeout, answer).await;
        answer.map_err(|_| DownReason::Timeout)
    }
}

/// Why Redis cannot be used if it answers the probe with this error.
fn down_reason(error: redis::RedisError) -> DownReason {
    DownReason::of(&error).unwrap_or(DownReason::InvalidAnswer)
}

/// Reconnects whenever Redis is down, until the last client is dropped.
async fn keep_connected(shared: Weak<Shared>) {
    let Some(mut state) = shared.upgrade().map(|shared| shared.state.subscribe()) else {
        return;
    };
    let mut failures = 0;
    let mut up_since = None;
    loop {
        // Fails when the sender, and with it the last client, is dropped.
        if state.wait_for(|state| !state.health.is_up()).await.is_err() {
            return;
        }
        let was_up = up_since.take();
        if was_up.is_some_and(|since: Instant| since.elapsed() > STABLE_AFTER) {
            failures = 0;
        }
        // The first attempt is made at once.
        if let Some(failures) = u32::checked_sub(failures, 1) {
            sleep(RECONNECT_BACKOFF.full_jitter(failures)).await;
        }
        failures += 1;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let connected = shared.reconnect().await;
        if connected.is_ok() {
            up_since = Some(Instant::now());
        }
        shared.state.send_modify(|state| match connected {
            Ok(transport) => {
                match state.health.failure {
                    Some(DownReason::NotConnected) => tracing::info!("Redis is connected"),
                    _ => tracing::info!("Redis is back"),
                }
                state.health.update(None);
                state.transport = Some(transport);
                state.epoch += 1;
            }
            Err(reason) => {
                if state.health.failure != Some(reason) {
                    tracing::warn!("Redis {reason}; trying again");
                }
                state.health.update(Some(reason));
                if reason != DownReason::Timeout {
                    state.transport = None;
                }
            }
        });
    }
}
