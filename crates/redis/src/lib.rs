//! Redis behind one door: everything in Kith that talks to Redis does so through [`Redis`].
//!
//! - [`address`]: where Redis is: one node, behind Sentinel, a cluster, or Upstash's REST API.
//! - [`transport`]: one kind of connection for all of them; [`rest`] is the one over HTTP.
//! - [`script`]: Lua by its hash.
//! - [`health`]: whether it can be used, since when, and why not.
//!
//! A request must never wait for a Redis that does not answer. So every call has a time budget,
//! and the first that exceeds it, or fails for a reason that the next would meet too, breaks the
//! circuit: from then on calls fail at once, without a network in between. Meanwhile one task
//! knocks, with full jitter between the knocks, and closes the circuit when Redis answers within
//! the budget again. However many requests come, a lost Redis costs each one budget at most that
//! was under way when it was lost, and the others nothing.
//!
//! The connection is made by that same task, so Kith starts whether Redis is there or not.
//!
//! This module knows nothing of contacts, pages or limits.

pub mod address;
pub mod health;
mod rest;
mod script;
mod transport;

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::Weak;
use std::time::Duration;

pub use address::Address;
pub use health::Health;
pub use health::Loss;
use rand::Rng;
use redis::Cmd;
use redis::FromRedisValue;
use redis::TlsCertificates;
use redis::Value;
use redis::aio::ConnectionLike;
pub use script::Call;
pub use script::Script;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;
use tokio::time::timeout_at;
use transport::Transport;

/// How long making a connection may take; nobody waits for it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The first and the longest pause between two attempts to reach Redis. Each is drawn at random
/// between nothing and twice the last ("full jitter": Brooker, "Exponential Backoff and Jitter",
/// AWS Architecture Blog, 2015), so that many instances do not come back at once.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A Redis that was up for this long and is lost starts again with the first pause.
const STEADY: Duration = Duration::from_secs(10);

/// What the probe runs.
static PROBE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "redis.call('SET', KEYS[1], ARGV[1], 'PX', 1000) return {redis.call('GET', KEYS[1]), 1}",
    )
});

/// Chooses the cryptography that all TLS of this process uses, unless that was chosen already.
/// Needed before any HTTP client is made, whether it speaks TLS or not.
pub fn choose_cryptography() {
    // The error says only that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Redis cannot be used; nothing is known about whether the call was carried out.
    #[error("Redis {0}")]
    Lost(Loss),
    /// Redis has refused this very call, or its answer is not of the type that was asked for.
    /// The code is Redis' own, such as `WRONGTYPE`.
    #[error("Redis refused a command with {0}")]
    Refused(String),
}

/// A handle on Redis. Cheap to clone; the last one to go ends the connection.
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
}

struct Shared {
    setup: Setup,
    authorities: Option<TlsCertificates>,
    state: watch::Sender<State>,
}

struct State {
    health: Health,
    /// The connection in use; where Redis is lost, the one that may yet recover.
    transport: Option<Transport>,
    /// Counts the times that Redis came up. A call that began in an earlier era says nothing about
    /// this one.
    era: u64,
}

/// What a connection is made of.
pub struct Setup {
    pub address: Address,
    /// The time that a call may take at most.
    pub budget: Duration,
    /// The beginning of every key, that of the [probe](Redis) included.
    pub prefix: String,
    /// With TLS: the certificates, in PEM, of the authorities to believe instead of those that this
    /// program comes with.
    pub authorities: Option<Vec<u8>>,
}

impl Redis {
    /// Starts to connect and returns at once. A call may take `budget` at most.
    ///
    /// Must be called within a tokio runtime.
    pub fn new(address: Address, budget: Duration) -> Self {
        Self::with(Setup {
            address,
            budget,
            prefix: "kith".to_owned(),
            authorities: None,
        })
    }

    /// Like [`new`](Self::new), with every choice.
    pub fn with(mut setup: Setup) -> Self {
        let state = State {
            health: Health::lost(Loss::NotYetReached),
            transport: None,
            era: 0,
        };
        let shared = Arc::new(Shared {
            authorities: setup.authorities.take().map(|pem| TlsCertificates {
                client_tls: None,
                root_cert: Some(pem),
            }),
            setup,
            state: watch::Sender::new(state),
        });
        tokio::spawn(keep_connected(Arc::downgrade(&shared)));
        Self { shared }
    }

