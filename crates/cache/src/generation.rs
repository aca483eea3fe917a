//! Generations: how a cache knows, before every read, that what it has is still true.
//!
//! All data of a kind has a [`Tag`], and every tag a [`Generation`] that is replaced, in the same
//! transaction, whenever any of that data changes. A value is kept together with the generation
//! that was read *before* it was fetched, and is served only while that is still the current one.
//!
//! Why nothing stale is served: a write is acknowledged after its commit, and the commit replaced
//! the generation. A read that starts afterwards asks for the generation afterwards, so it finds
//! the new one, which no older value carries: not in this process, not on Redis, and not in a fill
//! that is still under way and may arrive at any time later. Generations are drawn at random, and
//! anew when a database is opened, so that none comes back and equal means unchanged. None of this
//! involves Redis, so it holds while Redis is lost, restarted with old data, or flushed, for every
//! instance that shares the database.
//!
//! The price is one small read of the database for each cached read. Many that come at the same
//! time share it: [`Latest`].

use async_trait::async_trait;
use tokio::sync::Mutex;

/// Names a kind of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub &'static str);

/// Stands for one state of all data of a tag. Only equality means anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Generation(pub i64);

/// Where generations are kept: beside the data.
#[async_trait]
pub trait Generations: Send + Sync {
    /// The current generation of every tag; `None` if they cannot be read.
    async fn read(&self) -> Option<Vec<(String, Generation)>>;

    /// Replaces the generation of a tag, which makes everything that is cached under it old, on
    /// every instance. False if it could not be done.
    async fn replace(&self, tag: Tag) -> bool;
}

/// The latest generations, read once for all who ask at the same time.
///
/// Whoever asks is served by a read that began after it asked, its own or that of somebody else.
/// So under load the number of reads depends on how long one takes, not on how many ask.
pub(super) struct Latest {
    source: Box<dyn Generations>,
    /// Counts the reads that have begun.
    begun: std::sync::atomic::AtomicU64,
    /// The last read that is done. Whoever reads holds the lock.
    done: Mutex<Done>,
}

#[derive(Default)]
struct Done {
    read: u64,
    generations: Option<Vec<(String, Generation)>>,
}

impl Latest {
    pub(super) fn new(source: Box<dyn Generations>) -> Self {
        Self {
            source,
            begun: Default::default(),
            done: Mutex::default(),
        }
    }

    /// The generation of a tag at some instant after the call; `None` if it cannot be known.
    pub(super) async fn of(&self, tag: Tag) -> Option<Generation> {
        use std::sync::atomic::Ordering::SeqCst;
        // Those that have begun may have looked already.
        let enough = self.begun.load(SeqCst) + 1;
        let mut done = self.done.lock().await;
        if done.read < enough {
            let read = self.begun.fetch_add(1, SeqCst) + 1;
            let generations = self.source.read().await;
            match (&done.generations, &generations) {
                (Some(_), None) => tracing::warn!(
                    "the generations of what is cached cannot be read; reads go past the cache"
                ),
                (None, Some(_)) if done.read > 0 => {
                    tracing::info!("the generations of what is cached can be read again");
                }
                _ => {}
            }
            *done = Done { read, generations };
        }
        let generations = done.generations.as_ref()?;
        let found = generations.iter().find(|(known, _)| known == tag.0);
        found.map(|(_, generation)| *generation)
    }

    pub(super) async fn replace(&self, tag: Tag) -> bool {
        self.source.replace(tag).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicI64;
    use std::sync::atomic::Ordering::SeqCst;

    use super::*;

    const TAG: Tag = Tag("numbers");

    struct Slow {
        now: Arc<AtomicI64>,
        reads: Arc<AtomicI64>,
    }

    #[async_trait]
    impl Generations for Slow {
        async fn read(&self) -> Option<Vec<(String, Generation)>> {
            self.reads.fetch_add(1, SeqCst);
            let seen = self.now.load(SeqCst);
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            Some(vec![(TAG.0.to_owned(), Generation(seen))])
        }

        async fn replace(&self, _tag: Tag) -> bool {
            self.now.fetch_add(1, SeqCst);
            true
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_asks_learns_what_holds_after_it_asked_and_many_share_a_read() {
        let (now, reads) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
        let source = Slow {
            now: now.clone(),
            reads: reads.clone(),
        };
        let latest = Arc::new(Latest::new(Box::new(source)));
        let readers: Vec<_> = (0..16)
            .map(|_| {
                let (latest, now) = (latest.clone(), now.clone());
                tokio::spawn(async move {
                    for _ in 0..500 {
                        let acknowledged = now.load(SeqCst);
                        let found = latest.of(TAG).await.expect("a generation");
                        assert!(found.0 >= acknowledged, "an old generation");
                    }
                })
            })
            .collect();
        while readers.iter().any(|reader| !reader.is_finished()) {
            latest.replace(TAG).await;
            tokio::task::yield_now().await;
        }
        for reader in readers {
            reader.await.expect("no old generation");
        }
        let reads = reads.load(SeqCst);
        assert!(reads < 16 * 500 / 2, "{reads} reads for 8,000 who asked");
    }
}
