//! What the clients of a Redis tell each other: Pub/Sub.
//!
//! A message is a hint: it is lost where no client is subscribed. A Redis that does not do this, or does not allow it
//! to this user, can still be used for everything else, so no failure here opens the circuit.

use futures_util::StreamExt;
use redis::aio::ConnectionLike;
use redis::aio::PubSub;
use tokio::time::sleep;
use tokio::time::timeout;
use tokio::time::timeout_at;

use crate::address::Address;
use crate::client::CONNECT_TIMEOUT;
use crate::client::RECONNECT_BACKOFF;
use crate::client::Redis;
use crate::transport::connect_pubsub;

/// What a client hears of a channel, on a connection of its own.
pub struct Subscription {
    redis: Redis,
    channel: String,
    connection: Option<PubSub>,
    /// How many attempts to subscribe there were since the last message. A connection that ends at once is no better
    /// than none.
    attempts: u32,
}

impl Redis {
    /// Whether there is Pub/Sub: everywhere but behind Upstash's REST API.
    pub fn has_pubsub(&self) -> bool {
        !matches!(self.address(), Address::Rest { .. })
    }

    /// Tells all clients that are subscribed to a channel, as far as that is possible at the moment.
    ///
    /// ```no_run
    /// # async fn example(redis: kith_redis::Redis) {
    /// let mut subscription = redis.subscribe("news");
    /// redis.publish("news").await;
    /// subscription.next().await;
    /// # }
    /// ```
    pub async fn publish(&self, channel: &str) {
        if let Ok((mut transport, _)) = self.shared.transport() {
            let mut command = redis::cmd("PUBLISH");
            command.arg(channel).arg("");
            let answer = transport.req_packed_command(&command);
            let _ = timeout_at(self.shared.deadline(), answer).await;
        }
    }

    /// Subscribes to a channel.
    pub fn subscribe(&self, channel: &str) -> Subscription {
        Subscription {
            redis: self.clone(),
            channel: channel.to_owned(),
            connection: None,
            attempts: 0,
        }
    }
}

impl Subscription {
    /// Waits for a message, and connects where there is no connection. Returns once there is a new connection as well,
    /// because messages may have been missed before. Waits for ever where there is no Pub/Sub.
    pub async fn next(&mut self) {
        loop {
            if let Some(connection) = &mut self.connection {
                if connection.on_message().next().await.is_some() {
                    self.attempts = 0;
                    return;
                }
                self.connection = None;
            }
            if let Some(before) = self.attempts.checked_sub(1) {
                sleep(RECONNECT_BACKOFF.equal_jitter(before)).await;
            }
            self.attempts += 1;
            self.redis.wait_until_up().await;
            self.connection = timeout(CONNECT_TIMEOUT, self.connect())
                .await
                .ok()
                .flatten();
            if self.connection.is_some() {
                return;
            }
        }
    }

    async fn connect(&self) -> Option<PubSub> {
        let shared = &self.redis.shared;
        let Some(connected) =
            connect_pubsub(&shared.options.address, shared.ca_certificates.as_ref()).await
        else {
            return std::future::pending().await;
        };
        let mut connection = connected.ok()?;
        connection.subscribe(&self.channel).await.ok()?;
        Some(connection)
    }
}