    /// Sends one command.
    ///
    /// # Errors
    /// When Redis is lost, or refuses the command.
    pub async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        let (value, _) = self.query_until(self.shared.deadline(), command).await?;
        redis::from_redis_value(value)
            .map_err(|_| Error::Refused("an answer of another type".into()))
    }

    /// The answer, and the era that it says something about.
    async fn query_until(&self, deadline: Instant, command: &Cmd) -> Result<(Value, u64), Error> {
        let (mut transport, era) = self.shared.transport()?;
        let answer = transport.req_packed_command(command);
        let value = self.shared.within_budget(era, deadline, answer).await?;
        Ok((self.shared.read(era, value)?, era))
    }

    /// Calls a script.
    ///
    /// # Errors
    /// When Redis is lost, or the script fails. An answer that is not of the script's type is none
    /// of the script, so Redis is lost then, too.
    pub async fn call<T: FromRedisValue>(&self, call: &Call<'_>) -> Result<T, Error> {
        let deadline = self.shared.deadline();
        let (value, era) = match self.query_until(deadline, call.by_hash()).await {
            Err(Error::Refused(code)) if code == "NOSCRIPT" => {
                self.query_until(deadline, &call.in_full()).await?
            }
            answer => answer?,
        };
        redis::from_redis_value(value).map_err(|_| self.shared.lose(era, Loss::Refused))
    }

    /// Sends several steps in one go and returns an answer for each, in their order. The steps
    /// are not one transaction; scripts that the server does not know run after all others.
    ///
    /// # Errors
    /// When Redis is lost. A step that is refused has its error in its place.
    pub async fn pipeline(&self, steps: &[Step<'_>]) -> Result<Vec<Result<Value, Error>>, Error> {
        let deadline = self.shared.deadline();
        let commands = steps.iter().map(Step::command);
        let mut answers = self.send(deadline, commands).await?;
        let unknown = |answer: &Result<Value, Error>| matches!(answer, Err(Error::Refused(code)) if code == "NOSCRIPT");
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
        let (mut transport, era) = self.shared.transport()?;
        let answers = transport.req_packed_commands(&pipeline, 0, pipeline.len());
        let values = self.shared.within_budget(era, deadline, answers).await?;
        let read = |value| self.shared.read(era, value);
        Ok(values.into_iter().map(read).collect())
    }

    /// Whether Redis can be used.
    pub fn health(&self) -> Health {
        self.shared.state.borrow().health
    }

    /// Where Redis is, without user and password.
    pub fn address(&self) -> &Address {
        &self.shared.setup.address
    }

    /// Waits until Redis can be used, for as long as it takes.
    pub async fn wait_until_up(&self) {
        let mut state = self.shared.state.subscribe();
        // The sender lives as long as this handle.
        let _ = state.wait_for(|state| state.health.is_up()).await;
    }
}

