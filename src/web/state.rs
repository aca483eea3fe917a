//! [`AppState`]: what every request can reach.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use leptos::config::LeptosOptions;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::services::admin;
use crate::services::admin::AdminService;
use crate::services::config::Config;
use crate::services::config::PemFile;
use crate::services::contacts;
use crate::services::contacts::CONTACTS;
use crate::services::contacts::ContactService;
use crate::services::contacts::store::sqlite::SqliteStore;
use crate::services::dashboard;
use crate::services::dashboard::Dashboard;
use crate::services::database;
use kith_database::Database;
use kith_database::OpenError;
use crate::services::health;
use crate::services::health::DatabaseHealth;
use crate::services::health::Health;
use crate::services::mail::Mailer;
use crate::services::metrics;
use crate::services::metrics::Metrics;
use crate::services::origin::Origin;
use crate::services::overrides::RuntimeOverrides;
use crate::services::policies;
use crate::services::report;
use crate::services::report::ReportService;
use crate::services::welcome;
use crate::services::welcome::WelcomeHook;
use crate::services::welcome::WelcomeService;
use crate::web::site::Site;
use kith_cache::Cache;
use kith_database::Database;
use kith_database::OpenError;
use kith_limit::Limiter;
use kith_queue::Queue;
use kith_queue::broker;
use kith_queue::broker::Broker;
use kith_queue::destination::Destinations;
use kith_queue::message::Publication;
use kith_queue::outbox::Publisher;
use kith_queue::qstash::QStash;
use kith_queue::receiver::Receiver;
use kith_redis::Redis;
use kith_runtime::SystemClock;

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
    pub queue: Queue,
    pub receiver: Receiver,
    pub welcome: WelcomeService,
    pub report: ReportService,
    pub mailer: Mailer,
    pub metrics: Metrics,
    pub overrides: RuntimeOverrides,
    pub admin: AdminService,
    pub database: Database,
    pub health: Health,
    pub dashboard: Dashboard,
    /// Set once Kith is told to stop.
    pub stopping: CancellationToken,
}

impl AppState {
    /// Opens everything that Kith works with.
    ///
    /// # Errors
    /// When the database cannot be opened; the error says what to change.
    pub async fn open(config: Config) -> Result<Self, OpenError> {
        kith_runtime::install_crypto_provider();
        let redis = config.redis.address().map(|address| {
            Redis::connect(kith_redis::Options {
                address,
                timeout: config.redis.budget,
                key_prefix: config.redis.prefix.as_str().to_owned(),
                ca_certificates: config.redis.ca_file.as_ref().map(PemFile::content),
            })
        });
        let path = config.data.database_path();
        let database = database::open(&path, config.data.readers).await?;
        let store = SqliteStore::new(database.clone(), config.api.idempotency_ttl);
        let cache = Cache::new(kith_cache::Options {
            tags: vec![CONTACTS],
            generations: Box::new(store.clone()),
            redis: redis.clone(),
            prefix: config.redis.prefix.as_str().to_owned(),
            local_bytes: config.cache.near_size.bytes(),
        });
        let queue = queue(&config, database.clone());
        let mailer = Mailer::new(&config.mail, &config.data.dir);
        let metrics = Metrics::new(metrics::Setup {
            database: database.clone(),
            cache: cache.clone(),
            broker: queue.broker().clone(),
            mailer: mailer.clone(),
        });
        let contacts = ContactService::new(contacts::Options {
            store: Arc::new(store),
            cache: cache.clone(),
            clock: Arc::new(SystemClock),
            settings: contacts::Settings::of(&config),
            creation_hook: Some(Box::new(WelcomeHook {
                config: config.welcome.clone(),
                metrics: metrics.clone(),
                queue: queue.clone(),
            })),
        });
        let limiter = policies::limiter(&config, redis.clone());
        let database_health = DatabaseHealth::new();
        let overrides =
            RuntimeOverrides::new(database.clone(), limiter.clone(), database_health.clone());
        let stopping = CancellationToken::new();
        let health = Health::new(health::Options {
            contacts: contacts.clone(),
            database: database.clone(),
            database_health: database_health.clone(),
            limiter: limiter.clone(),
            redis: redis.clone(),
            queue: queue.clone(),
            mailer: mailer.clone(),
            stopping: stopping.clone(),
        });
        let admin = AdminService::new(admin::Options {
            database: database.clone(),
            overrides: overrides.clone(),
            cache: cache.clone(),
            broker: queue.broker().clone(),
            poll_interval: config.dashboard.poll.duration(),
        });
        let report_to = config.report.to.as_ref();
        let dashboard = Dashboard::new(dashboard::Options {
            admin: admin.clone(),
            cache: cache.clone(),
            max_local_cache_bytes: config.cache.near_size.bytes() as u64,
            database_health,
            health: health.clone(),
            limiter: limiter.clone(),
            mailer: mailer.clone(),
            metrics: metrics.clone(),
            queue: queue.clone(),
            redis: redis.clone(),
            report_to: report_to.map(|to| to.mailbox().email.to_string()),
            overrides: overrides.clone(),
        });
        Ok(Self(Arc::new(Shared {
            site: Site::new(&config),
            welcome: WelcomeService::new(welcome::Options {
                database: database.clone(),
                contacts: contacts.clone(),
                mailer: mailer.clone(),
                clock: Arc::new(SystemClock),
                stopping: stopping.clone(),
                config: config.welcome.clone(),
            }),
            report: ReportService::new(report::Setup {
                database: database.clone(),
                metrics: metrics.clone(),
                mailer: mailer.clone(),
                clock: Arc::new(SystemClock),
                to: config.report.to.as_ref().map(|to| to.mailbox().clone()),
                origin: config.server.origin().to_string(),
                tasks: TaskTracker::new(),
            }),
            receiver: Receiver::new(
                config.server.origin().to_string(),
                config.queue.qstash_keys(),
                queue.broker().clone(),
                database.clone(),
                Arc::new(SystemClock),
            ),
            mailer,
            admin,
            overrides,
            database,
            health,
            dashboard,
            metrics,
            stopping,
            contacts,
            cache,
            queue,
            limiter,
            redis,
            config: Arc::new(config),
        })))
    }

