//! Rates of calls, each beside a baseline of the same run.
//!
//! Baseline and Kith take turns, so that what else the machine does meets both. The ratio is the
//! median of the rounds' ratios; the rates are medians too.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

pub const CALLERS: [usize; 3] = [1, 32, 256];

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(400);

/// Callers give way after this many calls that never had to wait.
const TURN: usize = 64;

/// Says what is measured, and how.
pub fn introduce(what: &str) {
    let milliseconds = ROUND.as_millis();
    println!("\n{what}; medians of {ROUNDS} rounds of {milliseconds} ms.");
}

pub fn heading(place: &str, baseline: &str) {
    println!(
        "\n{place:<26}{:>8}{baseline:>14}{:>14}{:>8}",
        "callers", "Kith", "ratio"
    );
}

/// Prints the rate of both and the ratio of Kith's to the baseline's.
pub async fn compare<B, K>(
    name: &str,
    callers: usize,
    baseline: impl Fn(usize) -> B + Copy + Send + 'static,
    kith: impl Fn(usize) -> K + Copy + Send + 'static,
) where
    B: Future<Output = ()> + Send,
    K: Future<Output = ()> + Send,
{
    // Warms both up.
    rate(callers, baseline).await;
    rate(callers, kith).await;
    let (mut baselines, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (baseline, kith) = (rate(callers, baseline).await, rate(callers, kith).await);
        baselines.push(baseline);
        ours.push(kith);
        ratios.push(kith / baseline);
    }
    println!(
        "{name:<26}{callers:>8}{:>14.0}{:>14.0}{:>8.2}",
        median(baselines),
        median(ours),
        median(ratios)
    );
}

/// How often a second so many callers together are answered in one round.
async fn rate<F>(callers: usize, call: impl Fn(usize) -> F + Copy + Send + 'static) -> f64
where
    F: Future<Output = ()> + Send,
{
    let over = Arc::new(AtomicBool::new(false));
    let start = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let over = over.clone();
            tokio::spawn(async move {
                let mut calls = 0;
                while !over.load(Ordering::Relaxed) {
                    // Each caller begins elsewhere and jumps about, as strangers do.
                    call(caller * 37 + calls * 7919).await;
                    calls += 1;
                    if calls % TURN == 0 {
                        tokio::task::yield_now().await;
                    }
                }
                calls
            })
        })
        .collect();
    tokio::time::sleep(ROUND).await;
    over.store(true, Ordering::Relaxed);
    let mut calls = 0;
    for task in tasks {
        calls += task.await.expect("a caller that ends");
    }
    calls as f64 / start.elapsed().as_secs_f64()
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
