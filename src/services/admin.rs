//! Who may look at Kith itself and change how it works, and what they have done.
//!
//! Every action takes an [`Admin`], which only [`Admin::check`] makes: there is no way past it. What
//! an action changes of limits and the entry about it are one transaction. Dead letters go page by
//! page; whoever hangs up meanwhile does not stop that, and what was done has its entry.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use jiff::Timestamp;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::model::error::AppError;
use crate::services::client::Client;
use kith_database::Database;
use kith_database::Tx;
use crate::services::policies::RequestClass;
use crate::services::settings::MOST_DENIED;
use crate::services::settings::Settings;
use crate::services::words::count;
use kith_cache::Cache;
use kith_cache::Tag;
use kith_database::Database;
use kith_database::Tx;
use kith_limit::Quota;
use kith_queue::broker::Broker;
use kith_queue::broker::BrokerError;
use kith_queue::broker::filter::Filter;

/// Entries about actions that are kept.
const ENTRIES_KEPT: i64 = 1000;

/// Somebody who may do all this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    address: IpAddr,
}

impl Admin {
    /// Accepts a client as an admin, or `None`.
    ///
    /// Until Kith has accounts, every client on this machine is an admin. A client behind a proxy is on
    /// this machine only if a trusted proxy says so. A request that does not use a name of this machine
    /// (`uses_local_name`) may come through a tunnel, so its client is no admin.
    pub fn check(client: Client, uses_local_name: bool) -> Option<Self> {
        let address = client.address.to_canonical();
        let is_admin = client.is_certain && address.is_loopback() && uses_local_name;
        is_admin.then_some(Self { address })
    }

    /// How they are called in the log.
    pub fn name(&self) -> String {
        self.address.to_string()
    }
}

/// Something that an admin has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number, which grows.
    pub seq: i64,
    pub at: Timestamp,
    pub who: String,
    pub what: String,
}

/// Which dead letters an action is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letters {
    All,
    /// By their ids.
    Some(Vec<String>),
}

/// What admins can do. Each action answers with its entry.
#[derive(Clone)]
pub struct AdminService {
    pub database: Database,
    pub settings: Settings,
    pub cache: Cache,
    pub broker: Broker,
    pub tasks: TaskTracker,
    /// How often an open dashboard asks.
    pub poll: Duration,
}

type Done = Result<Entry, AppError>;

/// How many polls a limit of the dashboard must let through at least, for each that an open one makes:
/// there may be several, and whoever changes the limit back needs some room as well.
const POLLS: f64 = 2.0;

impl AdminService {
    /// Waits for what is under way.
    pub async fn close(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Does something to its end, whoever hangs up.
    async fn finish(&self, work: impl Future<Output = Done> + Send + 'static) -> Done {
        let work = self.tasks.spawn(work.in_current_span());
        work.await.unwrap_or(Err(AppError::Internal))
    }

    /// Changes how many requests a policy lets through, on every instance; `None` takes that back.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn set_limit(
        &self,
        admin: &Admin,
        class: RequestClass,
        quota: Option<Quota>,
    ) -> Done {
        let in_force = quota.unwrap_or_else(|| self.settings.configured(class));
        let window = Duration::from_millis(in_force.window()).as_secs_f64();
        let polls = (POLLS * window / self.poll.as_secs_f64()).ceil().max(POLLS) as u64;
        if class == RequestClass::Dashboard && quota.is_some() && in_force.limit() < polls {
            return Err(AppError::bad_request(format!(
                "An open dashboard would be refused. Let at least {polls} requests through in this window.",
            )));
        }
        let words = words(in_force);
        let what = match quota {
            Some(_) => format!("Limit of {} set to {words}.", class.name()),
            None => format!("Limit of {} back to {words}, as configured.", class.name()),
        };
        let mut tx = self.database.write().await.map_err(unavailable)?;
        self.settings
            .set_quota(&mut tx, class, quota)
            .await
            .map_err(unavailable)?;
        let entry = record(tx, admin, what).await.map_err(unavailable)?;
        self.settings.apply().await.map_err(unavailable)?;
        Ok(entry)
    }

