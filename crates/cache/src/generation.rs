//! Generations: how a cache knows, before every read, that a value is still true.
//!
//! All data of a kind has a [`Tag`], and every tag has a [`Generation`]. A transaction that changes any of the
//! data also replaces the generation. A value is kept with the generation that was read *before* the fetch,
//! and is served only while that generation is the current one.
//!
//! Why no stale value is served: a write is acknowledged after its commit, and the commit has replaced the
//! generation. A read that starts later also asks for the generation later, so it finds the new one. No older
//! value has the new generation: not in this process, not on Redis, and not in a fill that is still under way
//! and may arrive at any time. Generations are random numbers, drawn again when a database is opened, so none
//! returns, and equal means unchanged. Redis takes no part in this, so it holds for all instances that share
//! the database while Redis is down, flushed, or restarted with old data.
//!
//! The price is one small read of the database for each cached read. Reads that come at the same time share
//! it: [`Latest`].

use async_trait::async_trait;
use kith_runtime::ErrorLatch;
use kith_runtime::Transition;
use tokio::sync::Mutex;

/// Names a kind of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub &'static str);

/// One state of all data of a tag. Only equality has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Generation(pub i64);

/// Where generations are kept: beside the data.
#[async_trait]
pub trait Generations: Send + Sync {
    /// The current generation of every tag; `None` if they cannot be read.
    async fn read(&self) -> Option<Vec<(String, Generation)>>;

    /// Replaces the generation of a tag, which makes every cached value of the tag old, on every instance.
    /// Returns false if that failed.
    async fn replace(&self, tag: Tag) -> bool;
}

/// The latest generations, read once for all callers that ask at the same time.
///
/// A caller gets the result of a read that began after it asked: its own read or that of another caller. So
/// under load the number of reads depends on how long a read takes, not on the number of callers.
pub(crate) struct Latest {
    source: Box<dyn Generations>,
    /// Counts the reads that have begun.
    begun: std::sync::atomic::AtomicU64,
    /// The last read that has ended. A caller holds the lock while it reads.
    done: Mutex<LastRead>,
    latch: ErrorLatch,
}

#[derive(Default)]
struct LastRead {
    read: u64,
    generations: Option<Vec<(String, Generation)>>,
}

impl Latest {
    pub(crate) fn new(source: Box<dyn Generations>) -> Self {
        Self {
            source,
            begun: Default::default(),
            done: Mutex::default(),
            latch: ErrorLatch::default(),
        }
    }

    /// The generation of a tag at some time after the call; `None` if it cannot be read.
    pub(crate) async fn of(&self, tag: Tag) -> Option<Generation> {
        use std::sync::atomic::Ordering::SeqCst;
        // A read that has begun may have looked already.
        let enough = self.begun.load(SeqCst) + 1;
        let mut done = self.done.lock().await;
        if done.read < enough {
            let read = self.begun.fetch_add(1, SeqCst) + 1;
            let generations = self.source.read().await;
            match self.latch.record(generations.is_none()) {
                Transition::Failed => tracing::warn!(
                    "the generations of what is cached cannot be read; reads go past the cache"
                ),
                Transition::Recovered => {
                    tracing::info!("the generations of what is cached can be read again");
                }
                Transition::Unchanged => {}
            }
            *done = LastRead { read, generations };
        }
        let generations = done.generations.as_ref()?;
        let found = generations.iter().find(|(known, _)| known == tag.0);
        found.map(|(_, generation)| *generation)
    }

    pub(crate) async fn replace(&self, tag: Tag) -> bool {
        self.source.replace(tag).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicI64;
    use std::sync::atomic::Ordering::SeqCst;

    use kith_test_support::log::Log;

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

    /// A source that cannot be read for a while.
    struct Failing(AtomicI64);

    #[async_trait]
    impl Generations for Failing {
        async fn read(&self) -> Option<Vec<(String, Generation)>> {
            (self.0.fetch_sub(1, SeqCst) <= 0).then(Vec::new)
        }

        async fn replace(&self, _tag: Tag) -> bool {
            false
        }
    }

    #[tokio::test]
    async fn a_source_that_fails_is_logged_from_the_first_read_on_and_once() {
        let (log, _guard) = Log::capture();
        let latest = Latest::new(Box::new(Failing(AtomicI64::new(2))));
        for _ in 0..4 {
            assert_eq!(latest.of(TAG).await, None);
        }
        let lines = log.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("WARN the generations"), "{lines:?}");
        assert!(lines[1].starts_with("INFO the generations"), "{lines:?}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_caller_learns_a_generation_of_after_its_call_and_callers_share_reads() {
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
