//! Instances that share a database and a clock.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use jiff::Timestamp;
use kith_cache::Cache;
use kith_redis::Redis;

use crate::services::accounts::ACCOUNTS;
use crate::services::accounts::AccountName;
use crate::services::accounts::AccountService;
use crate::services::accounts::Accounts;
use crate::services::accounts::AuthenticateError;
use crate::services::accounts::Credentials;
use crate::services::accounts::NewAccount;
use crate::services::accounts::Options;
use crate::services::accounts::RelyingParty;
use crate::services::accounts::SignIn;
use crate::services::accounts::SignInError;
use crate::services::accounts::SignedIn;
use crate::services::client::Caller;
use crate::services::client::Client;
use crate::services::client::Role;
use crate::services::config::Config;
use crate::services::contacts::store::sql::SqlStore;
use crate::services::database::testing::TestDatabase;
use crate::services::oidc::Provider;

pub const PASSWORD: &str = "kettle violin marmot";

const START: i64 = 1_800_000_000_000;

pub const MINUTE: Duration = Duration::from_secs(60);

pub const DAY: Duration = Duration::from_secs(24 * 3600);

pub struct Fixture {
    pub database: TestDatabase,
    now: Arc<AtomicI64>,
    /// Of instances that are made from now on.
    pub is_exposed: bool,
    /// The same.
    pub provider: Option<Provider>,
}

impl Fixture {
    pub fn new(database: TestDatabase) -> Self {
        Self {
            database,
            now: Arc::new(AtomicI64::new(START)),
            is_exposed: false,
            provider: None,
        }
    }

    /// With an admin, Ada, and a member, Bob.
    pub async fn with_accounts(database: TestDatabase) -> Self {
        let fixture = Self::new(database);
        fixture.add("Ada", Role::Admin).await;
        fixture.add("Bob", Role::Member).await;
        fixture
    }

    /// What an operator does, in a process of its own.
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.database.clone(), None)
    }

    pub async fn add(&self, named: &str, role: Role) {
        let new = NewAccount {
            name: &name(named),
            password: PASSWORD,
            role,
        };
        self.accounts().add(new).await.expect("it is new");
    }

    pub async fn instance(&self) -> AccountService {
        self.instance_with(None).await
    }

    pub async fn instance_with(&self, redis: Option<Redis>) -> AccountService {
        let database = self.database.open_again().await;
        let store = SqlStore::new(database.clone(), DAY);
        let cache = Cache::new(kith_cache::Options {
            redis,
            ..kith_cache::Options::new(vec![ACCOUNTS], Box::new(store))
        });
        let now = self.now.clone();
        let clock = move || Timestamp::from_millisecond(now.load(SeqCst)).expect("a time");
        AccountService::new(Options {
            database,
            cache,
            clock: Arc::new(clock),
            config: Config::default().accounts,
            mail: None,
            is_exposed: self.is_exposed,
            provider: self.provider.clone(),
            relying_party: RelyingParty::local(),
        })
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(SeqCst)).expect("a time")
    }

    pub fn pass(&self, time: Duration) {
        self.now.fetch_add(time.as_millis() as i64, SeqCst);
    }
}

pub fn name(text: &str) -> AccountName {
    AccountName::parse(text).expect("a name")
}

pub fn client(address: &str) -> Client {
    Client {
        address: address.parse().expect("an address"),
        is_certain: true,
    }
}

pub fn sign_in<'a>(name: &'a str, password: &'a str) -> SignIn<'a> {
    SignIn {
        name,
        password,
        browser: None,
        session: None,
        client: client("203.0.113.7"),
        user_agent: "curl/8.5.0",
    }
}

/// Signs in from a network that nothing else comes from.
pub async fn signed_in(service: &AccountService, name: &str) -> SignedIn {
    try_sign_in(service, name).await.expect("it is right")
}

pub async fn try_sign_in(service: &AccountService, name: &str) -> Result<SignedIn, SignInError> {
    service.sign_in(sign_in(name, PASSWORD)).await
}

/// Who calls with the token of a session, from this machine.
pub async fn with_session(
    service: &AccountService,
    session: &str,
) -> Result<Caller, AuthenticateError> {
    let credentials = Credentials {
        session: Some(session),
        token: None,
    };
    service
        .authenticate(credentials, client("127.0.0.1"), true)
        .await
}

/// Who calls with an API token.
pub async fn with_token(
    service: &AccountService,
    token: &str,
) -> Result<Caller, AuthenticateError> {
    let credentials = Credentials {
        session: None,
        token: Some(token),
    };
    service
        .authenticate(credentials, client("203.0.113.7"), false)
        .await
}
