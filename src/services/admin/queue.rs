//! What admins do with a queue that is paused: they cancel what is in it from before, and resume it.

use kith_queue::broker::BrokerError;
use kith_queue::broker::filter::Filter;

use super::Admin;
use super::AdminService;
use super::audit_log::Action;
use super::audit_log::Outcome;
use super::audit_log::count;
use super::audit_log::unavailable;
use crate::model::error::AppError;
use crate::model::language::t;
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
            return Err(not_paused());
        }
        let skipped = self.broker.skip_missed(&mut tx).await;
        skipped.map_err(failed)?;
        let action = Action {
            kind: Kind::QueueResumed,
            text: "Queue resumed: what waits in it is delivered.".to_owned(),
        };
        let entry = self.commit(tx, admin, action).await?;
        self.broker.wake();
        Ok(entry)
    }

    /// Cancels what waits in a queue that is paused, except messages that came after the pause began.
    ///
    /// # Errors
    /// [`AppError`], also where the queue is not paused.
    pub async fn cancel_waiting(&self, admin: &Admin) -> Outcome {
        let Some(pause) = self.pause().await.map_err(unavailable)? else {
            return Err(not_paused());
        };
        let until = format!("toDate={}", pause.since.as_millisecond());
        let filter = Filter::parse(&until).map_err(|_| AppError::Internal)?;
        let (service, admin) = (self.clone(), admin.clone());
        self.run_to_end(async move {
            let outgoing = service.broker.cancel_outgoing(pause.since).await;
            let waiting = service.broker.cancel(&filter).await;
            let cancelled = outgoing.map_err(failed)? + waiting.map_err(failed)?;
            let action = format!(
                "{} from before the pause cancelled.",
                count(cancelled, "message")
            );
            let action = Action {
                kind: Kind::MessagesCancelled,
                text: action,
            };
            service.log_action(&admin, action).await
        })
        .await
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

fn not_paused() -> AppError {
    AppError::bad_request(t!("The queue is not paused. Nothing was done."))
}

fn failed(error: BrokerError) -> AppError {
    match error {
        BrokerError::Database(error) => unavailable(error),
        _ => AppError::Internal,
    }
}
