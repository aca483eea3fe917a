//! What the clients of a PostgreSQL server tell each other: `LISTEN` and `NOTIFY`.
//!
//! A notification is a hint. It is lost where no client listens, and behind a pooler that shares out sessions by
//! transactions none arrives.

use std::sync::Arc;
use std::time::Duration;

use kith_runtime::Backoff;
use kith_runtime::ErrorLatch;
use kith_runtime::Retries;
use kith_runtime::Transition;

use super::Backend;
use super::Database;
use crate::connection::BUSY_TIMEOUT;
use crate::connection::Handle;
use crate::postgres::PgListener;
use crate::postgres::PostgresPool;
use crate::query::query;

/// The waits between two attempts to listen.
const RECONNECT_BACKOFF: Backoff =
    Backoff::new(Duration::from_millis(100), Duration::from_secs(30));

/// What a client hears of a channel, on a connection of its own.
#[derive(Debug)]
pub struct Notifications {
    pool: Arc<PostgresPool>,
    channel: &'static str,
    listener: Option<PgListener>,
    /// A connection that ends without a notification is no better than none.
    retries: Retries,
    latch: ErrorLatch,
}

impl Database {
    /// Tells all clients that listen to a channel. Does nothing in a SQLite file.
    ///
    /// # Errors
    /// Those of the engine.
    pub async fn notify(&self, channel: &'static str) -> Result<(), sqlx::Error> {
        let Backend::Postgres(server) = &self.shared.backend else {
            return Ok(());
        };
        // Behind a pooler a read is a transaction that is not committed. This transaction does not count as a commit,
        // because callers notify others of each commit.
        let begun = server.write().await.map(Handle::from);
        let mut connection = self.connection(self.recorded(begun)?);
        let notify = query("SELECT pg_notify($1, '')").bind(channel);
        notify.execute(&mut connection).await?;
        connection.end(true).await
    }

    /// Listens to a channel. `None` in a SQLite file, which has none.
    pub fn listen(&self, channel: &'static str) -> Option<Notifications> {
        let Backend::Postgres(server) = &self.shared.backend else {
            return None;
        };
        Some(Notifications {
            pool: server.pool().clone(),
            channel,
            listener: None,
            retries: Retries::new(RECONNECT_BACKOFF),
            latch: ErrorLatch::default(),
        })
    }
}

impl Notifications {
    /// Waits for a notification, and connects where there is no connection. Returns once there is a new connection as
    /// well, because notifications may have been missed before.
    pub async fn next(&mut self) {
        loop {
            if let Some(listener) = &mut self.listener {
                if let Ok(Some(_)) = listener.try_recv().await {
                    self.retries.reset();
                    return;
                }
                self.listener = None;
            }
            self.retries.wait().await;
            let listening = self.pool.listen(self.channel);
            let connected = tokio::time::timeout(BUSY_TIMEOUT, listening).await;
            self.listener = connected.ok().and_then(Result::ok);
            self.record();
            if self.listener.is_some() {
                return;
            }
        }
    }

    fn record(&mut self) {
        match self.latch.record(self.listener.is_none()) {
            Transition::Failed => {
                tracing::warn!("PostgreSQL sends no notifications; changes are found by polling");
            }
            Transition::Recovered => tracing::info!("PostgreSQL sends notifications again"),
            Transition::Unchanged => {}
        }
    }
}

#[cfg(test)]
#[cfg(feature = "postgres")]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Instant;

    use kith_test_support::postgres_server::PostgresServer;

    use super::*;
    use crate::Options;

    /// How long a notification may take on a busy machine.
    const TIMEOUT: Duration = Duration::from_secs(30);

    const CHANNEL: &str = "kith_test";

    async fn hear(notifications: &mut Notifications) {
        let heard = tokio::time::timeout(TIMEOUT, notifications.next()).await;
        heard.expect("a notification in time");
    }

    async fn end_listeners(database: &Database) {
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE query LIKE 'LISTEN%' AND datname = current_database()";
        let mut reader = database.reader().await.expect("it is open");
        let ended = query(end).fetch_all::<bool>(&mut reader).await;
        assert!(ended.expect("an answer").contains(&true));
    }

    #[tokio::test]
    async fn a_client_hears_of_a_new_connection_and_then_of_each_notification() {
        let server = PostgresServer::shared().database();
        // In the mode for poolers, in which no read is committed.
        let url = format!("{}?statement-cache-capacity=0", server.url());
        let mut options = Options::server(url.parse().expect("an address"), &[]);
        options.connections = NonZeroU32::MIN.saturating_add(1);
        let database = Database::open(options).await.expect("it can be used");
        let mut notifications = database.listen(CHANNEL).expect("a server");
        hear(&mut notifications).await;
        for _ in 0..3 {
            database.notify(CHANNEL).await.expect("it is sent");
            hear(&mut notifications).await;
        }

        end_listeners(&database).await;
        hear(&mut notifications).await;
        database.notify(CHANNEL).await.expect("it is sent");
        hear(&mut notifications).await;
    }

    #[tokio::test]
    async fn a_connection_that_ends_at_once_is_made_again_after_a_growing_wait() {
        let server = PostgresServer::shared().database();
        let options = Options::server(server.url().parse().expect("an address"), &[]);
        let database = Database::open(options).await.expect("it can be used");
        let mut notifications = database.listen(CHANNEL).expect("a server");
        let start = Instant::now();
        hear(&mut notifications).await;
        for _ in 0..4 {
            end_listeners(&database).await;
            hear(&mut notifications).await;
        }
        // Half of 100, 200, 400 and 800 milliseconds.
        assert!(start.elapsed() >= Duration::from_millis(750));
    }

    #[tokio::test]
    async fn a_file_has_no_notifications() {
        let directory = tempfile::tempdir().expect("a directory");
        let database = Database::open(crate::tests::options(&directory)).await;
        let database = database.expect("it opens");
        assert!(database.listen(CHANNEL).is_none());
        database.notify(CHANNEL).await.expect("nothing is sent");
    }
}
