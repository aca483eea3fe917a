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
//! it: [`Latest`]. A source that can tell cheaply that nothing has changed gives a [`Mark`], and is read only
//! when the mark has changed.

use std::collections::HashMap;
use std::collections::HashSet;
use std::fmt;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::SeqCst;

use async_trait::async_trait;
use kith_runtime::ErrorLatch;
use kith_runtime::Transition;

/// Names data that changes together: all data of a kind, or a numbered part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag {
    kind: &'static str,
    part: Option<i64>,
}

impl Tag {
    /// All data of a kind. The name of a kind has no blank and no slash.
    pub const fn new(kind: &'static str) -> Self {
        Self { kind, part: None }
    }

    /// A part of this kind. A change of one part makes no value of another part old.
    pub const fn part(self, part: i64) -> Self {
        Self {
            kind: self.kind,
            part: Some(part),
        }
    }

    /// The name of the kind.
    pub const fn kind(self) -> &'static str {
        self.kind
    }

    /// The number of the part; `None` for all data of the kind.
    pub const fn number(self) -> Option<i64> {
        self.part
    }
}

/// The kind, and after a slash the number of the part: `contacts/7`.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        match self.part {
            Some(part) => write!(f, "/{part}"),
            None => Ok(()),
        }
    }
}

/// One state of all data of a tag. Only equality has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Generation(pub i64);

/// Names a state of the source of generations. Only equality has a meaning: as long as the source gives equal
/// marks, no generation has changed. The 48 bytes have room for the header of SQLite's log index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub [u8; 48]);

/// Where generations are kept: beside the data.
#[async_trait]
pub trait Generations: Send + Sync {
    /// The mark of the current state, which a change has replaced before it is acknowledged. This does not wait
    /// for anything. `None` where the source cannot tell; it is then [read](Self::read).
    fn mark(&self) -> Option<Mark> {
        None
    }

    /// The current generations of these tags, by their texts; `None` if they cannot be read. A tag without a generation
    /// is left out.
    async fn read(&self, tags: &[Tag]) -> Option<Vec<(String, Generation)>>;

    /// Replaces the generation of a tag, and those of all parts if the tag is a whole kind. That makes every cached
    /// value of the tag old, on every instance. Returns false if that failed.
    async fn replace(&self, tag: Tag) -> bool;
}

/// The latest generations, read once for all callers that ask at the same time.
///
/// A caller gets the result of a read that began after it asked, its own read or that of another caller; or of an
/// earlier read, if the mark says that nothing has changed since. So
/// under load the number of reads depends on how long a read takes, not on the number of callers.
///
/// A read is about the tags that callers wait for, because a source may have thousands of them.
pub(crate) struct Latest {
    source: Box<dyn Generations>,
    /// The tags that the next read is about.
    wanted: Mutex<HashSet<Tag>>,
    /// Counts the reads that have begun.
    begun: AtomicU64,
    /// Held by the caller that reads.
    turn: tokio::sync::Mutex<()>,
    done: RwLock<HashMap<Tag, LastRead>>,
    latch: ErrorLatch,
}

/// The last read of a tag that has ended.
#[derive(Clone, Copy)]
struct LastRead {
    read: u64,
    /// The mark before the read.
    mark: Option<Mark>,
    generation: Option<Generation>,
}

impl Latest {
    pub(crate) fn new(source: Box<dyn Generations>) -> Self {
        Self {
            source,
            wanted: Mutex::default(),
            begun: AtomicU64::default(),
            turn: tokio::sync::Mutex::default(),
            done: RwLock::default(),
            latch: ErrorLatch::default(),
        }
    }

    /// The generation of a tag at some time after the call; `None` if it cannot be read.
    pub(crate) async fn of(&self, tag: Tag) -> Option<Generation> {
        if let Some(known) = self.unchanged(tag) {
            return Some(known);
        }
        // Before the number of the read: the read that is counted next takes this tag.
        self.wanted().insert(tag);
        // A read that has begun may have looked already.
        let enough = self.begun.load(SeqCst) + 1;
        let _turn = self.turn.lock().await;
        let done = self.done(tag).filter(|done| done.read >= enough);
        match done {
            Some(done) => done.generation,
            None => {
                self.read(tag).await;
                self.done(tag)?.generation
            }
        }
    }