    /// Refuses a network altogether, on every instance.
    ///
    /// # Errors
    /// [`AppError`], among others where the admin would be refused as well.
    pub async fn deny(&self, admin: &Admin, network: IpNet) -> Done {
        let network = network.trunc();
        if network.contains(&admin.address) {
            return Err(AppError::bad_request(format!(
                "{network} holds your own address, {}, so you would lock yourself out.",
                admin.address
            )));
        }
        let what = format!("{} is denied.", plain(network));
        self.change_denied(admin, what, move |denied| {
            if denied.contains(&network) {
                return Err(AppError::bad_request(format!("{} is denied already.", plain(network))));
            }
            if denied.len() >= MOST_DENIED {
                return Err(AppError::bad_request(format!(
                    "There are {MOST_DENIED} networks on the list already. Deny a larger network instead."
                )));
            }
            denied.push(network);
            Ok(())
        })
        .await
    }

    /// Answers a network again.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn allow(&self, admin: &Admin, network: IpNet) -> Done {
        let what = format!("{} is no longer denied.", plain(network));
        self.change_denied(admin, what, move |denied| {
            let before = denied.len();
            denied.retain(|other| *other != network);
            if denied.len() == before {
                return Err(AppError::bad_request(format!(
                    "{} is not denied.",
                    plain(network)
                )));
            }
            Ok(())
        })
        .await
    }

    async fn change_denied(
        &self,
        admin: &Admin,
        what: String,
        change: impl FnOnce(&mut Vec<IpNet>) -> Result<(), AppError>,
    ) -> Done {
        // Read and written in one transaction, so that two changes at the same time are both made.
        let mut tx = self.database.write().await.map_err(unavailable)?;
        let denied = self.settings.denied(&mut tx).await;
        let mut denied = denied.map_err(unavailable)?;
        change(&mut denied)?;
        let set = self.settings.set_denied(&mut tx, &denied).await;
        set.map_err(unavailable)?;
        let entry = record(tx, admin, what).await.map_err(unavailable)?;
        self.settings.apply().await.map_err(unavailable)?;
        Ok(entry)
    }

    /// Makes everything that is cached under a tag old, on every instance.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn invalidate(&self, admin: &Admin, tag: Tag) -> Done {
        if !self.cache.invalidate(tag).await {
            return Err(AppError::Unavailable);
        }
        let what = format!(
            "Cache of {} invalidated: it is read anew from now on.",
            tag.0
        );
        self.note(admin, what).await
    }

    /// Sends dead letters again.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn retry(&self, admin: &Admin, letters: &Letters) -> Done {
        let (service, admin, letters) = (self.clone(), admin.clone(), letters.clone());
        self.finish(async move { service.retry_all(&admin, &letters).await })
            .await
    }

    async fn retry_all(&self, admin: &Admin, letters: &Letters) -> Done {
        let mut filter = filter(letters)?;
        let (mut sent, mut refused, mut why) = (0, 0, None);
        loop {
            match self.broker.retry_dead(&filter, &[]).await {
                Ok(page) => {
                    sent += page.sent.len() as u64;
                    refused += page.refused;
                    why = why.or(page.why.map(|rejection| rejection.to_string()));
                    let Some(cursor) = page.cursor else { break };
                    filter = filter.before(&cursor);
                }
                Err(error) if sent == 0 => return Err(told(error)),
                Err(error) => {
                    why = Some(told(error).to_string());
                    break;
                }
            }
        }
        if let (0, Some(why)) = (sent, &why) {
            return Err(AppError::bad_request(format!("Nothing was sent. {why}")));
        }
        if sent == 0 {
            return Err(gone());
        }
        let mut what = format!("{} put back in the queue.", count(sent, "dead letter"));
        if let Some(why) = why {
            let left = count(refused, "other");
            what = format!("{what} {left} could not be: {why}");
        }
        self.note(admin, what).await
    }

    /// Deletes dead letters for good.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn delete(&self, admin: &Admin, letters: &Letters) -> Done {
        let (service, admin, letters) = (self.clone(), admin.clone(), letters.clone());
        self.finish(async move { service.delete_all(&admin, &letters).await })
            .await
    }

    async fn delete_all(&self, admin: &Admin, letters: &Letters) -> Done {
        let mut filter = filter(letters)?;
        let (mut deleted, mut failure) = (0, None);
        loop {
            match self.broker.delete_dead(&filter).await {
                Ok((page, cursor)) => {
                    deleted += page;
                    let Some(cursor) = cursor else { break };
                    filter = filter.before(&cursor);
                }
                Err(error) if deleted == 0 => return Err(told(error)),
                Err(error) => {
                    failure = Some(told(error));
                    break;
                }
            }
        }
        if deleted == 0 {
            return Err(gone());
        }
        let mut what = format!("{} deleted.", count(deleted, "dead letter"));
        if let Some(failure) = failure {
            what = format!("{what} Others were not: {failure}");
        }
        self.note(admin, what).await
    }

    async fn note(&self, admin: &Admin, what: String) -> Done {
        let tx = self.database.write().await.map_err(unavailable)?;
        record(tx, admin, what).await.map_err(unavailable)
    }

    /// The last actions, the latest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn entries(&self, most: u32) -> Result<Vec<Entry>, sqlx::Error> {
        let mut connection = self.database.reader().await?;
        let rows: Vec<(i64, i64, String, String)> =
            sqlx::query_as("SELECT seq, at, who, what FROM actions ORDER BY seq DESC LIMIT ?")
                .bind(most)
                .fetch_all(&mut *connection)
                .await?;
        let entry = |(seq, at, who, what)| Entry {
            seq,
            at: Timestamp::from_millisecond(at).unwrap_or_default(),
            who,
            what,
        };
        Ok(rows.into_iter().map(entry).collect())
    }
}

