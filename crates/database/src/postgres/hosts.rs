//! The hosts of a database on a PostgreSQL server, and which of them takes connections.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kith_runtime::Backoff;
use sqlx::ConnectOptions;
use sqlx::Error;
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgSslMode;
use tokio::time::Instant;

use crate::error;
use crate::server_address::ServerAddress;

/// The pauses after all hosts have failed.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(40), Duration::from_millis(500));

/// The parameter of an address by which connections keep no statements.
const NO_STATEMENTS: &str = "statement-cache-capacity=0";

/// Fails as a write would where nothing may be written, as on a standby.
const REQUIRE_PRIMARY: &str = "DO $$ BEGIN
         IF current_setting('transaction_read_only') = 'on' THEN
             RAISE 'the server may only be read' USING ERRCODE = '25006';
         END IF;
     END $$";

/// The hosts of a database.
pub(crate) struct Hosts {
    hosts: Vec<PgConnectOptions>,
    /// Whether a host is looked for that may be written to.
    is_for_writes: bool,
    keep_statements: bool,
    /// The one that took the last connection.
    last: AtomicUsize,
}

impl Hosts {
    /// Hosts, one of which is the primary.
    ///
    /// # Errors
    /// The driver does not understand the address.
    pub(crate) fn of_primary(address: &ServerAddress) -> Result<Self, Error> {
        Ok(Self {
            hosts: connect_options(address)?,
            is_for_writes: true,
            keep_statements: !address.parameters().any(|part| part == NO_STATEMENTS),
            last: AtomicUsize::new(0),
        })
    }

    /// Hosts, each of which may be read.
    ///
    /// # Errors
    /// The driver does not understand the address.
    pub(crate) fn of_replica(address: &ServerAddress) -> Result<Self, Error> {
        Ok(Self {
            is_for_writes: false,
            ..Self::of_primary(address)?
        })
    }

    /// Whether connections keep prepared statements. Without, the server may be another one for each transaction, as behind
    /// a pooler that gives out connections for a transaction at a time and does not know statements.
    pub(crate) fn keep_statements(&self) -> bool {
        self.keep_statements
    }

    /// The host that took the last connection.
    pub(crate) fn last_host(&self) -> &PgConnectOptions {
        &self.hosts[self.last.load(Ordering::Relaxed)]
    }

    /// Connects to a host. Waits for one that is missing until it is time.
    ///
    /// # Errors
    /// The most telling error of the last look at the hosts.
    pub(crate) async fn connect(&self, deadline: Instant) -> Result<PgConnection, Error> {
        let mut failures = 0;
        loop {
            let error = match self.connect_once(deadline).await {
                Ok(connection) => return Ok(connection),
                Err(error) => error,
            };
            let pause = BACKOFF.equal_jitter(failures);
            if !error::is_transient(&error) || Instant::now() + pause >= deadline {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            failures += 1;
        }
    }

    /// Connects to the first host that will do. The one that took the last connection comes first, and then
    /// the others in order. Each has its share of the time that is left, so a host that does not answer leaves time
    /// for the next one.
    ///
    /// # Errors
    /// That of the first host that has answered, else that of the last one.
    pub(crate) async fn connect_once(&self, deadline: Instant) -> Result<PgConnection, Error> {
        let count = self.hosts.len();
        let last = self.last.load(Ordering::Relaxed);
        let mut failed = error::timed_out();
        for (left, index) in (1..=count)
            .rev()
            .zip((0..count).map(|turn| (last + turn) % count))
        {
            let rest = deadline.saturating_duration_since(Instant::now());
            let share = rest / u32::try_from(left).unwrap_or(u32::MAX);
            let connected = tokio::time::timeout(share, self.connect_to(&self.hosts[index])).await;
            match connected.unwrap_or_else(|_| Err(error::timed_out())) {
                Ok(connection) => {
                    if index != last {
                        self.last.store(index, Ordering::Relaxed);
                        let host = self.hosts[index].get_host();
                        tracing::info!(host, "another host of the database takes connections");
                    }
                    return Ok(connection);
                }
                Err(error) if matches!(failed, Error::Io(_)) => failed = error,
                Err(_) => {}
            }
        }
        Err(failed)
    }

    async fn connect_to(&self, host: &PgConnectOptions) -> Result<PgConnection, Error> {
        let mut connection = host.connect().await?;
        if self.is_for_writes {
            let required = sqlx::raw_sql(REQUIRE_PRIMARY);
            required.execute(&mut connection).await?;
        }
        Ok(connection)
    }
}

/// The options of the driver would show the password.
impl fmt::Debug for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosts").finish_non_exhaustive()
    }
}

