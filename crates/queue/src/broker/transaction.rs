//! Publishing messages and creating schedules in one transaction.

use kith_database::Tx;

use super::Broker;
use super::Result;
use super::accept::Accepted;
use super::accept::Source;
use super::accept::accept;
use super::schedules;
use super::schedules::Plan;
use crate::message::Publication;

/// Messages and schedules that are taken together, all or none. Dropping it takes none.
pub struct Transaction<'a> {
    broker: &'a Broker,
    source: Source<'a>,
    tx: Tx,
}

impl Transaction<'_> {
    /// # Errors
    /// A [`Rejection`](crate::rejection::Rejection) where the message may not go where it wants to; [`check`](super::accept::check) finds that out before. It
    /// leaves the others as they are.
    pub async fn publish(&mut self, publication: &Publication) -> Result<Accepted> {
        let (destinations, now) = (self.broker.destinations(), self.broker.now());
        accept(&mut self.tx, destinations, publication, self.source, now).await
    }

    /// Creates a schedule, or replaces the one with the same id. The answer is that id.
    ///
    /// # Errors
    /// A [`Rejection`](crate::rejection::Rejection) where there are too many. It leaves the others as they are.
    pub async fn schedule(&mut self, plan: &Plan) -> Result<String> {
        schedules::put(&mut self.tx, plan, self.source.caller_ip, self.broker.now()).await
    }

    /// # Errors
    /// Those of the database.
    pub async fn commit(self) -> Result<()> {
        self.tx.commit().await?;
        self.broker.wake();
        Ok(())
    }
}

impl Broker {
    /// # Errors
    /// Those of the database.
    pub async fn begin<'a>(&'a self, source: Source<'a>) -> Result<Transaction<'a>> {
        Ok(Transaction {
            broker: self,
            source,
            tx: self.0.database.write().await?,
        })
    }

    /// Takes messages, all or none. Their answers are in their order.
    ///
    /// # Errors
    /// A [`Rejection`](crate::rejection::Rejection) where one of them may not go where it wants to; [`check`](super::accept::check) finds that out before.
    pub async fn publish(
        &self,
        publications: &[Publication],
        source: Source<'_>,
    ) -> Result<Vec<Accepted>> {
        let mut transaction = self.begin(source).await?;
        let mut accepted = Vec::with_capacity(publications.len());
        for publication in publications {
            accepted.push(transaction.publish(publication).await?);
        }
        transaction.commit().await?;
        Ok(accepted)
    }

    /// Creates a schedule, or replaces the one with the same id. The answer is that id.
    ///
    /// # Errors
    /// A [`Rejection`](crate::rejection::Rejection) for one that cannot be, and where there are too many.
    pub async fn schedule(
        &self,
        id: Option<String>,
        cron: &str,
        publication: &Publication,
        caller_ip: Option<&str>,
    ) -> Result<String> {
        let plan = self.plan(id, cron, publication)?;
        let source = Source {
            caller_ip,
            schedule: None,
        };
        let mut transaction = self.begin(source).await?;
        let id = transaction.schedule(&plan).await?;
        transaction.commit().await?;
        Ok(id)
    }
}
