//! Fetches: one for all callers that want the same value at the same time, in this process and, through Redis,
//! in all instances.
//!
//! A fetch is a task of its own, a *flight*, which runs to its end even if its callers go away. A caller that
//! wants the same value of the same generation meanwhile joins the flight. A caller that wants a later
//! generation does not: the flight may have read before the change.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::future::Shared;
use kith_runtime::Backoff;
use kith_runtime::Transition;
use tokio::time::Instant;
use tracing::Instrument;

use super::{Cache, Flights, Inner};
use crate::entry::{Cached, Freshness};
use crate::generation::Generation;
use crate::key::Key;
use crate::policy::{Cacheable, Policy, Status};
use crate::remote::{Found, Lease, MAX_SHARED_BYTES, RemoteTier, Stored, Wanted};
use crate::stats;

/// How long an instance may take to fetch a value before others fetch it too.
const LEASE_TIMEOUT: Duration = Duration::from_secs(2);

/// The waits of a reader between two looks at Redis while another instance fetches.
const POLL: Backoff = Backoff::new(Duration::from_millis(2), Duration::from_millis(50));

/// The longest network delay that the age of a value on Redis leaves out. Without it, a value could pass for a
/// younger value than itself.
const MAX_TRANSIT: Duration = Duration::from_millis(100);

/// A fetch that several callers can wait for. `None` if it panicked.
type Flight<T, E> = Shared<BoxFuture<'static, Option<Result<Cached<T>, E>>>>;

/// What a caller asks for.
#[derive(Clone)]
pub(crate) struct Request {
    pub key: Key,
    pub generation: Generation,
    pub policy: Policy,
}

impl Request {
    fn name(&self) -> (Key, Generation) {
        (self.key.clone(), self.generation)
    }
}

impl Cache {
    /// Waits for a fetch of what is requested, one that is under way or a new one.
    pub(crate) async fn join<T, E, F>(
        &self,
        request: Request,
        fetch: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Cached<T>, E>
    where
        T: Cacheable,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let inner = &self.inner;
        let counters = inner.counters(request.key.tag());
        let mut fetch = Some(fetch);
        let flight = {
            let mut flights = inner.flights();
            let under_way = flights
                .get(&request.name())
                .and_then(|flight| flight.downcast_ref::<Flight<T, E>>().cloned());
            match (under_way, &mut fetch) {
                (Some(flight), _) => {
                    stats::add(&counters.joined);
                    flight
                }
                (None, fetch) => {
                    let fetch = fetch.take().expect("it was not taken");
                    self.start_flight(&mut flights, request.clone(), None, fetch)
                }
            }
        };
        match (flight.await, fetch) {
            (Some(result), _) => {
                result.inspect(|cached| counters.count(cached.status, cached.status == Status::Hit))
            }
            // It panicked in the flight of another caller.
            (None, Some(fetch)) => inner.bypass(request, fetch).await,
            (None, None) => panic!("a fetch has panicked"),
        }
    }

    /// Fetches anew in the background what is there with this age, unless that is being done or too
    /// much else is.
    pub(crate) fn refresh<T, E, F>(
        &self,
        request: Request,
        age: Duration,
        fetch: impl FnOnce() -> F + Send + 'static,
    ) where
        T: Cacheable,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let inner = self.inner.clone();
        let tag = request.key.tag();
        let mut flights = inner.flights();
        if flights.contains_key(&request.name()) {
            return;
        }
        let Ok(permit) = inner.refreshes.clone().try_acquire_owned() else {
            stats::add(&inner.counters(tag).refreshes_skipped);
            return;
        };
        stats::add(&inner.counters(tag).refreshes);
        let flight = self.start_flight::<T, E, F>(&mut flights, request, Some(age), fetch);
        drop(flights);
        let outcome = async move {
            let refreshed = matches!(flight.await, Some(Ok(_)));
            drop(permit);
            let counters = inner.counters(tag);
            if !refreshed {
                stats::add(&counters.refresh_failures);
            }
            match counters.refresh_latch.record(!refreshed) {
                Transition::Failed => tracing::warn!(
                    tag = tag.kind(),
                    "a value could not be fetched anew; the old one stays for now"
                ),
                Transition::Recovered => {
                    tracing::info!(tag = tag.kind(), "values are fetched anew again");
                }
                Transition::Unchanged => {}
            }
        };
        self.inner.tasks.spawn(outcome.in_current_span());
    }

    /// Starts a task that makes the value, wherever from, and is among the flights until it has
    /// result. `replacing` is the age of a value that this one shall replace.
    fn start_flight<T, E, F>(
        &self,
        flights: &mut Flights,
        request: Request,
        replacing: Option<Duration>,
        fetch: impl FnOnce() -> F + Send + 'static,
    ) -> Flight<T, E>
    where
        T: Cacheable,
        E: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let inner = self.inner.clone();
        let name = request.name();
        let task = async move {
            let made = inner.make(&request, replacing, fetch);
            let result = AssertUnwindSafe(made).catch_unwind().await.ok();
            inner.flights().remove(&request.name());
            result
        };
        let flight = self.inner.tasks.run_to_end(task);
        let flight = flight.map(Option::flatten).boxed().shared();
        let kept: Box<dyn Any + Send> = Box::new(flight.clone());
        flights.insert(name, kept);
        flight
    }
}

