//! The tier in this process, bounded by bytes.
//!
//! Eviction is S3-FIFO (Yang et al., "FIFO queues are all you need for cache eviction", SOSP
//! 2023). A new key enters a small queue. It moves to the main queue only if it is read again before it
//! reaches the end, so that keys that are read once, as in a scan, push out no others. The tier remembers a
//! key that was evicted from the small queue for a while, without its value; if the key comes back, it enters
//! the main queue. A hit only counts and moves nothing.
//!
//! The tier has shards with a lock each.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

/// A power of two.
const SHARDS: usize = 16;

/// The small queue's share of the bytes is one in this.
const SMALL_SHARE: usize = 10;

/// More hits than these say no more about a key.
const MAX_HITS: u8 = 3;

/// What an entry takes beside its key and value: its node, its places in the index and a queue.
const OVERHEAD: usize = 160;

/// What the tier keeps.
pub(crate) trait Value {
    /// The bytes it takes.
    fn weight(&self) -> usize;

    /// Whether it was made no earlier than another one of the same key.
    fn replaces(&self, other: &Self) -> bool;
}

/// Values by key.
pub(crate) struct LocalTier<V> {
    hasher: RandomState,
    shards: [Mutex<Shard<V>>; SHARDS],
}

/// How full the local tier is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Entries in the tier.
    pub entries: u64,
    /// Bytes that they take, with overhead.
    pub bytes: u64,
    /// Entries that were evicted since the start.
    pub evictions: u64,
}

