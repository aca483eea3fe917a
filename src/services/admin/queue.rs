//! What admins do with a queue that is paused: they resume it.

use kith_queue::broker::BrokerError;

use super::Admin;
use super::AdminService;
use super::audit_log::Action;
use super::audit_log::Outcome;
use super::audit_log::unavailable;
use crate::model::error::AppError;
use crate::services::audit_log::Kind;
use crate::services::pause;
use crate::services::pause::Pause;

impl AdminService {
    /// Resumes the queue. Schedules leave out the times that they have missed.
    ///
    /// # Errors
    /// [`AppError`], also where the queue is not paused.
    pub async fn resume_queue(&self, admin: &Admin) -> Outcome {
        let mut tx = self.database.write().await.map_err(unavailable)?;
        if !pause::end(&mut tx).await.map_err(unavailable)? {
            return Err(AppError::bad_request(
                "The queue is not paused. Nothing was done.",
            ));
        }
        let skipped = self.broker.skip_missed(&mut tx).await;
        skipped.map_err(|error| match error {
            BrokerError::Database(error) => unavailable(error),
            _ => AppError::Internal,
        })?;
        let action = Action {
            kind: Kind::QueueResumed,
            text: "Queue resumed: what waits in it is delivered.".to_owned(),
        };
        let entry = self.commit(tx, admin, action).await?;
        self.broker.wake();
        Ok(entry)
    }

    /// Why the queue is paused; `None` while it works.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn pause(&self) -> Result<Option<Pause>, sqlx::Error> {
        let mut connection = self.database.reader().await?;
        pause::read(&mut connection).await
    }
}