    /// Reads the generations of all tags that callers wait for. The caller has the turn.
    async fn read(&self, tag: Tag) {
        let read = self.begun.fetch_add(1, SeqCst) + 1;
        let mut wanted = std::mem::take(&mut *self.wanted());
        wanted.insert(tag);
        let tags: Vec<Tag> = wanted.into_iter().collect();
        // Before the read: what is committed between the two changes the mark.
        let mark = self.source.mark();
        let generations = self.source.read(&tags).await;
        match self.latch.record(generations.is_none()) {
            Transition::Failed => tracing::warn!(
                "the generations of what is cached cannot be read; reads go past the cache"
            ),
            Transition::Recovered => {
                tracing::info!("the generations of what is cached can be read again");
            }
            Transition::Unchanged => {}
        }
        let generations: HashMap<String, Generation> = generations.into_iter().flatten().collect();
        let mut done = self.done.write().unwrap_or_else(PoisonError::into_inner);
        for tag in tags {
            let generation = generations.get(&tag.to_string()).copied();
            let last = LastRead {
                read,
                mark,
                generation,
            };
            done.insert(tag, last);
        }
    }

    /// The generation of the last read, where the source says that nothing has changed since.
    fn unchanged(&self, tag: Tag) -> Option<Generation> {
        let mark = self.source.mark()?;
        let done = self.done(tag)?;
        done.generation.filter(|_| done.mark == Some(mark))
    }

    fn done(&self, tag: Tag) -> Option<LastRead> {
        let done = self.done.read().unwrap_or_else(PoisonError::into_inner);
        done.get(&tag).copied()
    }

    fn wanted(&self) -> MutexGuard<'_, HashSet<Tag>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn replace(&self, tag: Tag) -> bool {
        self.source.replace(tag).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicI64;

    use kith_test_support::log::Log;

    use super::*;

    const TAG: Tag = Tag::new("numbers");

    #[derive(Clone, Default)]
    struct Slow {
        now: Arc<AtomicI64>,
        reads: Arc<AtomicI64>,
    }

    #[async_trait]
    impl Generations for Slow {
        async fn read(&self, _tags: &[Tag]) -> Option<Vec<(String, Generation)>> {
            self.reads.fetch_add(1, SeqCst);
            let seen = self.now.load(SeqCst);
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            Some(vec![(TAG.to_string(), Generation(seen))])
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
        async fn read(&self, _tags: &[Tag]) -> Option<Vec<(String, Generation)>> {
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

    /// A source that tells when it has changed.
    #[derive(Clone)]
    struct Marked(Slow);

    #[async_trait]
    impl Generations for Marked {
        fn mark(&self) -> Option<Mark> {
            let now = self.0.now.load(SeqCst);
            let mut mark = [0; 48];
            mark[..8].copy_from_slice(&now.to_ne_bytes());
            // Now and then it cannot tell.
            (now % 7 != 3).then_some(Mark(mark))
        }

        async fn read(&self, tags: &[Tag]) -> Option<Vec<(String, Generation)>> {
            self.0.read(tags).await
        }

        async fn replace(&self, tag: Tag) -> bool {
            self.0.replace(tag).await
        }
    }

    #[tokio::test]
    async fn a_source_whose_mark_stays_is_read_once() {
        let source = Marked(Slow::default());
        let reads = source.0.reads.clone();
        let latest = Latest::new(Box::new(source));
        for generation in 0..3 {
            for _ in 0..5 {
                assert_eq!(latest.of(TAG).await, Some(Generation(generation)));
            }
            assert_eq!(reads.load(SeqCst), generation + 1);
            latest.replace(TAG).await;
        }
        assert_eq!(latest.of(Tag::new("unknown")).await, None);
        // This state has no mark, so every caller reads.
        for _ in 0..5 {
            assert_eq!(latest.of(TAG).await, Some(Generation(3)));
        }
        assert_eq!(reads.load(SeqCst), 3 + 6);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_caller_learns_a_generation_of_after_its_call_and_callers_share_reads() {
        let reads = assert_never_old(Slow::default(), |source| source).await;
        assert!(reads < 16 * 500 / 2, "{reads} reads for 8,000 callers");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_caller_learns_a_generation_of_after_its_call_from_a_source_with_marks() {
        assert_never_old(Slow::default(), Marked).await;
    }

    /// Reads and replaces the generation at the same time, and returns the number of reads of the source.
    async fn assert_never_old<S: Generations + 'static>(
        source: Slow,
        make: impl Fn(Slow) -> S,
    ) -> i64 {
        let Slow { now, reads } = source.clone();
        let latest = Arc::new(Latest::new(Box::new(make(source))));
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
        reads.load(SeqCst)
    }
}
