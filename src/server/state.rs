//! [`AppState`]: what every request can reach.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;

use crate::server::cache;
use crate::server::cache::Cache;
use crate::server::clock::SystemClock;
use crate::server::config::Config;
use crate::server::config::PemFile;
use crate::server::contacts;
use crate::server::contacts::CONTACTS;
use crate::server::contacts::ContactService;
use crate::server::contacts::OpenError;
use crate::server::contacts::store::sqlite;
use crate::server::contacts::store::sqlite::SqliteStore;
use crate::server::limit::Limiter;
use crate::server::policies;
use crate::server::redis;
use crate::server::redis::Redis;
use crate::server::site::Site;

/// One pointer, because every layer around a handler clones it for every request.
#[derive(Clone)]
pub struct AppState(Arc<Shared>);

impl Deref for AppState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

pub struct Shared {
    pub config: Arc<Config>,
    pub contacts: ContactService,
    pub cache: Cache,
    pub limiter: Limiter,
    /// `None` where Kith works without.
    pub redis: Option<Redis>,
    pub site: Site,
}

impl AppState {
    /// Opens everything that Kith works with.
    ///
    /// # Errors
    /// When the database cannot be opened; the error says what to change.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        redis::choose_cryptography();
        let redis = config.redis.address().map(|address| {
            Redis::with(redis::Setup {
                address,
                budget: config.redis.budget,
                prefix: config.redis.prefix.as_str().to_owned(),
                authorities: config.redis.ca_file.as_ref().map(PemFile::content),
            })
        });
        let options = sqlite::Options {
            readers: config.data.readers,
            idempotency_ttl: config.api.idempotency_ttl,
        };
        let store = SqliteStore::open(&config.data.database_path(), options).await?;
        let cache = Cache::new(cache::Setup {
            tags: vec![CONTACTS],
            generations: Box::new(store.clone()),
            redis: redis.clone(),
            prefix: config.redis.prefix.as_str().to_owned(),
            near_bytes: config.cache.near_size.bytes(),
        });
        let contacts = ContactService::new(
            Arc::new(store),
            cache.clone(),
            Arc::new(SystemClock),
            contacts::Settings::of(&config),
        );
        Ok(Self(Arc::new(Shared {
            site: Site::new(&config),
            contacts,
            cache,
            limiter: policies::limiter(&config, redis.clone()),
            redis,
            config: Arc::new(config),
        })))
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.site.leptos.clone()
    }
}
