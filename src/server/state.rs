//! What every request can reach. Cheap to clone: everything inside is shared.

use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;

use crate::server::clock::SystemClock;
use crate::server::config::Config;
use crate::server::contacts::ContactService;
use crate::server::contacts::OpenError;
use crate::server::limit::Limiter;
use crate::server::policies;
use crate::server::redis;
use crate::server::redis::Redis;
use crate::server::site::Site;

#[derive(Clone)]
pub struct AppState {
    pub config: Arc<Config>,
    pub contacts: ContactService,
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
        let contacts = ContactService::open(&config, Arc::new(SystemClock)).await?;
        redis::choose_cryptography();
        let redis = config.redis.address();
        let authorities = config.redis.ca_file.as_ref();
        let authorities = authorities.map(|file| file.content().to_vec());
        let redis =
            redis.map(|address| Redis::trusting(authorities, address, config.redis.budget));
        Ok(Self {
            site: Site::new(&config),
            contacts,
            limiter: policies::limiter(&config, redis.clone()),
            redis,
            config: Arc::new(config),
        })
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.site.leptos.clone()
    }
}
