//! [`AppState`]: what every request can reach.

mod wiring;

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRef;
use kith_cache::Cache;
use kith_limit::Limiter;
use kith_queue::Jobs;
use kith_queue::Queue;
use kith_redis::Redis;
use leptos::config::LeptosOptions;
use leptos::prelude::provide_context;
use tokio_util::sync::CancellationToken;

use self::wiring::Stores;
use crate::services::accounts::AccountService;
use crate::services::accounts::BirthdayRound;
use crate::services::accounts::Unavailable;
use crate::services::admin::AdminService;
use crate::services::audit_log::AuditLog;
use crate::services::backup::Backups;
use crate::services::config::Config;
use crate::services::contacts::ContactService;
use crate::services::contacts::LabelWork;
use crate::services::contacts::SearchRebuild;
use crate::services::contacts::TrashRetention;
use crate::services::contacts::store::StoreError;
use crate::services::dashboard::Dashboard;
use crate::services::database::OpenError;
use crate::services::health::Health;
use crate::services::imports::ImportService;
use crate::services::instances::Instances;
use crate::services::instances::MailFolders;
use crate::services::jobs::DailyReport;
use crate::services::live::Live;
use crate::services::mail::Mailer;
use crate::services::metrics::Metrics;
use crate::services::overrides::RuntimeOverrides;
use crate::services::time_zone::Zone;
use crate::services::welcome::WelcomeService;
use crate::web::site::Site;

/// One pointer, because every layer around a handler clones it for every request. A handler takes the parts
/// that it uses, by [`State`](axum::extract::State).
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// The parts of the state.
pub struct Parts {
    pub(in crate::web) config: Arc<Config>,
    pub(crate) contacts: ContactService,
    pub(in crate::web) cache: Cache,
    pub(in crate::web) limiter: Limiter,
    /// `None` where Kith works without Redis.
    pub(in crate::web) redis: Option<Redis>,
    pub(in crate::web) site: Site,
    pub(in crate::web) queue: Queue,
    pub(in crate::web) metrics: Metrics,
    pub(in crate::web) jobs: Arc<Jobs>,
    pub(in crate::web) accounts: AccountService,
    welcome: WelcomeService,
    mailer: Mailer,
    overrides: RuntimeOverrides,
    backups: Backups,
    trash_retention: TrashRetention,
    search_rebuild: SearchRebuild,
    pub(in crate::web) imports: ImportService,
    label_work: LabelWork,
    admin: AdminService,
    audit_log: AuditLog,
    health: Health,
    instances: Instances,
    dashboard: Dashboard,
    live: Live,
    /// Cancelled when Kith receives a signal to stop.
    stopping: CancellationToken,
}

