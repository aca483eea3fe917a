//! Opens the stores, makes the services, and gives each what it uses.

use std::sync::Arc;
use std::time::Duration;

use kith_cache::Cache;
use kith_database::Database;
use kith_database::Engine;
use kith_limit::Limiter;
use kith_queue::Jobs;
use kith_queue::Queue;
use kith_queue::receiver::Receiver;
use kith_redis::Redis;
use kith_runtime::SystemClock;
use tokio_util::sync::CancellationToken;

use super::Parts;
use super::StartError;
use crate::services::accounts;
use crate::services::accounts::ACCOUNTS;
use crate::services::accounts::AccountMailContext;
use crate::services::accounts::AccountService;
use crate::services::accounts::BirthdayMailContext;
use crate::services::accounts::RelyingParty;
use crate::services::admin;
use crate::services::admin::AdminService;
use crate::services::audit_log;
use crate::services::audit_log::AuditLog;
use crate::services::backup;
use crate::services::backup::Backups;
use crate::services::config::Config;
use crate::services::config::PemFile;
use crate::services::config::ServerConfig;
use crate::services::config::WelcomeConfig;
use crate::services::contacts;
use crate::services::contacts::ContactService;
use crate::services::contacts::LabelWork;
use crate::services::contacts::SearchRebuild;
use crate::services::contacts::TAGS;
use crate::services::contacts::TrashRetention;
use crate::services::contacts::TrashRule;
use crate::services::contacts::label_work;
use crate::services::contacts::store::sql::SqlStore;
use crate::services::contacts::store::sql::derived::catch_up;
use crate::services::contacts::trash_retention;
use crate::services::dashboard;
use crate::services::dashboard::Dashboard;
use crate::services::database;
use crate::services::health;
use crate::services::health::DatabaseHealth;
use crate::services::health::Health;
use crate::services::imports;
use crate::services::imports::ImportService;
use crate::services::instances;
use crate::services::instances::FigureSources;
use crate::services::instances::Instances;
use crate::services::jobs;
use crate::services::jobs::ReportContext;
use crate::services::jobs::WelcomeContext;
use crate::services::live;
use crate::services::live::Live;
use crate::services::mail::Mailer;
use crate::services::metrics;
use crate::services::metrics::Metrics;
use crate::services::oidc;
use crate::services::oidc::Provider;
use crate::services::overrides;
use crate::services::overrides::RuntimeOverrides;
use crate::services::policies;
use crate::services::welcome::WelcomeHook;
use crate::services::welcome::WelcomeService;
use crate::web::site::Site;

/// How late an open page may hear of a change, without a hint.
const LIVE_INTERVAL: Duration = Duration::from_secs(1);

/// The memory of the cache of sessions and tokens: some thousands.
const ACCOUNT_CACHE_BYTES: usize = 1 << 20;

/// What the services share: where data is, what counts and limits, and the settings of the welcome email.
pub struct Stores {
    redis: Option<Redis>,
    /// See [`redis_prefix`](crate::services::database::installation::Installation::redis_prefix).
    redis_prefix: String,
    database: Database,
    database_health: DatabaseHealth,
    contacts: SqlStore,
    trash_rule: TrashRule,
    cache: Cache,
    queue: Queue,
    mailer: Mailer,
    /// See [`Figures::mail_folder`](crate::services::instances::Figures::mail_folder).
    mail_folder: Option<String>,
    limiter: Limiter,
    metrics: Metrics,
    backups: Backups,
    welcome_config: Arc<WelcomeConfig>,
}

impl Stores {
    /// Opens the database and everything that works with it.
    ///
    /// # Errors
    /// [`StartError`], which says what to change.
    pub async fn open(config: &Config) -> Result<Self, StartError> {
        kith_runtime::install_crypto_provider();
        let connections = config.data.database_connections();
        let (place, replica) = (config.data.database(), config.data.replica());
        let opened = database::open_with_replica(place, replica, connections).await?;
        let (database, installation) = opened;
        let redis_prefix = installation.redis_prefix(config.redis.prefix.as_str());
        let redis = connect_redis(config, &redis_prefix);
        let contacts = SqlStore::new(database.clone(), config.api.idempotency_ttl)
            .with_max_versions(config.contacts.max_versions.0);
        catch_up(&database).await?;
        let days = config.contacts.trash_days.0;
        let trash_rule = TrashRule::open(&database, days, database.clock().now()).await?;
        let cache = Cache::new(kith_cache::Options {
            tags: TAGS.to_vec(),
            generations: Box::new(contacts.clone()),
            redis: redis.clone(),
            prefix: redis_prefix.clone(),
            local_bytes: config.cache.near_size.bytes(),
        });
        let queue = jobs::open_queue(config, database.clone());
        let mailer = Mailer::new(&config.mail, &config.data.dir);
        let mail_folder = match database.engine() {
            // The instances of a file are on one machine.
            Engine::Sqlite => None,
            Engine::Postgres => mailer.folder_id().map_err(StartError::MailFolder)?,
        };
        let metrics = Metrics::new(metrics::Options {
            database: database.clone(),
            cache: cache.clone(),
            broker: queue.broker().clone(),
            mailer: mailer.clone(),
            clock: Arc::new(SystemClock),
        });
        Ok(Self {
            limiter: policies::limiter(config, redis.clone(), redis_prefix.clone()),
            mail_folder,
            redis,
            redis_prefix,
            backups: Backups::new(backup::Options::new(config, database.clone())),
            database,
            database_health: DatabaseHealth::new(),
            contacts,
            trash_rule,
            cache,
            queue,
            mailer,
            metrics,
            welcome_config: Arc::new(config.welcome.clone()),
        })
    }

