//! Publishing messages and creating schedules in one transaction.

use kith_database::Attempts;
use kith_database::Tx;

use super::Broker;
use super::Result;
use super::accept::Accepted;
use super::accept::Provenance;
use super::accept::accept;
use super::accept::check;
use super::schedules;
use super::schedules::Plan;
use crate::message::Publication;

/// The items of a batch with their indices, sorted by the ids whose rows they lock. Batches that lock the same rows in the
/// same order never wait for each other.
pub(crate) fn in_lock_order<'i, T, K: Ord>(
    items: &'i [T],
    id: impl Fn(&'i T) -> K,
) -> Vec<(usize, &'i T)> {
    let mut items: Vec<_> = items.iter().enumerate().collect();
    items.sort_by_key(|(_, item)| id(item));
    items
}

/// What came of the items, in the order of their indices.
pub(crate) fn in_first_order<T>(mut results: Vec<(usize, T)>) -> Vec<T> {
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Messages and schedules that the broker accepts together, all or none. Dropping it accepts none.
pub(crate) struct Transaction<'a> {
    broker: &'a Broker,
    provenance: Provenance<'a>,
    tx: Tx,
}

impl Transaction<'_> {
    /// Accepts a message.
    ///
    /// # Errors
    /// [`Rejected`](super::BrokerError::Rejected) where a destination is not allowed. It changes nothing about the others.
    pub(crate) async fn publish(&mut self, publication: &Publication) -> Result<Accepted> {
        let (destinations, now) = (self.broker.destinations(), self.broker.now());
        accept(
            &mut self.tx,
            destinations,
            publication,
            self.provenance,
            now,
        )
        .await
    }

    /// Creates a schedule, or replaces the one with the same id. Returns the id.
    ///
    /// # Errors
    /// [`Rejected`](super::BrokerError::Rejected) where there are too many. It changes nothing about the others.
    pub(crate) async fn schedule(&mut self, plan: &Plan) -> Result<String> {
        schedules::put(
            &mut self.tx,
            plan,
            self.provenance.caller_ip,
            self.broker.now(),
        )
        .await
    }

    /// Commits, and wakes the broker.
    pub(crate) async fn commit(self) -> Result<()> {
        self.tx.commit().await?;
        self.broker.wake();
        Ok(())
    }
}

impl Broker {
    /// Begins a transaction. It waits for the transactions of other writers.
    pub(crate) async fn begin<'a>(&'a self, provenance: Provenance<'a>) -> Result<Transaction<'a>> {
        Ok(Transaction {
            broker: self,
            provenance,
            tx: self.0.database.write().await?,
        })
    }

    /// Accepts messages, all or none. The answers are in the order of the messages.
    ///
    /// # Errors
    /// [`Rejected`](super::BrokerError::Rejected) where a destination is not allowed, or an error of the
    /// database.
    pub async fn publish(
        &self,
        publications: &[Publication],
        provenance: Provenance<'_>,
    ) -> Result<Vec<Accepted>> {
        // In the order of the messages, so that the first wrong one is named.
        for publication in publications {
            check(self.destinations(), publication)?;
        }
        let mut attempts = Attempts::default();
        loop {
            match self.publish_together(publications, provenance).await {
                Err(error) if attempts.is_another_due(error.is_conflict()).await => {}
                published => return published,
            }
        }
    }

    async fn publish_together(
        &self,
        publications: &[Publication],
        provenance: Provenance<'_>,
    ) -> Result<Vec<Accepted>> {
        let ordered = in_lock_order(publications, |one| one.deduplication.as_deref());
        let mut transaction = self.begin(provenance).await?;
        let mut accepted = Vec::with_capacity(publications.len());
        for (index, publication) in ordered {
            accepted.push((index, transaction.publish(publication).await?));
        }
        transaction.commit().await?;
        Ok(in_first_order(accepted))
    }

    /// Creates a schedule, or replaces the one with the same id. Without an id, the broker chooses one. Returns
    /// the id. `cron` is a [`Cron`](crate::cron::Cron) expression.
    ///
    /// # Errors
    /// [`Rejected`](super::BrokerError::Rejected) for an expression, an id or a destination that is not allowed,
    /// and where there are too many schedules; or an error of the database.
    pub async fn schedule(
        &self,
        id: Option<String>,
        cron: &str,
        publication: &Publication,
        caller_ip: Option<&str>,
    ) -> Result<String> {
        let plan = self.plan(id, cron, publication)?;
        let provenance = Provenance {
            caller_ip,
            schedule: None,
        };
        let mut transaction = self.begin(provenance).await?;
        let id = transaction.schedule(&plan).await?;
        transaction.commit().await?;
        Ok(id)
    }
}