/// Why Kith cannot start. It says what to change.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The database was opened and then failed.
    #[error("the database does not take what this instance writes: see that it runs and has room")]
    Database(#[from] sqlx::Error),
    /// The contacts of an earlier release have no cards yet, and those cannot be written.
    #[error(
        "the cards of the contacts cannot be written: see that the database has room, and start Kith again"
    )]
    Cards(#[from] StoreError),
    /// The database was opened and does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// Others could reach Kith, and no one would have to sign in.
    #[error(
        "Kith has no admin yet, so anyone who reaches {address} could read every contact. Make one with \
         `kith user add NAME --role admin`, or listen on this machine only, as with \
         KITH_SERVER_ADDR=127.0.0.1:3000"
    )]
    NoAccount { address: SocketAddr },
    /// The folder for mails cannot be written to.
    #[error(
        "cannot write into the folder for mails: make it this user's, or set KITH_DATA_DIR or SMTP_URL"
    )]
    MailFolder(#[source] io::Error),
    /// Mails would go into two folders.
    #[error(transparent)]
    MailFolders(#[from] MailFolders),
}

/// What handlers, extractors and tests take of the state.
macro_rules! from_ref {
    ($($field:ident: $Part:ty,)+) => {$(
        impl FromRef<AppState> for $Part {
            fn from_ref(state: &AppState) -> Self {
                state.$field.clone()
            }
        }
    )+};
}

from_ref! {
    config: Arc<Config>,
    contacts: ContactService,
    accounts: AccountService,
    cache: Cache,
    limiter: Limiter,
    redis: Option<Redis>,
    site: Site,
    queue: Queue,
    metrics: Metrics,
    welcome: WelcomeService,
    mailer: Mailer,
    admin: AdminService,
    audit_log: AuditLog,
    health: Health,
    imports: ImportService,
    instances: Instances,
    dashboard: Dashboard,
    live: Live,
}

/// The time zone of the server.
impl FromRef<AppState> for Zone {
    fn from_ref(state: &AppState) -> Self {
        state.config.server.time_zone.clone()
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(state: &AppState) -> Self {
        state.site.leptos.clone()
    }
}

impl AppState {
    /// Opens everything that Kith works with.
    ///
    /// # Errors
    /// [`StartError`], which says what to change.
    pub async fn open(config: Config) -> Result<Self, StartError> {
        let stores = Stores::open(&config).await?;
        let state = Self(Arc::new(stores.wire(config)));
        let registered = match state.require_admin().await {
            Ok(()) => state.register().await,
            refused => refused,
        };
        if registered.is_err() {
            state.stop();
            state.close().await;
        }
        registered.map(|()| state)
    }

    /// This alone decides whether Kith may be reached from other machines.
    async fn require_admin(&self) -> Result<(), StartError> {
        let server = &self.config.server;
        if server.is_local() || self.accounts.has_admin().await? {
            return Ok(());
        }
        Err(StartError::NoAccount {
            address: server.addr,
        })
    }

    async fn register(&self) -> Result<(), StartError> {
        self.instances.register().await??;
        // What strangers see of a fault depends on the last answer, so there has to be one.
        let _ = self.accounts.has_accounts().await;
        let instances = self.instances.all().await?;
        Ok(self.instances.check_mail_folders(&instances)?)
    }

    /// Starts the background tasks, once limits are as admins have set them.
    pub async fn start(&self) {
        if let Err(error) = self.overrides.start().await {
            tracing::warn!(%error, "limits are as configured, not as admins have set them");
        }
        self.metrics.start();
        self.instances.start();
        self.audit_log.start();
        self.queue.start();
        self.backups.start();
        self.trash_retention.start();
        self.search_rebuild.start();
        self.imports.start();
        self.label_work.start();
        self.contacts.start();
        let times = self.config.report.schedule.as_str().to_owned();
        self.queue
            .keep_schedule::<DailyReport>(DailyReport::SCHEDULE_ID, times);
        let zone = &self.config.server.time_zone;
        let times = zone.of_cron(self.config.mail.birthdays.as_str());
        self.queue
            .keep_schedule::<BirthdayRound>(BirthdayRound::SCHEDULE_ID, times);
    }

    /// Puts what pages and server functions use into the present context of Leptos.
    pub(in crate::web) fn provide_services(&self) {
        provide_context(self.contacts.clone());
        provide_context(self.welcome.clone());
        provide_context(self.site.clone());
    }

    /// Begins the shutdown: Kith is not ready any more, and no task waits for work that may come.
    pub fn stop(&self) {
        self.stopping.cancel();
        self.live.stop();
    }

    /// Closes everything, after the last request. This is the order in which Kith ends: what uses another part
    /// ends before that part.
    ///
    /// 1. [`stop`](Self::stop): Kith is not ready any more.
    /// 2. [`Queue::close`], which [`serve::run`](crate::web::serve::run) calls while Kith's own webhooks still
    ///    answer the last deliveries.
    /// 3. The connections, which finish their requests.
    /// 4. Everything here: the work that goes on when its caller hangs up, the tasks that poll, the last
    ///    metrics, and with the contacts the cache and the database.
    pub async fn close(&self) {
        self.jobs.close().await;
        self.accounts.close().await;
        self.backups.close().await;
        self.trash_retention.close().await;
        self.search_rebuild.close().await;
        self.imports.close().await;
        self.label_work.close().await;
        self.admin.close().await;
        self.overrides.close().await;
        self.audit_log.close().await;
        self.metrics.close().await;
        self.instances.close().await;
        self.contacts.close().await;
    }
}
