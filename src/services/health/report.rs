//! What a report on health says. Its JSON is that of `/readyz`.

use std::borrow::Cow;

use jiff::Timestamp;
use kith_database::Fault;
use kith_database::Warning;
use kith_limit::Limiter;
use kith_redis::Redis;
use kith_runtime::ComponentHealth;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::language::t;
use crate::services::pause::Pause;

/// Readiness, component by component.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// Whether Kith can answer requests.
    ready: bool,
    database: ComponentStatus,
    /// Once reads or writes of the database have failed, until they work again.
    #[serde(rename = "databaseFault", skip_serializing_if = "Option::is_none")]
    database_fault: Option<Component>,
    /// What to know of a database that does its work.
    #[serde(rename = "databaseWarnings", skip_serializing_if = "Vec::is_empty")]
    database_warnings: Vec<String>,
    /// Why there is no recent backup.
    #[serde(rename = "backupWarning", skip_serializing_if = "Option::is_none")]
    backup_warning: Option<&'static str>,
    /// While the queue is paused: since when, and why.
    #[serde(rename = "queuePaused", skip_serializing_if = "Option::is_none")]
    queue_paused: Option<PausedQueue>,
    site: SiteStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    redis: Option<Component>,
    /// Once Kith has sent QStash a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    qstash: Option<Component>,
    /// Once Kith has sent a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    mail: Option<Component>,
    /// Once Kith has lost a line of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<Component>,
}

impl Readiness {
    /// `database_fault` says whether reads or writes of the database fail, `site_is_built` whether the
    /// files of the site are there.
    pub(super) fn new(
        ready: bool,
        components: Components,
        database_fault: bool,
        database_warnings: &[Warning],
        site_is_built: bool,
    ) -> Self {
        Self {
            ready,
            database: components.database.state,
            database_fault: database_fault.then_some(components.database),
            database_warnings: database_warnings.iter().map(Warning::to_string).collect(),
            backup_warning: None,
            queue_paused: None,
            site: SiteStatus::new(site_is_built),
            redis: components.redis,
            qstash: components.qstash,
            mail: components.mail,
            log: components.log,
        }
    }

    /// Adds what the database knows.
    pub(super) fn with_stored(
        mut self,
        backup: Option<&'static str>,
        pause: Option<Pause>,
    ) -> Self {
        self.backup_warning = backup;
        self.queue_paused = pause.map(|Pause { since, why }| PausedQueue { since, why });
        self
    }

    /// Whether Kith can answer requests.
    pub fn is_ready(&self) -> bool {
        self.ready
    }
}

/// A queue that is paused until an admin resumes it on the dashboard.
#[derive(Serialize, ToSchema)]
struct PausedQueue {
    /// Since when, as RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    why: String,
}

/// The status of the built site, which pages link to. The API works without it, so it does not decide on
/// readiness.
#[derive(Serialize, ToSchema)]
struct SiteStatus {
    state: ComponentStatus,
    /// What that means, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'static str>,
}

impl SiteStatus {
    fn new(is_built: bool) -> Self {
        Self {
            state: ComponentStatus::new(is_built),
            effect: (!is_built).then_some(
                "Pages have no styles and do not come alive. Run `cargo xtask build`, start Kith \
                 in the folder it was built in, or set server.site_root.",
            ),
        }
    }
}

/// A component that Kith works without for a while, so it does not decide on readiness.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Component {
    pub state: ComponentStatus,
    /// Since when, as RFC 3339.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// Why it is down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What that means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<Cow<'static, str>>,
}

impl Component {
    fn new(since: Timestamp, reason: Option<String>, effect: &'static str) -> Self {
        Self {
            state: ComponentStatus::new(reason.is_none()),
            since,
            effect: reason.is_some().then_some(effect.into()),
            reason,
        }
    }

    /// A fault says more than the fact that the database does not answer, so it comes first.
    pub(super) fn database(
        file: ComponentHealth<Fault>,
        answers: ComponentHealth<&'static str>,
    ) -> Self {
        let ComponentHealth { since, failure } = file;
        match failure {
            Some(fault) => Self::new(since, Some(fault.to_string()), fault.effect()),
            None if !answers.is_up() => Self::of(answers, "Nothing can be read or changed."),
            None => Self::new(since.max(answers.since), None, ""),
        }
    }

    /// Limits gain nothing from a Redis that answers but does not decide, so it counts as down.
    pub(super) fn redis(redis: &Redis, limiter: &Limiter) -> Self {
        let health = redis.health();
        let reason = health.failure.map(|reason| format!("Redis {reason}."));
        if let (None, Some(since)) = (&reason, limiter.failing_since()) {
            let since = i64::try_from(since).unwrap_or(i64::MAX);
            return Self::new(
                Timestamp::from_millisecond(since).unwrap_or_default(),
                Some("Redis answers, but the limiter's script fails on it.".to_owned()),
                "Limits hold for each instance of Kith by itself.",
            );
        }
        Self::new(
            health.since,
            reason,
            "Limits hold for each instance of Kith by itself, and what is cached is not shared.",
        )
    }

    /// The one that is down; of two alike, the one that is so for longer.
    fn worse(self, other: Self) -> Self {
        let rank = |component: &Self| (component.state == ComponentStatus::Up, component.since);
        if rank(&other) < rank(&self) {
            other
        } else {
            self
        }
    }

    pub(super) fn of(health: ComponentHealth<impl Into<String>>, effect: &'static str) -> Self {
        Self::new(health.since, health.failure.map(Into::into), effect)
    }
}

/// Every component, as Kith last found it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Components {
    pub database: Component,
    pub redis: Option<Component>,
    pub qstash: Option<Component>,
    pub mail: Option<Component>,
    pub log: Option<Component>,
}

impl Components {
    /// Each component as two processes together find it.
    pub fn worse(self, other: Self) -> Self {
        let worse = |mine: Option<Component>, theirs: Option<Component>| match (mine, theirs) {
            (Some(mine), Some(theirs)) => Some(mine.worse(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        Self {
            database: self.database.worse(other.database),
            redis: worse(self.redis, other.redis),
            qstash: worse(self.qstash, other.qstash),
            mail: worse(self.mail, other.mail),
            log: worse(self.log, other.log),
        }
    }

    /// The names of the components that are down, for the reader.
    pub fn down(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            (t!("database"), Some(&self.database)),
            ("Redis", self.redis.as_ref()),
            ("QStash", self.qstash.as_ref()),
            (t!("mail"), self.mail.as_ref()),
            (t!("log"), self.log.as_ref()),
        ];
        let is_down = |component: &Component| component.state == ComponentStatus::Down;
        all.into_iter()
            .filter(move |(_, component)| component.is_some_and(is_down))
            .map(|(name, _)| name)
    }
}

/// Whether a component works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ComponentStatus {
    Up,
    Down,
}

impl ComponentStatus {
    fn new(works: bool) -> Self {
        if works { Self::Up } else { Self::Down }
    }
}
