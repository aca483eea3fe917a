//! Hints that a generation may have changed, so that listeners hear of a change at once.
//!
//! A hint is never the truth and may be lost: what listeners are told is read from the database, and that is also done
//! without hints. A process knows its own commits; other instances hear of them over Redis, or over a PostgreSQL server
//! that they share.

use std::time::Duration;

use kith_database::Database;
use kith_database::Engine;
use kith_redis::Redis;
use tokio::sync::Notify;
use tokio::sync::watch;

/// At most one hint is sent, and heeded, in this time.
pub const MIN_INTERVAL: Duration = Duration::from_millis(100);

/// The channel on a PostgreSQL server. Its clients share one database, so it needs no prefix.
const CHANNEL: &str = "kith_live";

/// Where hints come from and go to. Cheap to clone.
#[derive(Clone)]
pub struct Hints {
    /// Changes with each commit of this process.
    pub commits: watch::Receiver<u64>,
    pub bus: Option<Bus>,
}

/// What leads to other instances.
#[derive(Clone)]
pub enum Bus {
    Redis { redis: Redis, channel: String },
    Postgres(Database),
}

impl Hints {
    /// Redis where it can pass on messages, otherwise the database where it is a server.
    pub fn new(database: &Database, redis: Option<&Redis>, prefix: &str) -> Self {
        let bus = match redis.filter(|redis| redis.has_pubsub()) {
            Some(redis) => Some(Bus::Redis {
                redis: redis.clone(),
                channel: format!("{prefix}:live"),
            }),
            None if database.engine() == Engine::Postgres => Some(Bus::Postgres(database.clone())),
            None => None,
        };
        Self {
            commits: database.watch_commits(),
            bus,
        }
    }

    /// Notifies `hint` of each hint. Does not return.
    pub async fn receive(mut self, hint: &Notify) {
        let own = async {
            while self.commits.changed().await.is_ok() {
                hint.notify_one();
            }
            std::future::pending::<()>().await;
        };
        let others = async {
            match self.bus {
                Some(Bus::Redis { redis, channel }) => {
                    let mut subscription = redis.subscribe(&channel);
                    loop {
                        subscription.next().await;
                        hint.notify_one();
                    }
                }
                Some(Bus::Postgres(database)) => {
                    let Some(mut notifications) = database.listen(CHANNEL) else {
                        return std::future::pending().await;
                    };
                    loop {
                        notifications.next().await;
                        hint.notify_one();
                    }
                }
                None => std::future::pending().await,
            }
        };
        tokio::join!(own, others);
    }

    /// Sends a hint after own commits. Others find out whether a book has changed to which they listen.
    pub async fn send(mut self) {
        let Some(bus) = self.bus else {
            return;
        };
        while self.commits.changed().await.is_ok() {
            bus.send().await;
            tokio::time::sleep(MIN_INTERVAL).await;
        }
    }
}

impl Bus {
    async fn send(&self) {
        match self {
            Self::Redis { redis, channel } => redis.publish(channel).await,
            // The database logs its faults itself.
            Self::Postgres(database) => drop(database.notify(CHANNEL).await),
        }
    }
}

#[cfg(test)]
mod tests;
