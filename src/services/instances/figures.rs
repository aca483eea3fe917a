//! [`Figures`]: what only one process knows.

use kith_cache::Cache;
use kith_limit::Limiter;
use serde::Deserialize;
use serde::Serialize;

use crate::services::health::Components;
use crate::services::health::Health;
use crate::services::process;

/// The most clients of [`Figures::most_refused`].
const MAX_REFUSED_CLIENTS: usize = 10;

/// What one process knows, or the [sum](Figures::sum) of what several know. It stands in the database as JSON. Other
/// releases may read it, so what is missing there has a default.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Figures {
    /// In bytes, where the system knows it.
    pub memory: Option<u64>,
    pub cache: CacheFigures,
    pub policies: Vec<PolicyFigures>,
    /// Requests of denied clients since the start.
    pub denials: u64,
    /// The clients that were refused most, since the start.
    pub most_refused: Vec<RefusedClient>,
    /// `None` only until the first figures are read.
    pub components: Option<Components>,
    /// Names the folder that mails go into. `None` where they go to a mail server, and where all instances are on one
    /// machine.
    pub mail_folder: Option<String>,
}

/// The cache of a process. Sizes are in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CacheFigures {
    pub entries: u64,
    pub bytes: u64,
    /// The most that the values may take.
    pub max_bytes: u64,
    pub evictions: u64,
    pub tags: Vec<TagFigures>,
}

/// How reads of one tag were answered since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TagFigures {
    pub tag: String,
    pub local_hits: u64,
    pub remote_hits: u64,
    pub stale_hits: u64,
    pub misses: u64,
}

/// What a policy has done since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PolicyFigures {
    pub policy: String,
    /// Requests that only shadow mode has allowed.
    pub shadowed: u64,
    /// Decisions without Redis.
    pub local: u64,
}

/// A client that was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RefusedClient {
    /// An address, or an IPv6 network.
    pub client: String,
    pub policy: String,
    pub count: u64,
    /// When it was refused last, in milliseconds since the epoch.
    pub last: u64,
}

/// What the figures of this process are read from.
#[derive(Clone)]
pub struct FigureSources {
    pub cache: Cache,
    /// The most that the values of the cache may take, in bytes.
    pub max_cache_bytes: u64,
    pub limiter: Limiter,
    pub health: Health,
    /// See [`Figures::mail_folder`].
    pub mail_folder: Option<String>,
}

impl FigureSources {
    /// The figures of this process.
    pub fn read(&self) -> Figures {
        let usage = self.cache.usage();
        let tags = self.cache.totals().into_iter().map(|totals| TagFigures {
            tag: totals.tag.kind().to_owned(),
            local_hits: totals.local_hits,
            remote_hits: totals.remote_hits,
            stale_hits: totals.stale_hits,
            misses: totals.misses,
        });
        let stats = self.limiter.stats();
        let policies = stats.totals().into_iter().map(|totals| PolicyFigures {
            policy: totals.policy.to_owned(),
            shadowed: totals.shadowed,
            local: totals.local,
        });
        let refused = stats.most_refused(MAX_REFUSED_CLIENTS).into_iter();
        let refused = refused.map(|refused| RefusedClient {
            client: refused.identifier,
            policy: refused.policy.to_owned(),
            count: refused.count,
            last: refused.last,
        });
        Figures {
            memory: process::memory(),
            cache: CacheFigures {
                entries: usage.entries,
                bytes: usage.bytes,
                max_bytes: self.max_cache_bytes,
                evictions: usage.evictions,
                tags: tags.collect(),
            },
            policies: policies.collect(),
            denials: stats.denied(),
            most_refused: refused.collect(),
            components: Some(self.health.components()),
            mail_folder: self.mail_folder.clone(),
        }
    }
}

impl Figures {
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The figures of an instance; empty ones if another release has written what this one cannot read.
    pub(super) fn from_json(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// What several processes know together. A component is down if one of them finds it down.
    pub fn sum<'a>(all: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for figures in all {
            sum.add(figures);
        }
        let refused = &mut sum.most_refused;
        refused.sort_by(|one, other| (other.count, &one.client).cmp(&(one.count, &other.client)));
        refused.truncate(MAX_REFUSED_CLIENTS);
        sum
    }

    fn add(&mut self, other: &Self) {
        self.memory = [self.memory, other.memory]
            .into_iter()
            .flatten()
            .reduce(|one, other| one + other);
        self.cache.add(&other.cache);
        for theirs in &other.policies {
            let mine = place(&mut self.policies, |mine| mine.policy == theirs.policy);
            mine.policy.clone_from(&theirs.policy);
            mine.shadowed += theirs.shadowed;
            mine.local += theirs.local;
        }
        self.denials += other.denials;
        for theirs in &other.most_refused {
            let mine = place(&mut self.most_refused, |mine| {
                (&mine.client, &mine.policy) == (&theirs.client, &theirs.policy)
            });
            mine.client.clone_from(&theirs.client);
            mine.policy.clone_from(&theirs.policy);
            mine.count += theirs.count;
            mine.last = mine.last.max(theirs.last);
        }
        self.components = match (self.components.take(), other.components.clone()) {
            (Some(mine), Some(theirs)) => Some(mine.worse(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
    }
}

impl CacheFigures {
    fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.bytes += other.bytes;
        self.max_bytes += other.max_bytes;
        self.evictions += other.evictions;
        for theirs in &other.tags {
            let mine = place(&mut self.tags, |mine| mine.tag == theirs.tag);
            mine.tag.clone_from(&theirs.tag);
            mine.local_hits += theirs.local_hits;
            mine.remote_hits += theirs.remote_hits;
            mine.stale_hits += theirs.stale_hits;
            mine.misses += theirs.misses;
        }
    }
}

/// The element that matches, which is added if there is none.
fn place<T: Default>(all: &mut Vec<T>, matches: impl Fn(&T) -> bool) -> &mut T {
    let index = all.iter().position(matches).unwrap_or_else(|| {
        all.push(T::default());
        all.len() - 1
    });
    &mut all[index]
}
