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

#[derive(Clone)]
pub struct AppState {
    pub config: Arc<Config>,
    pub contacts: ContactService,
    pub limiter: Limiter,
    /// `None` where Kith works without.
    pub redis: Option<Redis>,
    /// Where the built site is; leptos asks for it when it writes links to scripts and styles.
    pub leptos_options: LeptosOptions,
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
        let redis = redis.map(|address| Redis::new(address, config.redis.budget));
        Ok(Self {
            leptos_options: leptos_options(&config),
            contacts,
            limiter: policies::limiter(&config, redis.clone()),
            redis,
            config: Arc::new(config),
        })
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.leptos_options.clone()
    }
}

/// A release build writes the hashes of its files beside the server's binary; where there are
/// none, as under `cargo leptos watch`, the files have plain names.
fn leptos_options(config: &Config) -> LeptosOptions {
    let hashes = std::env::current_exe()
        .ok()
        .and_then(|binary| Some(binary.parent()?.join("hash.txt")));
    LeptosOptions::builder()
        .output_name("kith")
        .site_root(config.server.site_root.to_string_lossy())
        .site_addr(config.server.addr)
        .hash_files(hashes.is_some_and(|file| file.exists()))
        .build()
}
