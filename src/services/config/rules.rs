//! Rules that a value can break although it is valid for its type.

use kith_database::Engine;
use kith_limit::Algorithm;
use kith_limit::Quota;
use kith_redis::Address;

use super::AsWritten;
use super::Config;
use super::ContactsConfig;
use super::DataConfig;
use super::ImportConfig;
use super::LimitsConfig;
use super::OidcConfig;
use super::PolicyConfig;
use super::QueueConfig;
use super::RedisConfig;
use super::setting::Setting;
use crate::services::database::DatabaseUrl;
use crate::services::origin::Origin;

/// A sliding log remembers every request, so its limit bounds memory.
const MAX_LOG_LIMIT: u32 = 10_000;

/// A rule that a value breaks although it is valid for its type.
pub(super) struct Conflict {
    /// The key to blame.
    pub path: &'static str,
    pub value: String,
    /// The rule as a sentence, with what to do.
    pub rule: String,
}

impl Config {
    /// Every rule that the configuration breaks.
    pub(super) fn conflicts(&self) -> impl Iterator<Item = Conflict> {
        [
            self.data.require_connections(),
            self.data
                .require_servers_for_replica(Engine::Postgres.is_built()),
            self.redis.require_one_address(),
            self.redis.require_sentinels_with_login(),
            self.limits.require_quotas(),
            self.require_address_with_provider(),
            self.oidc.require_client_with_issuer(),
            self.queue.require_keys_with_token(),
            self.contacts.require_page_size_within_maximum(),
            self.import.require_readable_cards(),
        ]
        .into_iter()
        .filter_map(Result::err)
    }

    /// The provider leads browsers back to an address that is registered there, so it has to be known.
    fn require_address_with_provider(&self) -> Result<(), Conflict> {
        let Some(issuer) = &self.oidc.issuer else {
            return Ok(());
        };
        if self.server.public_url.is_some() {
            return Ok(());
        }
        Err(Conflict {
            path: "oidc.issuer",
            value: issuer.to_string(),
            rule: "It needs `server.public_url` as well: the provider leads browsers back to it."
                .to_owned(),
        })
    }
}

impl OidcConfig {
    fn require_client_with_issuer(&self) -> Result<(), Conflict> {
        if self.issuer.is_some() == self.client_id.is_some() {
            return Ok(());
        }
        Err(Conflict {
            path: "oidc.client_id",
            value: self.client_id.redacted(),
            rule: "Set both `oidc.issuer` and `oidc.client_id`, or neither.".to_owned(),
        })
    }
}

impl DataConfig {
    /// A read may hold a connection while it waits for what a change does.
    fn require_connections(&self) -> Result<(), Conflict> {
        const MIN: u32 = 3;
        if self.connections.get() >= MIN {
            return Ok(());
        }
        Err(Conflict {
            path: "data.connections",
            value: self.connections.to_string(),
            rule: format!("Kith needs at least {MIN}."),
        })
    }

    /// `has_servers`: whether this build can use servers.
    pub(super) fn require_servers_for_replica(&self, has_servers: bool) -> Result<(), Conflict> {
        let Some(replica) = &self.replica_url else {
            return Ok(());
        };
        let are_servers = [replica, &self.database()]
            .into_iter()
            .all(|place| matches!(place, DatabaseUrl::Server(_)));
        let rule = match has_servers {
            true if are_servers => return Ok(()),
            true => "It and `data.database_url` have to begin with postgres://.",
            false => {
                "This build has no PostgreSQL. Leave it empty, or build Kith with the cargo feature `postgres`."
            }
        };
        Err(Conflict {
            path: "data.replica_url",
            value: replica.redacted(),
            rule: rule.to_owned(),
        })
    }
}

impl ImportConfig {
    /// A larger card could be imported, and not be read afterwards.
    fn require_readable_cards(&self) -> Result<(), Conflict> {
        if self.max_card.bytes() <= kith_card::Limits::default().max_bytes {
            return Ok(());
        }
        Err(Conflict {
            path: "import.max_card",
            value: format!("\"{}\"", self.max_card),
            rule: "It may be at most 4MiB, because Kith reads no larger card.".to_owned(),
        })
    }
}

impl RedisConfig {
    fn require_one_address(&self) -> Result<(), Conflict> {
        let rule = match (&self.url, &self.rest_url, &self.rest_token) {
            (Some(_), Some(_), _) => "Name one Redis: `redis.url` or `redis.rest_url`.",
            (None, Some(_), None) => "It needs `redis.rest_token` as well.",
            _ => return Ok(()),
        };
        Err(Conflict {
            path: "redis.rest_url",
            value: self
                .rest_url
                .as_ref()
                .map(Origin::to_string)
                .unwrap_or_default(),
            rule: rule.to_owned(),
        })
    }

    fn require_sentinels_with_login(&self) -> Result<(), Conflict> {
        let url = self.url.as_ref().map(AsWritten::value);
        let are_there = matches!(url, Some(Address::Sentinel { .. }));
        let (path, rule) = match (&self.sentinel_password, &self.sentinel_username) {
            (None, Some(_)) => (
                "redis.sentinel_username",
                "It needs `redis.sentinel_password` as well.",
            ),
            (Some(_), _) if !are_there => (
                "redis.sentinel_password",
                "It needs a `redis.url` that begins with redis+sentinel:// or rediss+sentinel://.",
            ),
            _ => return Ok(()),
        };
        Err(Conflict {
            path,
            value: "***".to_owned(),
            rule: rule.to_owned(),
        })
    }
}

impl LimitsConfig {
    fn require_quotas(&self) -> Result<(), Conflict> {
        for (path, policy) in [
            ("limits.api.limit", self.api),
            ("limits.ui.limit", self.ui),
            ("limits.dashboard.limit", self.dashboard),
            ("limits.token.limit", self.token),
            ("limits.calendar.limit", self.calendar),
        ] {
            let PolicyConfig {
                algorithm,
                limit,
                window,
                ..
            } = policy;
            let rule = match Quota::new(limit.get().into(), window) {
                Err(error) => format!("It does not go with its window: {error}."),
                Ok(_) if algorithm == Algorithm::SlidingLog && limit.get() > MAX_LOG_LIMIT => {
                    format!(
                        "A sliding_log takes at most {MAX_LOG_LIMIT}; other algorithms take more."
                    )
                }
                Ok(_) => continue,
            };
            return Err(Conflict {
                path,
                value: limit.to_string(),
                rule,
            });
        }
        Ok(())
    }
}

impl QueueConfig {
    fn require_keys_with_token(&self) -> Result<(), Conflict> {
        if self.qstash_token.is_none() || self.qstash_keys().is_some() {
            return Ok(());
        }
        Err(Conflict {
            path: "queue.qstash_token",
            value: "***".to_owned(),
            rule: "It needs `queue.current_signing_key` and `queue.next_signing_key` as well, to \
                   tell QStash's deliveries from others."
                .to_owned(),
        })
    }
}

impl ContactsConfig {
    fn require_page_size_within_maximum(&self) -> Result<(), Conflict> {
        if self.page_size <= self.max_page_size {
            return Ok(());
        }
        Err(Conflict {
            path: "contacts.page_size",
            value: self.page_size.to_string(),
            rule: format!(
                "It may be at most `contacts.max_page_size`, which is {}.",
                self.max_page_size
            ),
        })
    }
}
