//! The tier in this process, bounded by bytes.
//!
//! It is the crate `quick_cache`, which evicts by a variant of Clock-PRO that is close to S3-FIFO (Yang et al.,
//! "FIFO queues are all you need for cache eviction", SOSP 2023). A new key stays only if it is read again, so
//! that keys that are read once, as in a scan, push out no others. The tier remembers a key that was evicted
//! for a while, without its value. A hit only counts and moves nothing.
//!
//! The tier has shards with a lock each.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use quick_cache::DefaultHashBuilder;
use quick_cache::Lifecycle;
use quick_cache::OptionsBuilder;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use quick_cache::sync::EntryAction;
use quick_cache::sync::EntryResult;

/// A power of two.
const SHARDS: usize = 16;

/// The crate makes fewer shards if one would hold fewer entries than this.
const MIN_ENTRIES_PER_SHARD: usize = 32;

/// About how many bytes an entry takes; the number of keys that are remembered follows from it.
const TYPICAL_WEIGHT: usize = 4096;

/// The share of the bytes for entries that have been read again. It is the default of the crate.
const HOT_SHARE: f64 = 0.97;

/// What an entry takes beside its key and value: its node and its place in the index.
const OVERHEAD: usize = 160;

/// Bytes that the tier counts for the key of an evicted entry. `quick_cache` remembers such keys, at most half
/// as many as the estimated number of entries.
const REMEMBERED_OVERHEAD: usize = 128;

/// What the tier keeps.
pub(crate) trait Value {
    /// The bytes it takes.
    fn weight(&self) -> usize;

    /// Whether it was made no earlier than another one of the same key.
    fn replaces(&self, other: &Self) -> bool;
}

/// Values by key.
pub(crate) struct LocalTier<V> {
    cache: Cache<String, Arc<V>, Weigh, DefaultHashBuilder, CountEvictions>,
    evictions: Arc<AtomicU64>,
    /// A heavier entry would be evicted at once.
    max_weight: u64,
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

/// The bytes of an entry. The key counts twice, because the allocator rounds up.
fn weight<V: Value>(key: &str, value: &V) -> u64 {
    (OVERHEAD + 2 * key.len() + value.weight()) as u64
}

#[derive(Clone)]
struct Weigh;

impl<V: Value> Weighter<String, Arc<V>> for Weigh {
    fn weight(&self, key: &String, value: &Arc<V>) -> u64 {
        weight(key, &**value)
    }
}

#[derive(Clone)]
struct CountEvictions(Arc<AtomicU64>);

impl<V> Lifecycle<String, Arc<V>> for CountEvictions {
    type RequestState = ();

    fn begin_request(&self) {}

    fn on_evict(&self, _state: &mut (), _key: String, _value: Arc<V>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl<V: Value> LocalTier<V> {
    /// A tier of at most `bytes`.
    pub(crate) fn new(bytes: usize) -> Self {
        let entries = (bytes / TYPICAL_WEIGHT).max(SHARDS * MIN_ENTRIES_PER_SHARD);
        let remembered = entries / 2 * REMEMBERED_OVERHEAD;
        // The crate rounds the share of a shard up.
        let capacity = bytes.saturating_sub(remembered) / SHARDS * SHARDS;
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(entries)
            .weight_capacity(capacity as u64)
            .hot_allocation(HOT_SHARE)
            .build()
            .expect("both capacities are set");
        let evictions = Arc::<AtomicU64>::default();
        let cache = Cache::with_options(
            options,
            Weigh,
            DefaultHashBuilder::default(),
            CountEvictions(evictions.clone()),
        );
        Self {
            max_weight: (cache.shard_capacity() as f64 * HOT_SHARE) as u64,
            cache,
            evictions,
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Arc<V>> {
        self.cache.get(key)
    }

    /// Puts a value in, unless there is one with that key that was made later.
    pub(crate) fn insert(&self, key: &str, value: Arc<V>) {
        if weight(key, &*value) > self.max_weight {
            return;
        }
        // Comparing and replacing happen under the lock of the shard.
        let replace = |_: &String, kept: &mut Arc<V>| {
            if value.replaces(kept) {
                *kept = value.clone();
            }
            EntryAction::Retain(())
        };
        if let EntryResult::Vacant(place) = self.cache.entry(key, None, replace) {
            // Another insert of the key waits for this one, so nothing takes the place.
            let _ = place.insert(value);
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage {
            entries: self.cache.len() as u64,
            bytes: self.cache.weight(),
            evictions: self.evictions.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::thread;

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
        fn the_local_cache_is_bounded_and_never_wrong(calls in prop::collection::vec((0..300_u32, 1..4000_usize, any::<bool>()), 1..2000)) {
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
            let mut weights = 0;
            let mut heap = 0;
            let mut entries = 0;
            for (key, value) in local.cache.iter() {
                weights += weight(&key, &*value);
                heap += key.len() + *value;
                entries += 1;
            }
            prop_assert_eq!((entries, weights), (local.usage().entries, local.usage().bytes));
            prop_assert!(local.cache.memory_used().total() + heap <= SHARDS * 20_000);
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
    fn a_value_larger_than_its_shard_is_not_kept() {
        let local = LocalTier::new(SHARDS * 1000);
        local.insert("large", Arc::new(2000));
        assert!(local.get("large").is_none());
        assert_eq!(local.usage(), Usage::default());
    }

    /// A value that says when it was made.
    struct Made(usize);

    impl Value for Made {
        fn weight(&self) -> usize {
            size_of::<Self>()
        }

        fn replaces(&self, other: &Self) -> bool {
            self.0 >= other.0
        }
    }

    #[test]
    fn the_value_that_was_made_last_wins_in_whatever_order_values_come() {
        let local = LocalTier::new(1 << 20);
        for round in 0..200 {
            let key = format!("key {round}");
            thread::scope(|scope| {
                for thread in 0..4 {
                    let (local, key) = (&local, &key);
                    scope.spawn(move || {
                        for made in 0..50 {
                            local.insert(key, Arc::new(Made((made * 37 + thread * 11) % 50)));
                        }
                    });
                }
            });
            let found = local.get(&key).expect("there is room for it");
            assert_eq!(found.0, 49, "{key}");
        }
    }
}
