//! Who hears what of a source that tests change.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;

use async_trait::async_trait;
use kith_cache::Generations;
use kith_cache::Tag;

use super::*;

const INTERVAL: Duration = Duration::from_millis(5);
const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// A source that tests change, and that counts how often it is read.
#[derive(Clone, Default)]
struct Source {
    generation: Arc<AtomicI64>,
    reads: Arc<AtomicU64>,
}

#[async_trait]
impl Generations for Source {
    async fn read(&self, tags: &[Tag]) -> Option<Vec<(String, Generation)>> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let generation = Generation(self.generation.load(Ordering::Relaxed));
        let each = tags.iter().map(|tag| (tag.to_string(), generation));
        Some(each.collect())
    }

    async fn replace(&self, _tag: Tag) -> bool {
        false
    }
}

fn live(max_listeners: usize) -> (Live, Source) {
    let source = Source::default();
    let options = kith_cache::Options::new(vec![PAGES], Box::new(source.clone()));
    let live = Live::new(Options {
        cache: Cache::new(options),
        interval: INTERVAL,
        hints: Hints {
            commits: watch::Sender::new(0).subscribe(),
            bus: None,
        },
    });
    live.admit(max_listeners);
    (live, source)
}

#[tokio::test]
async fn each_listener_hears_the_present_state_and_then_each_change() {
    let (live, source) = live(10);
    let mut listeners = [(); 3].map(|()| live.place(ADDRESS, BookKey::FIRST).expect("a place"));
    for state in [0, 7, -1] {
        source.generation.store(state, Ordering::Relaxed);
        for listener in &mut listeners {
            assert_eq!(listener.next().await, Some(Generation(state)));
        }
    }
}

#[tokio::test]
async fn listeners_share_their_reads_and_none_is_made_without_listeners() {
    let (live, source) = live(1000);
    assert_eq!(source.reads.load(Ordering::Relaxed), 0);
    let start = Instant::now();
    let listen = |number: u16| {
        let address = [127, 0, (number / 100) as u8, (number % 100) as u8];
        live.place(IpAddr::from(address), BookKey::FIRST)
    };
    let mut listeners: Vec<Listener> = (0..300).filter_map(listen).collect();
    assert_eq!(listeners.len(), 300);
    for state in 0..5 {
        source.generation.store(state, Ordering::Relaxed);
        for listener in &mut listeners {
            listener.next().await;
        }
    }
    let intervals = start.elapsed().as_nanos() / INTERVAL.as_nanos();
    let reads = u128::from(source.reads.load(Ordering::Relaxed));
    assert!(
        reads <= intervals + 1,
        "{reads} reads in {intervals} intervals"
    );
    drop(listeners);
    until_idle(&live).await;
    let reads = source.reads.load(Ordering::Relaxed);
    tokio::time::sleep(INTERVAL * 4).await;
    assert_eq!(source.reads.load(Ordering::Relaxed), reads);
}

/// Waits until no task reads the generation any more.
async fn until_idle(live: &Live) {
    while live.0.lock().has_watcher {
        tokio::time::sleep(INTERVAL).await;
    }
}

#[tokio::test]
async fn a_listener_after_a_pause_hears_the_present_state_first() {
    let (live, source) = live(10);
    let mut first = live.listen(ADDRESS, BookKey::FIRST).await.expect("a place");
    assert_eq!(first.next().await, Some(Generation(0)));
    drop(first);
    until_idle(&live).await;
    source.generation.store(7, Ordering::Relaxed);
    let mut second = live.listen(ADDRESS, BookKey::FIRST).await.expect("a place");
    assert_eq!(second.next().await, Some(Generation(7)));
}

#[tokio::test]
async fn places_are_limited_and_given_back() {
    let (live, _source) = live(20);
    let own: Vec<_> = (0..MAX_PER_ADDRESS)
        .map(|_| live.place(ADDRESS, BookKey::FIRST))
        .collect();
    assert!(own.iter().all(Option::is_some));
    assert!(
        live.listen(ADDRESS, BookKey::FIRST).await.is_none(),
        "too many of this address"
    );
    let listen = |number: u8| live.place(IpAddr::from([127, 0, 1, number]), BookKey::FIRST);
    let others: Vec<_> = (0..4).map(listen).collect();
    assert!(others.iter().all(Option::is_some));
    assert!(listen(9).is_none(), "too many of all");
    drop(own);
    assert!(live.listen(ADDRESS, BookKey::FIRST).await.is_some());
}

#[tokio::test]
async fn a_stop_ends_the_news() {
    let (live, _source) = live(10);
    let mut listener = live.listen(ADDRESS, BookKey::FIRST).await.expect("a place");
    listener.next().await;
    live.stop();
    assert_eq!(listener.next().await, None);
    // A client that comes now is sent away, and comes again when another process is there.
    let mut late = live.listen(ADDRESS, BookKey::FIRST).await.expect("a place");
    assert_eq!(late.next().await, None);
}