impl<V: Value> LocalTier<V> {
    /// A tier of at most `bytes`.
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| Mutex::new(Shard::new(bytes / SHARDS))),
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<V>> {
        let hash = self.hasher.hash_one(key);
        self.shard(hash).get(hash, key)
    }

    /// Puts a value in, unless there is one with that key that was made later.
    pub(crate) fn insert(&self, key: &str, value: Arc<V>) {
        let hash = self.hasher.hash_one(key);
        self.shard(hash).insert(hash, key, value);
    }

    pub(crate) fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for shard in &self.shards {
            let shard = lock(shard);
            usage.entries += shard.index.len() as u64;
            usage.bytes += (shard.small.bytes + shard.main.bytes) as u64;
            usage.evictions += shard.evictions;
        }
        usage
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard<V>> {
        // The index uses the low bits.
        lock(&self.shards[(hash >> 56) as usize % SHARDS])
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic in between cannot leave more than a wrong order of eviction behind.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Shard<V> {
    capacity: usize,
    /// Where the node of a hash is.
    index: HashMap<u64, usize, BuildHasherDefault<AsItIs>>,
    nodes: Vec<Option<Node<V>>>,
    free: Vec<usize>,
    small: Queue,
    main: Queue,
    /// Hashes that were evicted from the small queue, the oldest first; no more than there are
    /// nodes.
    ghosts: VecDeque<u64>,
    is_ghost: HashSet<u64, BuildHasherDefault<AsItIs>>,
    evictions: u64,
}

struct Node<V> {
    hash: u64,
    key: Box<str>,
    value: Arc<V>,
    weight: usize,
    hits: u8,
    in_main: bool,
}

#[derive(Default)]
struct Queue {
    nodes: VecDeque<usize>,
    bytes: usize,
}

impl<V: Value> Shard<V> {
    fn new(capacity: usize) -> Self {
        Self {
            capacity,
            index: HashMap::default(),
            nodes: Vec::new(),
            free: Vec::new(),
            small: Queue::default(),
            main: Queue::default(),
            ghosts: VecDeque::new(),
            is_ghost: HashSet::default(),
            evictions: 0,
        }
    }

    fn get(&mut self, hash: u64, key: &str) -> Option<Arc<V>> {
        let node = self.nodes[*self.index.get(&hash)?].as_mut()?;
        // Two keys with one hash are as good as never at the same time here.
        if *node.key != *key {
            return None;
        }
        node.hits = (node.hits + 1).min(MAX_HITS);
        Some(node.value.clone())
    }

    fn insert(&mut self, hash: u64, key: &str, value: Arc<V>) {
        let weight = OVERHEAD + 2 * key.len() + value.weight();
        if weight > self.capacity {
            return;
        }
        if let Some(place) = self.index.get(&hash).copied()
            && let Some(node) = self.nodes[place].as_mut()
        {
            if *node.key == *key && !value.replaces(&node.value) {
                return;
            }
            let old = std::mem::replace(&mut node.weight, weight);
            node.value = value;
            node.key = key.into();
            let queue = if node.in_main {
                &mut self.main
            } else {
                &mut self.small
            };
            queue.bytes = queue.bytes - old + weight;
        } else {
            let in_main = self.is_ghost.remove(&hash);
            let node = Node {
                hash,
                key: key.into(),
                value,
                weight,
                hits: 0,
                in_main,
            };
            let place = self.free.pop().unwrap_or(self.nodes.len());
            if place == self.nodes.len() {
                self.nodes.push(Some(node));
            } else {
                self.nodes[place] = Some(node);
            }
            self.index.insert(hash, place);
            self.queue(in_main).push(place, weight);
        }
        while self.small.bytes + self.main.bytes > self.capacity {
            self.evict();
        }
    }

    fn queue(&mut self, main: bool) -> &mut Queue {
        if main {
            &mut self.main
        } else {
            &mut self.small
        }
    }

    /// Makes one step towards more room.
    fn evict(&mut self) {
        let from_main =
            self.small.bytes * SMALL_SHARE < self.capacity && !self.main.nodes.is_empty();
        let Some(place) = self.queue(from_main).nodes.pop_front() else {
            return;
        };
        let Some(node) = self.nodes[place].as_mut() else {
            return;
        };
        let weight = node.weight;
        let stays = node.hits > 0;
        if stays {
            // Asked for again: to the end of the main queue.
            node.hits = if from_main { node.hits - 1 } else { 0 };
            node.in_main = true;
        }
        let hash = node.hash;
        self.queue(from_main).bytes -= weight;
        if stays {
            self.main.push(place, weight);
            return;
        }
        self.index.remove(&hash);
        self.nodes[place] = None;
        self.free.push(place);
        self.evictions += 1;
        if !from_main {
            self.remember(hash);
        }
    }

    fn remember(&mut self, hash: u64) {
        self.ghosts.push_back(hash);
        self.is_ghost.insert(hash);
        while self.ghosts.len() > self.nodes.len() {
            if let Some(forgotten) = self.ghosts.pop_front() {
                self.is_ghost.remove(&forgotten);
            }
        }
    }
}

impl Queue {
    fn push(&mut self, place: usize, weight: usize) {
        self.nodes.push_back(place);
        self.bytes += weight;
    }
}

/// Takes hashes for what they are.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Value for usize {
        fn weight(&self) -> usize {
            *self
        }

        fn replaces(&self, _other: &Self) -> bool {
            true
        }
    }

    proptest! {
        /// Whatever comes, the bytes are within bounds, and what is found is what was last put in.
        #[test]
        fn bounded_and_never_wrong(calls in prop::collection::vec((0..300_u32, 1..4000_usize, any::<bool>()), 1..2000)) {
            let local = LocalTier::new(SHARDS * 20_000);
            let mut last = HashMap::new();
            for (key, weight, inserts) in calls {
                let key = key.to_string();
                if inserts {
                    local.insert(&key, Arc::new(weight));
                    last.insert(key, weight);
                } else if let Some(found) = local.get(&key) {
                    prop_assert_eq!(Some(&*found), last.get(&key));
                }
                let usage = local.usage();
                prop_assert!(usage.bytes <= (SHARDS * 20_000) as u64);
            }
            for shard in &local.shards {
                let shard = lock(shard);
                let weights = |main| -> usize {
                    let nodes = shard.nodes.iter().flatten();
                    nodes.filter(|node| node.in_main == main).map(|node| node.weight).sum()
                };
                prop_assert_eq!((weights(false), weights(true)), (shard.small.bytes, shard.main.bytes));
                prop_assert_eq!(shard.index.len(), shard.nodes.iter().flatten().count());
                prop_assert!(shard.ghosts.len() <= shard.nodes.len());
            }
        }
    }

    #[test]
    fn a_scan_does_not_push_out_what_is_asked_for() {
        let local = LocalTier::new(1 << 20);
        for round in 0..3 {
            for key in 0..100 {
                if local.get(&format!("hot {key}")).is_none() {
                    assert_eq!(round, 0, "hot {key} is gone");
                    local.insert(&format!("hot {key}"), Arc::new(1000));
                }
            }
            for key in 0..5000 {
                local.insert(&format!("cold {round} {key}"), Arc::new(1000));
                if key % 50 == 0 {
                    for hot in 0..100 {
                        local.get(&format!("hot {hot}"));
                    }
                }
            }
        }
        assert!(local.usage().evictions > 10_000);
    }

    #[test]
    fn what_is_larger_than_its_shard_is_not_kept() {
        let local = LocalTier::new(SHARDS * 1000);
        local.insert("large", Arc::new(2000));
        assert!(local.get("large").is_none());
        assert_eq!(local.usage(), Usage::default());
    }
}
