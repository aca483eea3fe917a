//! What the clients of a Redis tell each other: Pub/Sub.
//!
//! A message is a hint: it is lost where no client is subscribed. A Redis that does not do this, or does not allow it
//! to this user, can still be used for everything else, so no failure here opens the circuit.

use futures_util::StreamExt;
use kith_runtime::Retries;
use redis::aio::ConnectionLike;
use redis::aio::PubSub;
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
    /// A connection that ends without a message is no better than none.
    retries: Retries,
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
            retries: Retries::new(RECONNECT_BACKOFF),
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
                    self.retries.reset();
                    return;
                }
                self.connection = None;
            }
            self.retries.wait().await;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use std::time::Instant;

    use kith_test_support::redis_server::RedisServer;

    use super::*;
    use crate::client::Options;

    #[tokio::test]
    async fn a_subscription_that_ends_at_once_is_made_again_after_a_growing_wait() {
        let server = RedisServer::start();
        let address = server.url().parse().expect("an address");
        let redis = Redis::connect(Options {
            timeout: Duration::from_secs(10),
            ..Options::new(address)
        });
        redis.wait_until_up().await;
        let mut subscription = redis.subscribe("hints");
        let start = Instant::now();
        subscription.next().await;
        for _ in 0..5 {
            let ended = server.command("CLIENT KILL TYPE pubsub");
            assert!(ended.starts_with(":1"), "{ended}");
            subscription.next().await;
        }
        // Half of 50, 100, 200, 400 and 800 milliseconds.
        assert!(start.elapsed() >= Duration::from_millis(775));
    }
}
