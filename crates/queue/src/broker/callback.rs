//! Callbacks: messages that tell the publisher of a message how its delivery went.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use kith_database::Connection;
use serde_json::Value;
use serde_json::json;

use super::Broker;
use super::BrokerError;
use super::Result;
use super::accept::Provenance;
use super::accept::accept;
use super::attempt::Attempt;
use super::messages::headers;
use crate::message::Callback;
use crate::message::Publication;
use crate::message::Redacted;

impl Broker {
    /// Enqueues the callbacks of a message, in the transaction that settles the attempt.
    pub(super) async fn enqueue_callbacks(
        &self,
        tx: &mut Connection,
        attempt: &Attempt<'_>,
    ) -> Result<()> {
        let Publication {
            callback,
            failure_callback,
            ..
        } = &attempt.message.publication;
        let is_dead = attempt.dead_letter_id().is_some();
        let failure_callback = failure_callback.as_ref().filter(|_| is_dead);
        for callback in callback.iter().chain(failure_callback) {
            let publication = self.callback_publication(callback, attempt);
            let provenance = Provenance {
                caller_ip: attempt.message.caller_ip.as_deref(),
                schedule: None,
            };
            let accepted = accept(
                tx,
                self.destinations(),
                &publication,
                provenance,
                attempt.ended_at,
            );
            match accepted.await {
                Err(BrokerError::Rejected(rejection)) => {
                    let message = &attempt.message.id;
                    tracing::warn!(message, "a callback was not sent: {rejection}");
                }
                accepted => drop(accepted?),
            }
        }
        Ok(())
    }

    /// The message that a callback is.
    fn callback_publication(&self, callback: &Callback, attempt: &Attempt<'_>) -> Publication {
        let message = &attempt.message.publication;
        let mut publication = Publication {
            destination: callback.url.clone(),
            // What the publisher hides of the message must not show in its callback.
            redacted: Redacted {
                body: message.redacted != Redacted::default(),
                ..Redacted::default()
            },
            delivery: callback.delivery.clone(),
            body: self.callback_body(attempt).to_string().into_bytes(),
            ..Publication::default()
        };
        let spec = &mut publication.delivery;
        spec.retries = spec.retries.or(message.delivery.retries);
        spec.headers.retain(|(name, _)| name != "content-type");
        spec.headers
            .push(("content-type".to_owned(), "application/json".to_owned()));
        publication
    }

    /// The JSON that a callback carries, in the form of QStash.
    fn callback_body(&self, attempt: &Attempt<'_>) -> Value {
        let message = attempt.message;
        let Publication { delivery, body, .. } = &message.publication;
        let response = attempt.response().cloned().unwrap_or_default();
        let mut value = json!({
            "status": response.status,
            "header": response.headers,
            "body": response.body,
            "retried": message.retried,
            "maxRetries": delivery.retries(),
            "sourceMessageId": message.id,
            "url": self.destinations().url(&message.publication.destination),
            "method": delivery.method(),
            "sourceHeader": headers(&delivery.headers, &Redacted::default()),
            "sourceBody": BASE64_STANDARD.encode(body),
            "notBefore": message.not_before,
            "createdAt": message.created_at,
        });
        for (name, field) in [
            ("callerIP", message.caller_ip.as_deref()),
            ("scheduleId", message.schedule_id.as_deref()),
            ("dlqId", attempt.dead_letter_id()),
        ] {
            if let Some(field) = field {
                value[name] = json!(field);
            }
        }
        value
    }
}