/// What a reader finds on Redis.
enum Lookup<T> {
    Value(Cached<T>),
    Lease(Lease),
    Nothing,
}

impl Inner {
    fn flights(&self) -> MutexGuard<'_, Flights> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the value from Redis, or fetches it and stores it on Redis.
    async fn make<T, E, F>(
        &self,
        request: &Request,
        replacing: Option<Duration>,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Cached<T>, E>
    where
        T: Cacheable,
        F: Future<Output = Result<T, E>> + Send,
    {
        let Request {
            key,
            generation,
            policy,
        } = request;
        let sought = match &self.remote {
            Some(remote) => seek(remote, request, replacing).await,
            None => Lookup::Nothing,
        };
        let lease = match sought {
            Lookup::Value(cached) => {
                self.local.insert(key.text(), cached.entry.clone());
                return Ok(cached);
            }
            Lookup::Lease(lease) => Some(lease),
            Lookup::Nothing => None,
        };
        let began = Instant::now();
        // A panic must not keep other instances waiting either.
        let fetched = AssertUnwindSafe(fetch()).catch_unwind().await;
        let made = match fetched {
            Ok(Ok(value)) => {
                stats::add(&self.counters(key.tag()).fills);
                let made = Cached::new(*generation, policy, began, value, Status::Miss);
                self.local.insert(key.text(), made.entry.clone());
                Ok(Ok(made))
            }
            Ok(Err(error)) => Ok(Err(error)),
            Err(panic) => Err(panic),
        };
        if let (Some(remote), Some(lease)) = (&self.remote, lease) {
            match &made {
                Ok(Ok(made)) if made.json().len() <= MAX_SHARED_BYTES => {
                    let stored = Stored {
                        generation: *generation,
                        schema: T::SCHEMA,
                        age: made.entry.created_at.elapsed(),
                        lifetime: made.entry.ends_at,
                        cost: made.entry.cost,
                        json: made.json().clone(),
                    };
                    remote.fill(key, policy.encoding, &lease, &stored).await;
                }
                _ => remote.release_lease(&lease).await,
            }
        }
        made.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    pub(crate) async fn bypass<T, E, F>(
        &self,
        request: Request,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Cached<T>, E>
    where
        T: Cacheable,
        F: Future<Output = Result<T, E>> + Send,
    {
        let began = Instant::now();
        let value = fetch().await?;
        let Request {
            key,
            generation,
            policy,
        } = request;
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

/// Looks for a value on Redis, and waits while another instance fetches it.
async fn seek<T: Cacheable>(
    remote: &RemoteTier,
    request: &Request,
    replacing: Option<Duration>,
) -> Lookup<T> {
    let Request {
        key,
        generation,
        policy,
    } = request;
    let usable = |stored: Option<Stored>| {
        let cached = Cached::<T>::read(stored?, policy)?;
        (cached.freshness(*generation, policy) != Freshness::Expired).then_some(cached)
    };
    if replacing.is_none()
        && let Some(cached) = usable(remote.read(key, policy.encoding).await)
        && cached.entry.generation == *generation
    {
        return Lookup::Value(cached);
    }
    let mut younger_than = replacing.map(|age| age.saturating_sub(MAX_TRANSIT));
    // Old values are sent only to readers that may serve them.
    let or_old = policy.allow_stale_generation || replacing.is_some();
    let start = Instant::now();
    let mut polls = 0;
    while start.elapsed() < LEASE_TIMEOUT {
        let wanted = Wanted {
            encoding: policy.encoding,
            generation: *generation,
            schema: T::SCHEMA,
            younger_than,
            or_old,
            lease: LEASE_TIMEOUT,
        };
        match remote.look_up(key, wanted).await {
            Found::Current(stored) => match usable(Some(stored)) {
                Some(cached) => return Lookup::Value(cached),
                // No reader can use it, so this reader replaces it.
                None => {
                    younger_than = Some(Duration::ZERO);
                    continue;
                }
            },
            Found::Leased(lease) => return Lookup::Lease(lease),
            Found::Unavailable => return Lookup::Nothing,
            Found::LeasedElsewhere(stored) => {
                // A reader that may serve an old value does so meanwhile.
                if or_old && let Some(cached) = usable(stored) {
                    return Lookup::Value(cached);
                }
            }
        }
        tokio::time::sleep(POLL.equal_jitter(polls)).await;
        polls += 1;
    }
    Lookup::Nothing
}