/// How to connect to each host, in order. Over a network a host must prove its name, unless the address says
/// otherwise.
fn connect_options(address: &ServerAddress) -> Result<Vec<PgConnectOptions>, Error> {
    let has = |name: &str| address.parameters().any(|part| part.starts_with(name));
    let has_mode = has("sslmode=");
    let authorities = address.authorities.as_ref();
    let authorities = authorities.filter(|_| !has("sslrootcert="));
    let of_host = |address: String| {
        let mut options = PgConnectOptions::from_str(&address)?
            // A pooler between Kith and the server need not know this setting.
            .extra_float_digits(None)
            .disable_statement_logging();
        if let Some(pem) = authorities {
            options = options.ssl_root_cert_from_pem(pem.clone());
        }
        let is_local = options.get_socket().is_some()
            || ["localhost", "127.0.0.1", "[::1]"].contains(&options.get_host());
        Ok(match (has_mode, is_local) {
            (true, _) => options,
            (false, true) => options.ssl_mode(PgSslMode::Prefer),
            (false, false) => options.ssl_mode(PgSslMode::VerifyFull),
        })
    };
    address.of_hosts().into_iter().map(of_host).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_the_driver_does_not_understand_is_none() {
        for text in [
            "postgres://kith:s/e@cret@db/kith",
            "postgres://kith@db1,db2:port/kith",
            "postgres://kith@db:port/kith",
            "postgres://kith@db/kith?sslmode=maybe",
        ] {
            assert!(text.parse::<ServerAddress>().is_err(), "{text}");
        }
    }

    fn hosts(text: &str) -> Vec<PgConnectOptions> {
        let address: ServerAddress = text.parse().expect("an address");
        connect_options(&address).expect("an address")
    }

    #[test]
    fn hosts_of_an_address_share_all_but_their_ports() {
        let hosts = hosts("postgres://kith:a,b@db1,db2:5433/kith?sslmode=disable");
        let shown = |host: &PgConnectOptions| {
            let database = host.get_database().unwrap_or_default();
            format!(
                "{} {} {} {database}",
                host.get_host(),
                host.get_port(),
                host.get_username()
            )
        };
        let shown: Vec<_> = hosts.iter().map(shown).collect();
        assert_eq!(shown, ["db1 5432 kith kith", "db2 5433 kith kith"]);
    }

    #[test]
    fn a_server_of_the_network_must_prove_its_name() {
        let mode = |text: &str| {
            let modes = hosts(text).into_iter();
            let modes: Vec<_> = modes
                .map(|host| format!("{:?}", host.get_ssl_mode()))
                .collect();
            modes.join(" ")
        };
        assert_eq!(mode("postgres://kith@db.example.org/kith"), "VerifyFull");
        assert_eq!(mode("postgres://kith:sslmode=@db/kith"), "VerifyFull");
        assert_eq!(mode("postgres://kith@127.0.0.1/kith"), "Prefer");
        assert_eq!(mode("postgres://kith@%2Frun%2Fpostgresql/kith"), "Prefer");
        assert_eq!(mode("postgres://kith@db/kith?sslmode=disable"), "Disable");
        assert_eq!(
            mode("postgres://kith@db,localhost/kith"),
            "VerifyFull Prefer"
        );
    }
}