/// One step of a [pipeline](Redis::pipeline).
pub enum Step<'a> {
    Command(Cmd),
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
    fn transport(&self) -> Result<(Transport, u64), Error> {
        let state = self.state.borrow();
        match (&state.health, &state.transport) {
            (Health::Up { .. }, Some(transport)) => Ok((transport.clone(), state.era)),
            (Health::Lost { loss, .. }, _) => Err(Error::Lost(*loss)),
            (Health::Up { .. }, None) => Err(Error::Lost(Loss::NotYetReached)),
        }
    }

    /// When a call that begins now has used up its budget.
    fn deadline(&self) -> Instant {
        Instant::now() + self.setup.budget
    }

    async fn within_budget<T>(
        &self,
        era: u64,
        deadline: Instant,
        answer: impl Future<Output = redis::RedisResult<T>>,
    ) -> Result<T, Error> {
        match timeout_at(deadline, answer).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(self.judge(era, &error)),
            Err(_) => Err(self.lose(era, Loss::Slow)),
        }
    }

    fn read(&self, era: u64, value: Value) -> Result<Value, Error> {
        value
            .extract_error()
            .map_err(|error| self.judge(era, &error))
    }

    /// Breaks the circuit if the error is one that the next call would meet too.
    fn judge(&self, era: u64, error: &redis::RedisError) -> Error {
        match Loss::of(error) {
            Some(loss) => self.lose(era, loss),
            None => Error::Refused(error.code().unwrap_or("an error").to_owned()),
        }
    }

    fn lose(&self, era: u64, loss: Loss) -> Error {
        self.state.send_if_modified(|state| {
            let is_news = state.era == era && state.health.is_up();
            if is_news {
                tracing::warn!("Redis {loss}; Kith goes on without it");
                state.health = Health::lost(loss);
            }
            is_news
        });
        Error::Lost(loss)
    }

    /// Tries to reach Redis: first over the connection that was slow, which may have recovered,
    /// then over a new one.
    async fn reach(&self) -> Result<Transport, Loss> {
        let slow = {
            let state = self.state.borrow();
            let was_slow = matches!(
                state.health,
                Health::Lost {
                    loss: Loss::Slow,
                    ..
                }
            );
            state.transport.clone().filter(|_| was_slow)
        };
        if let Some(mut transport) = slow
            && self.probe(&mut transport).await.is_ok()
        {
            return Ok(transport);
        }
        let connect = Transport::connect(
            &self.setup.address,
            self.authorities.as_ref(),
            CONNECT_TIMEOUT,
        );
        let mut transport = match timeout(CONNECT_TIMEOUT, connect).await {
            Ok(connected) => connected.map_err(why)?,
            Err(_) => return Err(Loss::Slow),
        };
        self.probe(&mut transport).await?;
        Ok(transport)
    }

    /// Whether Redis does what it is needed for. A PING would be answered by one that is full, that
    /// takes no writes, or that lets this user do nothing else; and a write by what is no Redis but
    /// says OK to everything. So a script has to bring back what it has written.
    async fn probe(&self, transport: &mut Transport) -> Result<(), Loss> {
        let key = format!("{}:probe", self.setup.prefix);
        let token = format!("{:032x}", rand::random::<u128>());
        let mut write = redis::cmd("SET");
        write.arg(&key).arg(1).arg("PX").arg(1000);
        // First, because old servers do not say in a script why they take no writes.
        self.ask(transport, &write).await?.map_err(why)?;
        let mut call = PROBE.call([key.as_str()].into_iter());
        call.arg(&token);
        let mut answer = self.ask(transport, call.by_hash()).await?;
        if matches!(&answer, Err(error) if error.code() == Some("NOSCRIPT")) {
            answer = self.ask(transport, &call.in_full()).await?;
        }
        match redis::from_redis_value::<(String, u64)>(answer.map_err(why)?) {
            Ok((read, 1)) if read == token => Ok(()),
            _ => Err(Loss::Refused),
        }
    }

    /// The answer to a command of the probe.
    async fn ask(
        &self,
        transport: &mut Transport,
        command: &Cmd,
    ) -> Result<redis::RedisResult<Value>, Loss> {
        let answer = command.query_async::<Value>(transport);
        let answer = timeout(self.setup.budget, answer).await;
        answer.map_err(|_| Loss::Slow)
    }
}

/// Why Redis cannot be used if this is what it answers to the probe.
fn why(error: redis::RedisError) -> Loss {
    Loss::of(&error).unwrap_or(Loss::Refused)
}

/// Reaches Redis whenever it is lost, until the last handle is gone.
async fn keep_connected(shared: Weak<Shared>) {
    let Some(mut state) = shared.upgrade().map(|shared| shared.state.subscribe()) else {
        return;
    };
    let mut attempts = 0;
    let mut up_since = None;
    loop {
        // Ends when the sender, and with it the last handle, is dropped.
        if state.wait_for(|state| !state.health.is_up()).await.is_err() {
            return;
        }
        let was_up = up_since.take();
        if was_up.is_some_and(|since: Instant| since.elapsed() > STEADY) {
            attempts = 0;
        }
        sleep(pause(attempts)).await;
        attempts += 1;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let reached = shared.reach().await;
        if reached.is_ok() {
            up_since = Some(Instant::now());
        }
        shared.state.send_modify(|state| match reached {
            Ok(transport) => {
                match state.health {
                    Health::Lost {
                        loss: Loss::NotYetReached,
                        ..
                    } => {
                        tracing::info!("Redis is reached");
                    }
                    _ => tracing::info!("Redis is back"),
                }
                state.health = Health::up();
                state.transport = Some(transport);
                state.era += 1;
            }
            Err(loss) => {
                if state.health.loss() != Some(loss) {
                    tracing::warn!("Redis {loss}; Kith keeps trying");
                }
                state.health = state.health.still_lost(loss);
                if loss != Loss::Slow {
                    state.transport = None;
                }
            }
        });
    }
}

/// How long to wait before the next attempt: not at all before the first.
fn pause(attempts: u32) -> Duration {
    let Some(doublings) = attempts.checked_sub(1) else {
        return Duration::ZERO;
    };
    let longest = FIRST_PAUSE
        .saturating_mul(1 << doublings.min(16))
        .min(LONGEST_PAUSE);
    rand::rng().random_range(Duration::ZERO..=longest)
}