    /// Starts what works in the background, once limits are as admins have set them.
    pub async fn start(&self) {
        if let Err(error) = self.overrides.start().await {
            tracing::warn!(%error, "limits are as configured, not as admins have set them");
        }
        self.metrics.start();
        self.queue.start();
        let publication = Publication {
            destination: report::PATH.to_owned(),
            ..Publication::default()
        };
        let times = self.config.report.schedule.as_str().to_owned();
        self.queue
            .keep_schedule(report::SCHEDULE_ID, times, publication);
    }

    /// Says that this is the end: Kith is not ready any more, and nothing waits for what may come.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Lets go of everything, once nobody asks any more. The queue is [closed](Queue::close) before
    /// that, while its own webhooks still answer.
    pub async fn close(&self) {
        self.welcome.close().await;
        self.report.close().await;
        self.admin.close().await;
        self.overrides.close().await;
        self.metrics.close().await;
        self.contacts.close().await;
    }
}

fn queue(config: &Config, database: Database) -> Queue {
    let origin = config.server.origin();
    let destinations = Destinations {
        origin: origin.to_string(),
        reached_at: format!("http://{}", config.server.addr),
        webhooks: "/api/webhooks/",
        allowed: config.queue.allow.0.iter().map(Origin::to_string).collect(),
        allow_setting: "queue.allow",
    };
    let broker = Broker::new(
        database.clone(),
        Arc::new(SystemClock),
        broker::Settings {
            destinations: destinations.clone(),
            concurrency: config.queue.concurrency,
            timeout: config.queue.timeout,
            retention: config.queue.retention,
        },
    );
    let publisher = match &config.queue.qstash_token {
        Some(token) => {
            let url = config.queue.qstash_url.as_str();
            Publisher::QStash(QStash::new(url, token.reveal(), destinations))
        }
        None => Publisher::Broker(broker.clone()),
    };
    Queue::new(database, broker, publisher)
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.site.leptos.clone()
    }
}

impl FromRef<AppState> for Health {
    fn from_ref(state: &AppState) -> Self {
        state.health.clone()
    }
}

impl FromRef<AppState> for Site {
    fn from_ref(state: &AppState) -> Self {
        state.site.clone()
    }
}
