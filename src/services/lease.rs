//! [`Lease`]: lets one instance at a time do what all of them could. It is a row of the table `settings`, which the holder
//! renews. That of an instance that was killed ends by itself.

use std::time::Duration;

use jiff::Timestamp;
use kith_database::Database;
use kith_database::query;

/// How long a lease is valid after it was renewed.
pub const TTL: Duration = Duration::from_secs(60);

/// Takes the lease if it is free or over, or renews it. A lease from the far future was taken before the clock was set
/// back. One from the near future was taken by an instance that has asked a little later and was faster.
const TAKE: &str = "INSERT INTO settings (name, value, changed_at) VALUES ($1, $2, $3)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = excluded.changed_at
     WHERE settings.value = excluded.value OR settings.changed_at < $4
        OR settings.changed_at > $5";

const RELEASE: &str = "DELETE FROM settings WHERE name = $1 AND value = $2";

/// One process that asks for a lease, whether or not it has it.
#[derive(Clone, Debug)]
pub struct Lease {
    database: Database,
    name: &'static str,
    /// The process, as JSON.
    owner: String,
}

impl Lease {
    /// The lease of this name, for an owner of its own. A name ends with `.lease`: `kith restore` removes such rows.
    pub fn new(database: Database, name: &'static str) -> Self {
        let owner = format!("\"{}\"", uuid::Uuid::new_v4().simple());
        Self {
            database,
            name,
            owner,
        }
    }

    /// Takes the lease, or renews it. Whether this owner has it now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn take(&self, now: Timestamp) -> Result<bool, sqlx::Error> {
        let (over, far) = (now - TTL, now + TTL);
        let mut tx = self.database.write().await?;
        let taken = query(TAKE)
            .bind(self.name)
            .bind(&self.owner)
            .bind(now.as_millisecond())
            .bind(over.as_millisecond())
            .bind(far.as_millisecond())
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(taken > 0)
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn release(&self) -> Result<(), sqlx::Error> {
        let mut tx = self.database.write().await?;
        query(RELEASE)
            .bind(self.name)
            .bind(&self.owner)
            .execute(&mut tx)
            .await?;
        tx.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::database::testing::TestDatabase;
    use crate::services::database::testing::on_each_engine;

    on_each_engine! {
        one_owner_at_a_time_has_the_lease
        leases_of_other_names_are_independent
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).expect("a time")
    }

    async fn one_owner_at_a_time_has_the_lease(database: TestDatabase) {
        let now = now();
        let [a, b] = [(); 2].map(|()| Lease::new(database.clone(), "test.lease"));
        let take = async |lease: &Lease, now| lease.take(now).await.expect("open");
        assert!(take(&a, now).await && take(&a, now).await);
        assert!(!take(&b, now).await);
        // A lease that is not renewed ends.
        let later = now + TTL + Duration::from_secs(1);
        assert!(take(&b, later).await && !take(&a, later).await);
        a.release().await.expect("open");
        assert!(!take(&a, later).await);
        b.release().await.expect("open");
        assert!(take(&a, later).await);
        // The other has looked at its clock before, and waited for its turn.
        assert!(!take(&b, later - Duration::from_millis(1)).await);
        // The clock was set back.
        assert!(take(&b, now).await);
    }

    async fn leases_of_other_names_are_independent(database: TestDatabase) {
        for name in ["one.lease", "two.lease"] {
            let lease = Lease::new(database.clone(), name);
            assert!(lease.take(now()).await.expect("open"), "{name}");
        }
    }
}
