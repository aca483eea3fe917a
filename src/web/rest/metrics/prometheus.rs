//! Metrics in Prometheus' text format, version 0.0.4, with names and units by its conventions.

use std::fmt::Write;
use std::time::Duration;

use super::Sources;
use crate::services::dashboard::StoredMetrics;
use crate::services::metrics::Counter;
use crate::services::metrics::MetricValues;
use crate::services::metrics::latency::Histogram;
use crate::services::policies::RequestClass;
use crate::services::process;
use crate::services::telemetry;

/// The whole text.
pub fn exposition(sources: &Sources, stored: &StoredMetrics) -> String {
    let mut text = Text::default();
    counters(&mut text, sources, stored);
    process_counters(&mut text, sources);
    latencies(&mut text, sources);
    gauges(&mut text, sources, stored);
    redis(&mut text, sources, stored);
    text.0
}

fn one(value: f64) -> [(String, f64); 1] {
    [(String::new(), value)]
}

/// What every process counts: under one name what this process has counted since its start, so that the sum over
/// processes is right, and under another what all of them have counted.
fn counters(text: &mut Text, sources: &Sources, stored: &StoredMetrics) {
    let own = sources.metrics.since_start();
    // The stored counts, so that no counter falls when a process is killed.
    let shared = &stored.written;
    for (prefix, by, counts) in [
        ("kith", "by this process", &own),
        ("kith_shared", "by all instances", shared),
    ] {
        text.family(
            &format!("{prefix}_requests_total"),
            "counter",
            &format!("Requests that the limiter has decided on, {by}."),
            requests(counts),
        );
        text.family(
            &format!("{prefix}_deliveries_total"),
            "counter",
            &format!("What came of deliveries, {by}."),
            deliveries(counts),
        );
        text.family(
            &format!("{prefix}_contacts_created_total"),
            "counter",
            &format!("Contacts that were created, {by}."),
            one(counts.new_contacts() as f64),
        );
        text.family(
            &format!("{prefix}_mails_sent_total"),
            "counter",
            &format!("Mails that were sent or kept as files, {by}."),
            one(counts.get(Counter::Mails) as f64),
        );
    }
}

fn requests(counts: &MetricValues) -> impl Iterator<Item = (String, f64)> {
    RequestClass::ALL.into_iter().flat_map(|class| {
        let refused = counts.get(Counter::Refusals(class));
        let allowed = counts.get(Counter::Requests(class)).saturating_sub(refused);
        let labels = |outcome| format!("policy=\"{}\",outcome=\"{outcome}\"", class.name());
        [
            (labels("allowed"), allowed as f64),
            (labels("refused"), refused as f64),
        ]
    })
}

fn deliveries(counts: &MetricValues) -> [(String, f64); 3] {
    [
        ("delivered", Counter::Deliveries),
        ("retried", Counter::Retries),
        ("dead", Counter::DeadLetters),
    ]
    .map(|(outcome, counter)| {
        let labels = format!("outcome=\"{outcome}\"");
        (labels, counts.get(counter) as f64)
    })
}

/// What only this process knows.
fn process_counters(text: &mut Text, sources: &Sources) {
    for (name, help, value) in [
        (
            "kith_denied_requests_total",
            "Requests of denied clients to this process.",
            sources.limiter.stats().denied(),
        ),
        (
            "kith_cache_evictions_total",
            "Values that this process had no room for.",
            sources.cache.usage().evictions,
        ),
        (
            "kith_log_lines_lost_total",
            "Lines of the log that this process could not write.",
            telemetry::lost_lines(),
        ),
    ] {
        text.family(name, "counter", help, one(value as f64));
    }
    let decided = sources.limiter.stats().totals();
    text.family(
        "kith_shadowed_requests_total",
        "counter",
        "Requests that would have been refused but for shadow mode, of this process.",
        decided.iter().map(|policy| {
            let labels = format!("policy=\"{}\"", policy.policy);
            (labels, policy.shadowed as f64)
        }),
    );
    let tags = sources.cache.totals();
    let reads = tags.iter().flat_map(|tag| {
        [
            ("hit", tag.hits()),
            ("stale", tag.stale_hits),
            ("miss", tag.misses),
        ]
        .map(|(result, count)| {
            let labels = format!("tag=\"{}\",result=\"{result}\"", tag.tag.kind());
            (labels, count as f64)
        })
    });
    text.family(
        "kith_cache_reads_total",
        "counter",
        "Reads through the cache of this process.",
        reads,
    );
}

/// Every second bucket, which is enough for a graph.
fn latencies(text: &mut Text, sources: &Sources) {
    const NAME: &str = "kith_request_duration_seconds";
    text.describe(
        NAME,
        "histogram",
        "How long answers of this process took, refusals left out.",
    );
    for observed in sources.metrics.latencies() {
        let route = &observed.route;
        let mut below = 0;
        for (bucket, count) in observed.histogram.0.iter().enumerate() {
            below += count;
            let Some(bound) = Histogram::bound(bucket).filter(|_| bucket % 2 == 0) else {
                continue;
            };
            let labels = format!("route=\"{route}\",le=\"{}\"", bound / 1000.0);
            text.sample(&format!("{NAME}_bucket"), &labels, below as f64);
        }
        let labels = format!("route=\"{route}\",le=\"+Inf\"");
        text.sample(&format!("{NAME}_bucket"), &labels, below as f64);
        let labels = format!("route=\"{route}\"");
        text.sample(&format!("{NAME}_sum"), &labels, observed.sum.as_secs_f64());
        text.sample(&format!("{NAME}_count"), &labels, below as f64);
    }
}

