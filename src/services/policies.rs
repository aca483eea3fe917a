//! What Kith limits: each kind of request has one policy, and each request is charged to one.

use ipnet::IpNet;
use kith_limit::Limiter;
use kith_limit::Options;
use kith_limit::Policy;
use kith_limit::PolicyId;
use kith_limit::Quota;
use kith_redis::Redis;

use crate::services::config::Config;
use crate::services::config::LimitsConfig;
use crate::services::config::PolicyConfig;

/// A kind of request. Files of the site, health and its description are not limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestClass {
    /// The REST API, for programs on this machine.
    Api,
    /// Pages, their forms, and what they ask of the server.
    Ui,
    /// Metrics about Kith itself, which do not count in them.
    Dashboard,
    /// The REST API, for programs with a token. Each token has a count of its own, whatever address it is used from.
    Token,
    /// The feeds of calendars, whose addresses are secret.
    Calendar,
}

impl RequestClass {
    pub const ALL: [Self; 5] = [
        Self::Api,
        Self::Ui,
        Self::Dashboard,
        Self::Token,
        Self::Calendar,
    ];

    /// Its place in the limiter that [`limiter`] makes.
    pub fn policy(self) -> PolicyId {
        PolicyId(self as usize)
    }

    /// The name of its policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Ui => "ui",
            Self::Dashboard => "dashboard",
            Self::Token => "token",
            Self::Calendar => "calendar",
        }
    }

    fn configured(self, limits: &LimitsConfig) -> Policy {
        let PolicyConfig {
            algorithm,
            limit,
            window,
            on_loss,
            shadow,
        } = match self {
            Self::Api => limits.api,
            Self::Ui => limits.ui,
            Self::Dashboard => limits.dashboard,
            Self::Token => limits.token,
            Self::Calendar => limits.calendar,
        };
        Policy {
            name: self.name(),
            algorithm,
            quota: Quota::new(limit.get().into(), window)
                .expect("a loaded configuration holds only quotas that there can be"),
            fail_mode: on_loss,
            shadow,
        }
    }
}

/// The limiter with Kith's policies, as they are configured. The names of its keys in Redis begin with `prefix`.
pub fn limiter(config: &Config, redis: Option<Redis>, prefix: String) -> Limiter {
    let configured = |class: RequestClass| class.configured(&config.limits);
    Limiter::new(Options {
        policies: RequestClass::ALL.map(configured).into(),
        redis,
        prefix,
        table_bytes: config.limits.table_size.bytes(),
        denied: config
            .limits
            .deny
            .0
            .iter()
            .copied()
            .map(IpNet::from)
            .collect(),
    })
}
