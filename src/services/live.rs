//! News for open pages: that contacts have changed. What has changed, a page asks as before.
//!
//! The generation of the pages of a book is the name of its news. It is in the database, so each instance has the same name for
//! the same state, and a page that comes back knows at once whether it has missed something. It is read once in an
//! interval, and at once after a hint.

mod hints;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use kith_cache::Cache;
use kith_cache::Generation;
use kith_runtime::Tasks;
use tokio::sync::Notify;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::services::book::BookKey;
use crate::services::contacts::PAGES;
use hints::MIN_INTERVAL;

pub use hints::Bus;
pub use hints::Hints;

/// The most listeners of one address: as many as a browser opens, and some for others behind the same router.
const MAX_PER_ADDRESS: usize = 16;

/// How long a client listens before it must come again, so that a client who is not admitted any more does not stay.
const MAX_AGE: Duration = Duration::from_secs(30 * 60);

/// Tells listeners that contacts have changed. Cheap to clone.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

/// What news are made of.
pub struct Options {
    /// Knows the generations of pages.
    pub cache: Cache,
    /// How often the generations are read while there are listeners: once for all of them.
    pub interval: Duration,
    /// When it is read earlier.
    pub hints: Hints,
}

struct Inner {
    options: Options,
    max_listeners: AtomicUsize,
    listeners: Mutex<Listeners>,
    turn: tokio::sync::Mutex<()>,
    tasks: Tasks,
}

#[derive(Default)]
struct Listeners {
    by_address: HashMap<IpAddr, usize>,
    /// The news of each book that is listened to.
    news: HashMap<BookKey, watch::Sender<Option<Generation>>>,
    /// Whether a task reads the generations.
    has_watcher: bool,
}

impl Live {
    /// News that take no listener before [`admit`](Self::admit).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(options: Options) -> Self {
        let tasks = Tasks::default();
        tasks.spawn_until_stopped(options.hints.clone().send());
        Self(Arc::new(Inner {
            options,
            max_listeners: AtomicUsize::new(0),
            listeners: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            tasks,
        }))
    }

    /// Admits this many listeners at a time.
    pub fn admit(&self, max_listeners: usize) {
        self.0.max_listeners.store(max_listeners, Ordering::Relaxed);
    }

    /// Listens to a book for a client at `address`, which may stand for a network. `None` if there are too many
    /// listeners.
    pub async fn listen(&self, address: IpAddr, book: BookKey) -> Option<Listener> {
        let listener = self.place(address, book)?;
        // The last look may have been before a change that the client has heard of already.
        self.look().await;
        Some(listener)
    }

    fn place(&self, address: IpAddr, book: BookKey) -> Option<Listener> {
        let mut listeners = self.0.lock();
        let all: usize = listeners.by_address.values().sum();
        let of_address = listeners.by_address.get(&address).copied();
        let of_address = of_address.unwrap_or(0);
        let max_listeners = self.0.max_listeners.load(Ordering::Relaxed);
        if all >= max_listeners || of_address >= MAX_PER_ADDRESS {
            return None;
        }
        listeners.by_address.insert(address, of_address + 1);
        let news = listeners.news.entry(book);
        let news = news.or_insert_with(|| watch::Sender::new(None)).subscribe();
        if !std::mem::replace(&mut listeners.has_watcher, true) {
            self.0.tasks.spawn_until_stopped(self.clone().watch());
        }
        Some(Listener {
            news,
            told: None,
            until: Instant::now() + MAX_AGE,
            place: Place {
                live: self.clone(),
                address,
            },
        })
    }

    /// Ends the news of every listener.
    pub fn stop(&self) {
        self.0.tasks.stop();
    }

    /// Reads the generations and tells listeners if one is another one. Callers take turns, so that an older one never
    /// comes after a newer one.
    async fn look(&self) {
        let _turn = self.0.turn.lock().await;
        let books = self.0.lock().books();
        let cache = &self.0.options.cache;
        let read =
            |book: BookKey| async move { (book, cache.generation(PAGES.part(book.0)).await) };
        let found = join_all(books.into_iter().map(read)).await;
        let listeners = self.0.lock();
        for (book, generation) in found {
            let (Some(generation), Some(news)) = (generation, listeners.news.get(&book)) else {
                continue;
            };
            news.send_if_modified(|known| {
                let is_news = *known != Some(generation);
                *known = Some(generation);
                is_news
            });
        }
    }

    /// Reads the generations until the last listener has gone.
    async fn watch(self) {
        let hint = Notify::new();
        let hints = self.0.options.hints.clone();
        tokio::select! {
            () = self.look_often(&hint) => {}
            () = hints.receive(&hint) => {}
        }
    }

    async fn look_often(&self, hint: &Notify) {
        let interval = self.0.options.interval;
        let pause = MIN_INTERVAL.min(interval);
        loop {
            self.look().await;
            tokio::time::sleep(pause).await;
            let _ = tokio::time::timeout(interval - pause, hint.notified()).await;
            let mut listeners = self.0.lock();
            if listeners.by_address.is_empty() {
                listeners.has_watcher = false;
                // The next listener must not take an old generation for the present one.
                listeners.news.clear();
                return;
            }
        }
    }
}

impl Listeners {
    /// The books that are listened to. Those without listeners are forgotten.
    fn books(&mut self) -> Vec<BookKey> {
        self.news.retain(|_, news| news.receiver_count() > 0);
        self.news.keys().copied().collect()
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Listeners> {
        self.listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears of changes until it is dropped.
pub struct Listener {
    news: watch::Receiver<Option<Generation>>,
    told: Option<Generation>,
    until: Instant,
    place: Place,
}

impl Listener {
    /// The present generation: at once, and then each time after it has changed. `None` once this process stops, or
    /// the client has listened for long enough.
    pub async fn next(&mut self) -> Option<Generation> {
        let Self {
            news,
            told,
            until,
            place,
        } = self;
        let is_new = |known: &Option<Generation>| known.is_some() && known != told;
        tokio::select! {
            biased;
            () = place.live.0.tasks.stopped() => return None,
            () = tokio::time::sleep_until(*until) => return None,
            known = news.wait_for(is_new) => *told = *known.ok()?,
        }
        self.told
    }
}

/// A listener among the others.
struct Place {
    live: Live,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut listeners = self.live.0.lock();
        if let Some(of_address) = listeners.by_address.get_mut(&self.address) {
            *of_address -= 1;
            if *of_address == 0 {
                listeners.by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests;