fn gauges(text: &mut Text, sources: &Sources, stored: &StoredMetrics) {
    let usage = sources.cache.usage();
    let overview = &stored.overview;
    let waits = [
        ("outbox", overview.outbox),
        ("waiting", overview.waiting()),
        ("dead", overview.dead),
    ];
    text.family(
        "kith_shared_queue_messages",
        "gauge",
        "Messages in the queue, which all instances share.",
        waits.map(|(state, count)| (format!("state=\"{state}\""), count as f64)),
    );
    let uptime = sources.metrics.uptime();
    let started = sources.metrics.started_at().as_duration();
    let memory = process::memory().map(|bytes| {
        (
            "process_resident_memory_bytes",
            "Memory that this process has in use.",
            bytes as f64,
        )
    });
    let gauges = [
        (
            "kith_cache_entries",
            "Values in the cache of this process.",
            usage.entries as f64,
        ),
        ("kith_cache_bytes", "Memory for them.", usage.bytes as f64),
        (
            "kith_shared_queue_lag_seconds",
            "For how long the message that has waited longest has been due.",
            stored.lag.as_secs_f64(),
        ),
        (
            "kith_uptime_seconds",
            "How long this process has been running.",
            uptime.as_secs_f64(),
        ),
        (
            "process_start_time_seconds",
            "When this process started, in seconds since the epoch.",
            started.as_secs_f64(),
        ),
    ];
    let gauges = gauges.into_iter().chain(memory);
    for (name, help, value) in gauges.chain(backup_gauges(stored)) {
        text.family(name, "gauge", help, one(value));
    }
    let build = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    text.family(
        "kith_build_info",
        "gauge",
        "The version of Kith.",
        [(build, 1.0)],
    );
}

/// Backups, and what a restore leaves to an admin: names, texts and values.
fn backup_gauges(
    stored: &StoredMetrics,
) -> impl Iterator<Item = (&'static str, &'static str, f64)> {
    let last = stored.backup.last.as_ref().map(|last| {
        (
            "kith_shared_last_backup_timestamp_seconds",
            "When the last backup began, in seconds since the epoch; missing without one.",
            last.at().as_duration().as_secs_f64(),
        )
    });
    let others = [
        (
            "kith_shared_queue_paused",
            "1 while the queue is paused until an admin resumes it, otherwise 0.",
            f64::from(u8::from(stored.pause.is_some())),
        ),
        (
            "kith_shared_backup_overdue",
            "1 while there is no backup as recent as backup.interval wants, otherwise 0.",
            f64::from(u8::from(stored.backup.is_overdue)),
        ),
    ];
    others.into_iter().chain(last)
}

fn redis(text: &mut Text, sources: &Sources, stored: &StoredMetrics) {
    let Some(redis) = &sources.redis else {
        return;
    };
    let up = redis.health().failure.is_none();
    text.family(
        "kith_redis_up",
        "gauge",
        "Whether Redis answers.",
        one(f64::from(up)),
    );
    let Some(info) = &stored.redis else {
        return;
    };
    let seconds = |time: Duration| Some(time.as_secs_f64());
    let count = |count: Option<u64>| count.map(|count| count as f64);
    for (name, kind, help, value) in [
        (
            "kith_redis_memory_used_bytes",
            "gauge",
            "Memory that Redis has in use.",
            count(info.used),
        ),
        (
            "kith_redis_memory_max_bytes",
            "gauge",
            "The most that it may use; missing where there is no limit.",
            count(info.limit),
        ),
        (
            "kith_redis_evicted_keys_total",
            "counter",
            "Keys that Redis dropped before their time.",
            count(info.evicted),
        ),
        (
            "kith_redis_connected_clients",
            "gauge",
            "Connections to Redis, those of others included.",
            count(info.clients),
        ),
        (
            "kith_redis_latency_seconds",
            "gauge",
            "How long Redis took to tell this.",
            seconds(info.latency),
        ),
    ] {
        if let Some(value) = value {
            text.family(name, kind, help, one(value));
        }
    }
}

/// Metrics as Prometheus reads them.
#[derive(Default)]
struct Text(String);

impl Text {
    /// One metric, with a value for each set of labels.
    fn family(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        values: impl IntoIterator<Item = (String, f64)>,
    ) {
        self.describe(name, kind, help);
        for (labels, value) in values {
            self.sample(name, &labels, value);
        }
    }

    fn describe(&mut self, name: &str, kind: &str, help: &str) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: f64) {
        let _ = if labels.is_empty() {
            writeln!(self.0, "{name} {value}")
        } else {
            writeln!(self.0, "{name}{{{labels}}} {value}")
        };
    }
}
