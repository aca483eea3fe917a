//! Fetches: one for all who want the same at the same time, in this process and, through Redis, in
//! others.
//!
//! A fetch is a task of its own, a *flight*, which ends whoever stops waiting for it. Whoever wants
//! the same value of the same generation meanwhile joins it. Those who want a later generation do
//! not: the flight may have looked before the change.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::future::Shared;
use rand::Rng;
use tokio::time::Instant;
use tracing::Instrument;

use super::Cache;
use super::Cacheable;
use super::Cached;
use super::Flights;
use super::Generation;
use super::Inner;
use super::Key;
use super::Policy;
use super::Status;
use super::entry::Standing;
use super::far::Far;
use super::far::Found;
use super::far::LARGEST;
use super::far::Lease;
use super::far::Stored;
use super::stats;

/// How long an instance may take to make a value before others make it too.
const LEASE: Duration = Duration::from_secs(2);

/// Pauses of those that wait for another instance, the first and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What a value looks too young by on Redis at most, which cannot know how long it was on its way.
/// Without it, a value could pass for a younger one than itself.
const TRANSIT: Duration = Duration::from_millis(100);

/// A fetch that others can wait for. `None` where it ended without an answer, in a panic.
type Flight<T, E> = Shared<BoxFuture<'static, Option<Result<Cached<T>, E>>>>;

/// What a read is after.
#[derive(Clone)]
pub(super) struct Wanted {
    pub key: Key,
    pub generation: Generation,
    pub policy: Policy,
}

impl Wanted {
    fn name(&self) -> (Key, Generation) {
        (self.key.clone(), self.generation)
    }
}

impl Cache {
    /// Waits for a fetch of what is wanted, one that is under way or a new one.
    pub(super) async fn join<T, E, F>(
        &self,
        wanted: Wanted,
        fetch: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Cached<T>, E>
    where
        T: Cacheable,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let inner = &self.shared;
        let counters = inner.counters(wanted.key.tag());
        let mut fetch = Some(fetch);
        let flight = {
            let mut flights = inner.flights();
            let under_way = flights
                .get(&wanted.name())
                .and_then(|flight| flight.downcast_ref::<Flight<T, E>>().cloned());
            match (under_way, &mut fetch) {
                (Some(flight), _) => {
                    stats::add(&counters.joined);
                    flight
                }
                (None, fetch) => {
                    let fetch = fetch.take().expect("nobody has taken it");
                    self.take_off(&mut flights, wanted.clone(), None, fetch)
                }
            }
        };
        match (flight.await, fetch) {
            (Some(landed), _) => {
                landed.inspect(|cached| counters.count(cached.status, cached.status == Status::Hit))
            }
            // It has panicked for somebody else.
            (None, Some(fetch)) => inner.bypass(wanted, fetch).await,
            (None, None) => panic!("a fetch has panicked"),
        }
    }

    /// Fetches anew in the background what is there with this age, unless that is being done or too
    /// much else is.
    pub(super) fn refresh<T, E, F>(
        &self,
        wanted: Wanted,
        age: Duration,
        fetch: impl FnOnce() -> F + Send + 'static,
    ) where
        T: Cacheable,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let inner = self.shared.clone();
        let tag = wanted.key.tag();
        let mut flights = inner.flights();
        if flights.contains_key(&wanted.name()) {
            return;
        }
        let Ok(permit) = inner.refreshes.clone().try_acquire_owned() else {
            stats::add(&inner.counters(tag).refreshes_put_off);
            return;
        };
        stats::add(&inner.counters(tag).refreshes);
        let flight = self.take_off::<T, E, F>(&mut flights, wanted, Some(age), fetch);
        drop(flights);
        let outcome = async move {
            let refreshed = matches!(flight.await, Some(Ok(_)));
            drop(permit);
            let counters = inner.counters(tag);
            if !refreshed {
                stats::add(&counters.refresh_failures);
            }
            // A failure that lasts is told once.
            match (
                counters.failing.swap(!refreshed, Ordering::Relaxed),
                refreshed,
            ) {
                (false, false) => tracing::warn!(
                    tag = tag.0,
                    "a value could not be fetched anew; the old one stays for now"
                ),
                (true, true) => tracing::info!(tag = tag.0, "values are fetched anew again"),
                _ => {}
            }
        };
        self.shared.tasks.spawn(outcome.in_current_span());
    }

    /// Starts a task that makes the value, wherever from, and is among the flights until it has
    /// landed. `replacing` is the age of a value that this one shall replace.
    fn take_off<T, E, F>(
        &self,
        flights: &mut Flights,
        wanted: Wanted,
        replacing: Option<Duration>,
        fetch: impl FnOnce() -> F + Send + 'static,
    ) -> Flight<T, E>
    where
        T: Cacheable,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let inner = self.shared.clone();
        let name = wanted.name();
        let task = async move {
            let made = inner.make(&wanted, replacing, fetch);
            let landed = AssertUnwindSafe(made).catch_unwind().await.ok();
            inner.flights().remove(&wanted.name());
            landed
        };
        let task = self.shared.tasks.spawn(task.in_current_span());
        let flight = async move { task.await.ok().flatten() }.boxed().shared();
        let kept: Box<dyn Any + Send> = Box::new(flight.clone());
        flights.insert(name, kept);
        flight
    }
}