    /// Makes the services and gives each what it uses.
    pub fn wire(self, config: Config) -> Parts {
        let stopping = CancellationToken::new();
        let contacts = self.contacts(&config);
        let overrides = RuntimeOverrides::new(overrides::Options {
            database: self.database.clone(),
            limiter: self.limiter.clone(),
            health: self.database_health.clone(),
            clock: Arc::new(SystemClock),
        });
        let admin = AdminService::new(admin::Options {
            database: self.database.clone(),
            overrides: overrides.clone(),
            cache: self.cache.clone(),
            broker: self.queue.broker().clone(),
            poll_interval: config.dashboard.poll.duration(),
            clock: Arc::new(SystemClock),
        });
        let accounts = AccountService::new(accounts::Options {
            database: self.database.clone(),
            cache: self.account_cache(),
            clock: self.database.clock(),
            config: config.accounts.clone(),
            mail: self.mailer.has_server().then(|| self.queue.clone()),
            is_exposed: !config.server.is_local(),
            provider: provider(&config),
            relying_party: relying_party(&config.server),
        });
        let audit_log = AuditLog::new(audit_log::Options {
            database: self.database.clone(),
            keep: config.audit.keep,
            clock: Arc::new(SystemClock),
        });
        let imports = self.imports(&config);
        let health = self.health(contacts.clone(), stopping.clone());
        let instances = self.instances(&config, &health);
        let dashboard = self.dashboard(&config, &admin, &overrides, &instances);
        let welcome = WelcomeService::new(self.mailer.clone(), self.welcome_config.clone());
        let live = Live::new(live::Options {
            cache: self.cache.clone(),
            interval: LIVE_INTERVAL,
            hints: live::Hints::new(&self.database, self.redis.as_ref(), &self.redis_prefix),
        });
        Parts {
            live,
            label_work: self.label_work(),
            trash_retention: self.trash_retention(),
            search_rebuild: SearchRebuild::new(self.database.clone()),
            jobs: Arc::new(self.jobs(&config, contacts.clone(), stopping.clone())),
            site: Site::new(&config),
            config: Arc::new(config),
            contacts,
            accounts,
            welcome,
            overrides,
            admin,
            audit_log,
            health,
            instances,
            dashboard,
            stopping,
            cache: self.cache,
            imports,
            backups: self.backups,
            limiter: self.limiter,
            redis: self.redis,
            queue: self.queue,
            metrics: self.metrics,
            mailer: self.mailer,
        }
    }

    /// Sessions have a cache of their own. Every request asks for one, so they would count more than all that people
    /// read, and no list of contacts takes the place of a session. It has no tier on Redis: a client that writes to
    /// Redis must not be able to make a session.
    fn account_cache(&self) -> Cache {
        Cache::new(kith_cache::Options {
            tags: vec![ACCOUNTS],
            generations: Box::new(self.contacts.clone()),
            redis: None,
            prefix: self.redis_prefix.clone(),
            local_bytes: ACCOUNT_CACHE_BYTES,
        })
    }

    fn contacts(&self, config: &Config) -> ContactService {
        ContactService::new(contacts::Options {
            store: Arc::new(self.contacts.clone()),
            cache: self.cache.clone(),
            clock: self.database.clock(),
            redis: self
                .redis
                .clone()
                .map(|redis| (redis, self.redis_prefix.clone())),
            settings: contacts::Settings::of(config),
            trash_rule: self.trash_rule,
            creation_hook: Some(Box::new(self.welcome_hook())),
        })
    }

    fn welcome_hook(&self) -> WelcomeHook {
        WelcomeHook {
            config: self.welcome_config.clone(),
            metrics: Some(self.metrics.clone()),
            queue: self.queue.clone(),
            store: Arc::new(self.contacts.clone()),
            clock: self.database.clock(),
        }
    }

    fn imports(&self, config: &Config) -> ImportService {
        ImportService::new(imports::Options {
            database: self.database.clone(),
            clock: self.database.clock(),
            limits: imports::Limits::of(config),
            creation_hook: Some(Box::new(self.welcome_hook())),
        })
    }

