//! [`SearchRebuild`]: derives what searches read anew, once this program derives it in another way than the one before.

use std::sync::Arc;
use std::time::Duration;

use kith_database::Database;
use kith_runtime::ErrorLatch;
use kith_runtime::Tasks;
use tokio::time::Instant;

use super::store::StoreError;
use super::store::sql::derived::Mode;
use super::store::sql::derived::Part;
use super::store::sql::derived::Pass;
use super::store::sql::derived::Version;
use crate::services::lease;
use crate::services::lease::Lease;

/// How often an instance looks whether another one has finished.
const LOOK_INTERVAL: Duration = Duration::from_secs(60);

/// How often the log says how far it is.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(60);

/// Rebuilds the search index while Kith serves, in one instance at a time. Until then, a search finds what the program
/// before would have found of contacts that the rebuild has not reached. Cheap to clone.
#[derive(Clone)]
pub struct SearchRebuild(Arc<Inner>);

struct Inner {
    database: Database,
    lease: Lease,
    tasks: Tasks,
}

impl Inner {
    /// By the clock of the database, on which all instances agree.
    async fn take_lease(&self) -> Result<bool, sqlx::Error> {
        self.lease.take(self.database.clock().now()).await
    }
}

impl SearchRebuild {
    pub fn new(database: Database) -> Self {
        Self(Arc::new(Inner {
            lease: Lease::new(database.clone(), "search.lease"),
            tasks: Tasks::default(),
            database,
        }))
    }

    /// Rebuilds in the background, if need be. An index that is current costs one query.
    pub fn start(&self) {
        let own = self.clone();
        self.0.tasks.spawn(async move {
            let latch = ErrorLatch::default();
            loop {
                let rebuilt = own.rebuild_if_due().await;
                if latch.check("searches read the index as it is", rebuilt) == Some(true) {
                    break;
                }
                if !own.0.tasks.sleep(LOOK_INTERVAL).await {
                    break;
                }
            }
        });
    }

    pub async fn close(&self) {
        self.0.tasks.close().await;
    }

    /// Rebuilds the index if no other instance does. Returns whether it is current.
    async fn rebuild_if_due(&self) -> Result<bool, StoreError> {
        if self.is_current().await? {
            return Ok(true);
        }
        if !self.0.take_lease().await? {
            return Ok(false);
        }
        // Another instance may have finished just before.
        let rebuilt = match self.is_current().await {
            Ok(false) => self.rebuild().await,
            current => current,
        };
        self.0.lease.release().await?;
        rebuilt
    }

    async fn is_current(&self) -> Result<bool, StoreError> {
        let version = Version::read(&self.0.database).await?;
        Ok(version.is_current(Part::Search))
    }

    /// Returns whether it came to the end before the tasks were stopped.
    async fn rebuild(&self) -> Result<bool, StoreError> {
        let Inner {
            database, tasks, ..
        } = &*self.0;
        let mut pass = Pass::new(database, Mode::Repair);
        let (mut renewed, mut logged) = (Instant::now(), Instant::now());
        tracing::info!("the search index is rebuilt");
        while pass.check_page().await? {
            if tasks.is_stopped() {
                return Ok(false);
            }
            if renewed.elapsed() > lease::TTL / 3 {
                self.0.take_lease().await?;
                renewed = Instant::now();
            }
            if logged.elapsed() > PROGRESS_INTERVAL {
                tracing::info!(
                    contacts = pass.checked.contacts,
                    "the search index is being rebuilt"
                );
                logged = Instant::now();
            }
        }
        Version::write_current(database).await?;
        let (contacts, changed) = (pass.checked.contacts, pass.checked.differing.len());
        tracing::info!(contacts, changed, "the search index is current");
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use kith_database::query;

    use super::*;
    use crate::services::contacts::store::ContactStore;
    use crate::services::contacts::store::conformance;
    use crate::services::contacts::store::sql::SqlStore;
    use crate::services::contacts::store::sql::derived::check;
    use crate::services::contacts::store::sql::derived::derive_anew;
    use crate::services::database::testing::TestDatabase;
    use crate::services::database::testing::on_each_engine;

    on_each_engine! {
        an_index_of_another_version_is_rebuilt_in_the_background
        one_instance_rebuilds_and_the_other_waits
        a_rebuild_that_was_stopped_begins_again
    }

    /// More than one page.
    const CONTACTS: u64 = 230;

    fn instance(database: &Database) -> SearchRebuild {
        SearchRebuild::new(database.clone())
    }

    async fn execute(database: &Database, statement: &'static str) {
        let mut tx = database.write().await.expect("it is open");
        let executed = query(statement).execute(&mut tx).await;
        executed.expect(statement);
        tx.commit().await.expect("there is room");
    }

    /// Contacts that no search finds, because another version has made the index.
    async fn outdate(database: &TestDatabase) {
        let store = SqlStore::new((*database).clone(), Duration::from_secs(60));
        let store: Arc<dyn ContactStore> = Arc::new(store);
        for number in 0..CONTACTS {
            conformance::add(&store, &format!("Ada {number}")).await;
        }
        derive_anew(database).await.expect("there is room");
        execute(database, "UPDATE contact_search SET names = '  nothing  '").await;
        execute(database, "UPDATE installation SET search_derived_by = NULL").await;
    }

    async fn differing(database: &Database) -> usize {
        let checked = check(database, Mode::Report).await;
        checked.expect("it can be read").differing.len()
    }

    async fn an_index_of_another_version_is_rebuilt_in_the_background(database: TestDatabase) {
        outdate(&database).await;
        // A start leaves it, because it can be read.
        let derived = derive_anew(&database).await;
        assert_eq!(derived.expect("it is open"), 0);
        assert_eq!(differing(&database).await, CONTACTS as usize);
        let kith = instance(&database);
        kith.start();
        while !kith.0.tasks.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(differing(&database).await, 0);
        assert!(kith.is_current().await.expect("it is open"));
        kith.close().await;
    }

    async fn one_instance_rebuilds_and_the_other_waits(database: TestDatabase) {
        outdate(&database).await;
        let [one, other] = [instance(&database), instance(&database)];
        let taken = other.0.take_lease().await;
        assert!(taken.expect("it is open"));
        assert!(!one.rebuild_if_due().await.expect("it is open"));
        assert_eq!(differing(&database).await, CONTACTS as usize);
        other.0.lease.release().await.expect("it is open");
        assert!(one.rebuild_if_due().await.expect("it is open"));
        // What differs now stays: the other instance finds the index current.
        execute(&database, "UPDATE contact_search SET names = '  nothing  '").await;
        assert!(other.rebuild_if_due().await.expect("it is open"));
        assert_eq!(differing(&database).await, CONTACTS as usize);
    }

    async fn a_rebuild_that_was_stopped_begins_again(database: TestDatabase) {
        outdate(&database).await;
        let stopped = instance(&database);
        stopped.close().await;
        assert!(!stopped.rebuild_if_due().await.expect("it is open"));
        let left = differing(&database).await;
        assert!(left > 0 && left < CONTACTS as usize, "{left}");
        let next = instance(&database);
        assert!(next.rebuild_if_due().await.expect("it is open"));
        assert_eq!(differing(&database).await, 0);
    }
}