/// What Redis has for somebody who looks for a value.
enum Sought<T> {
    Value(Cached<T>),
    Lease(Lease),
    Nothing,
}

impl Inner {
    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the value from Redis, or fetches it and gives it to Redis.
    async fn make<T, E, F>(
        &self,
        wanted: &Wanted,
        replacing: Option<Duration>,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Cached<T>, E>
    where
        T: Cacheable,
        F: Future<Output = Result<T, E>> + Send,
    {
        let Wanted {
            key,
            generation,
            policy,
        } = wanted;
        let sought = match &self.far {
            Some(far) => seek(far, wanted, replacing).await,
            None => Sought::Nothing,
        };
        let lease = match sought {
            Sought::Value(cached) => {
                self.near.insert(key.text(), cached.entry.clone());
                return Ok(cached);
            }
            Sought::Lease(lease) => Some(lease),
            Sought::Nothing => None,
        };
        let began = Instant::now();
        // A panic must not keep other instances waiting either.
        let fetched = AssertUnwindSafe(fetch()).catch_unwind().await;
        let made = match fetched {
            Ok(Ok(value)) => {
                stats::add(&self.counters(key.tag()).fills);
                let made = Cached::new(*generation, policy, began, value, Status::Miss);
                self.near.insert(key.text(), made.entry.clone());
                Ok(Ok(made))
            }
            Ok(Err(error)) => Ok(Err(error)),
            Err(panic) => Err(panic),
        };
        if let (Some(far), Some(lease)) = (&self.far, lease) {
            match &made {
                Ok(Ok(made)) if made.json().len() <= LARGEST => {
                    let stored = Stored {
                        generation: *generation,
                        schema: T::SCHEMA,
                        age: made.entry.made.elapsed(),
                        lifetime: made.entry.ends_at,
                        cost: made.entry.cost,
                        json: made.json().clone(),
                    };
                    far.fill(key, policy.form, &lease, &stored).await;
                }
                _ => far.give_back(&lease).await,
            }
        }
        made.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    pub(super) async fn bypass<T, E, F>(
        &self,
        wanted: Wanted,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Cached<T>, E>
    where
        T: Cacheable,
        F: Future<Output = Result<T, E>> + Send,
    {
        let began = Instant::now();
        let value = fetch().await?;
        let Wanted {
            key,
            generation,
            policy,
        } = wanted;
        self.counters(key.tag()).count(Status::Bypass, false);
        Ok(Cached::new(
            generation,
            &policy,
            began,
            value,
            Status::Bypass,
        ))
    }
}

/// Looks for a value on Redis, and waits for it while another instance makes it.
async fn seek<T: Cacheable>(far: &Far, wanted: &Wanted, replacing: Option<Duration>) -> Sought<T> {
    let Wanted {
        key,
        generation,
        policy,
    } = wanted;
    let usable = |stored: Option<Stored>| {
        let cached = Cached::<T>::read(stored?, policy)?;
        (cached.standing(*generation, policy) != Standing::Useless).then_some(cached)
    };
    if replacing.is_none()
        && let Some(cached) = usable(far.read(key, policy.form).await)
        && cached.entry.generation == *generation
    {
        return Sought::Value(cached);
    }
    // Old values are worth their way only to those who may serve them.
    let old = policy.outlives_changes || replacing.is_some();
    let mut younger_than = replacing.map(|age| age.saturating_sub(TRANSIT));
    let start = Instant::now();
    let mut pause = FIRST_PAUSE;
    while start.elapsed() < LEASE {
        let current = (*generation, T::SCHEMA);
        match far
            .look_up(key, policy.form, current, younger_than, old, LEASE)
            .await
        {
            Found::Current(stored) => match usable(Some(stored)) {
                Some(cached) => return Sought::Value(cached),
                // Nobody can use it, so somebody has to replace it.
                None => {
                    younger_than = Some(Duration::ZERO);
                    continue;
                }
            },
            Found::Leased(lease) => return Sought::Lease(lease),
            Found::Lost => return Sought::Nothing,
            Found::Elsewhere(stored) => {
                // Whoever may serve an old value meanwhile does.
                if old && let Some(cached) = usable(stored) {
                    return Sought::Value(cached);
                }
            }
        }
        let share = rand::rng().random_range(0.5..1.0);
        tokio::time::sleep(pause.mul_f64(share)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Sought::Nothing
}