/// Commits what an admin does, with its entry.
async fn record(mut tx: Tx, admin: &Admin, what: String) -> Result<Entry, sqlx::Error> {
    let (at, who) = (Timestamp::now(), admin.name());
    let seq: i64 =
        sqlx::query_scalar("INSERT INTO actions (at, who, what) VALUES (?, ?, ?) RETURNING seq")
            .bind(at.as_millisecond())
            .bind(&who)
            .bind(&what)
            .fetch_one(&mut *tx)
            .await?;
    sqlx::query("DELETE FROM actions WHERE seq <= ?")
        .bind(seq - ENTRIES_KEPT)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    tracing::info!(who, what, "an admin has acted");
    Ok(Entry { seq, at, who, what })
}

/// A network; without its length where it is a single address.
pub fn plain(network: IpNet) -> String {
    if network.prefix_len() == network.max_prefix_len() {
        network.addr().to_string()
    } else {
        network.to_string()
    }
}

/// A quota in words, for example `10 requests in 1m`.
pub fn words(quota: Quota) -> String {
    let window =
        crate::services::config::format_duration(std::time::Duration::from_millis(quota.window()));
    format!("{} in {window}", count(quota.limit(), "request"))
}

fn filter(letters: &Letters) -> Result<Filter, AppError> {
    match letters {
        Letters::All => Ok(Filter::default()),
        Letters::Some(ids) if ids.is_empty() => Err(AppError::bad_request(
            "No dead letter is ticked. Tick those that you mean, or choose all.",
        )),
        Letters::Some(ids) => Ok(Filter::dead_letters(ids.clone())),
    }
}

fn gone() -> AppError {
    AppError::bad_request("These dead letters are gone already. Nothing was done.")
}

fn unavailable(error: sqlx::Error) -> AppError {
    tracing::warn!(%error, "an action of an admin failed");
    AppError::Unavailable
}

fn told(error: BrokerError) -> AppError {
    match error {
        BrokerError::Rejected(rejection) if rejection.status.as_u16() == 404 => {
            AppError::bad_request(
                "Some of these dead letters are gone already. Nothing was sent: look which are left.",
            )
        }
        BrokerError::Rejected(rejection) => AppError::bad_request(rejection.to_string()),
        BrokerError::Database(error) => unavailable(error),
        BrokerError::Unreadable(_) => AppError::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_is_certainly_on_this_machine_and_asks_for_it() {
        for (address, is_certain, uses_local_name, is_admin) in [
            ("127.0.0.1", true, true, true),
            ("::1", true, true, true),
            ("::ffff:127.0.0.1", true, true, true),
            ("127.0.0.1", false, true, false),
            ("127.0.0.1", true, false, false),
            ("203.0.113.7", true, true, false),
        ] {
            let address = address.parse().expect("an address");
            let client = Client {
                address,
                is_certain,
            };
            let found = Admin::check(client, uses_local_name);
            assert_eq!(found.is_some(), is_admin, "{client:?} {uses_local_name}");
        }
    }
}