    fn trash_retention(&self) -> TrashRetention {
        TrashRetention::new(trash_retention::Options {
            store: Arc::new(self.contacts.clone()),
            clock: self.database.clock(),
            database: self.database.clone(),
            rule: self.trash_rule,
        })
    }

    fn label_work(&self) -> LabelWork {
        LabelWork::new(label_work::Options {
            store: Arc::new(self.contacts.clone()),
            clock: self.database.clock(),
            database: self.database.clone(),
        })
    }

    fn health(&self, contacts: ContactService, stopping: CancellationToken) -> Health {
        Health::new(health::Options {
            backups: self.backups.clone(),
            contacts,
            database: self.database.clone(),
            database_health: self.database_health.clone(),
            limiter: self.limiter.clone(),
            redis: self.redis.clone(),
            queue: self.queue.clone(),
            mailer: self.mailer.clone(),
            stopping,
        })
    }

    fn instances(&self, config: &Config, health: &Health) -> Instances {
        let sources = FigureSources {
            cache: self.cache.clone(),
            max_cache_bytes: config.cache.near_size.bytes() as u64,
            limiter: self.limiter.clone(),
            health: health.clone(),
            mail_folder: self.mail_folder.clone(),
        };
        Instances::new(instances::Options {
            database: self.database.clone(),
            address: config.server.addr.to_string(),
            config_hash: config.hash(),
            figures: Box::new(move || sources.read()),
        })
    }

    fn dashboard(
        &self,
        config: &Config,
        admin: &AdminService,
        overrides: &RuntimeOverrides,
        instances: &Instances,
    ) -> Dashboard {
        let report_to = config.report.to.as_ref();
        Dashboard::new(dashboard::Options {
            admin: admin.clone(),
            backups: self.backups.clone(),
            clock: Arc::new(SystemClock),
            database_health: self.database_health.clone(),
            instances: instances.clone(),
            limiter: self.limiter.clone(),
            mailer: self.mailer.clone(),
            metrics: self.metrics.clone(),
            overrides: overrides.clone(),
            queue: self.queue.clone(),
            redis: self.redis.clone(),
            report_to: report_to.map(|to| to.mailbox().email.to_string()),
        })
    }

    fn birthday_mails(&self, config: &Config) -> BirthdayMailContext {
        BirthdayMailContext {
            database: self.database.clone(),
            store: Arc::new(self.contacts.clone()),
            queue: self.queue.clone(),
            mailer: self.mailer.clone(),
            zone: config.server.time_zone.clone(),
            origin: config.server.origin().to_string().into(),
        }
    }

    fn jobs(&self, config: &Config, contacts: ContactService, stopping: CancellationToken) -> Jobs {
        let broker = self.queue.broker().clone();
        let receiver = Receiver::new(broker, config.queue.qstash_keys());
        let to = config.report.to.as_ref();
        let birthdays = self.birthday_mails(config);
        let contexts = jobs::Contexts {
            welcome_email: WelcomeContext {
                contacts,
                mailer: self.mailer.clone(),
                config: self.welcome_config.clone(),
            },
            daily_report: ReportContext {
                metrics: self.metrics.clone(),
                mailer: self.mailer.clone(),
                to: to.map(|to| Arc::new(to.mailbox().clone())),
                origin: config.server.origin().to_string().into(),
            },
            birthday_round: birthdays.clone(),
            birthday_mail: birthdays,
            account_mail: AccountMailContext {
                database: self.database.clone(),
                mailer: self.mailer.clone(),
                origin: config.server.origin().to_string().into(),
            },
        };
        jobs::registry(receiver, stopping, contexts)
    }
}

/// The provider that is configured. The rules of the configuration hold its parts together.
fn provider(config: &Config) -> Option<Provider> {
    let oidc = &config.oidc;
    Some(Provider::new(oidc::Options {
        issuer: oidc.issuer.clone()?,
        client_id: oidc.client_id.as_ref()?.to_string(),
        client_secret: oidc
            .client_secret
            .as_ref()
            .map(|secret| secret.reveal().to_owned()),
        label: oidc.label.to_string(),
        rule: oidc.create.clone(),
        redirect_url: format!("{}/sign-in/callback", config.server.public_url.as_ref()?),
    }))
}

/// Browsers keep passkeys for the public name, or for this machine where Kith has no other name.
fn relying_party(server: &ServerConfig) -> Option<RelyingParty> {
    match &server.public_url {
        Some(origin) => RelyingParty::new(origin),
        None if server.is_local() => RelyingParty::local(),
        None => None,
    }
}

fn connect_redis(config: &Config, prefix: &str) -> Option<Redis> {
    let address = config.redis.address()?;
    Some(Redis::connect(kith_redis::Options {
        address,
        timeout: config.redis.budget,
        key_prefix: prefix.to_owned(),
        ca_certificates: config.redis.ca_file.as_ref().map(PemFile::content),
    }))
}
