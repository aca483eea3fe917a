//! One kind of connection for every place that Redis can be.

use std::sync::Arc;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::Client;
use redis::Cmd;
use redis::ConnectionInfo;
use redis::Pipeline;
use redis::RedisFuture;
use redis::RedisResult;
use redis::Value;
use redis::aio::ConnectionLike;
use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::sentinel::SentinelClient;
use redis::sentinel::SentinelNodeConnectionInfo;
use redis::sentinel::SentinelServerType;

use super::Address;
use super::rest::RestConnection;

/// Commands that may wait to be written; more callers than that wait their turn.
const PIPELINE_BUFFER: usize = 1024;

/// The system finds out within about half a minute that a peer is gone which has not said so.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// A connection that any number of callers share. Cheap to clone.
#[derive(Clone)]
pub(super) enum Transport {
    Node(MultiplexedConnection),
    Cluster(ClusterConnection),
    Rest(Arc<RestConnection>),
}

impl Transport {
    /// Connects anew; behind Sentinel to whatever the primary is now.
    pub(super) async fn connect(address: &Address, limit: Duration) -> RedisResult<Self> {
        // The caller times every call, with one timer instead of two.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(limit))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(PIPELINE_BUFFER);
        match address {
            Address::Node(node) => {
                let client = Client::open(node.clone().set_tcp_settings(tcp_settings()))?;
                let connection = client.get_multiplexed_async_connection_with_config(&config);
                Ok(Self::Node(connection.await?))
            }
            Address::Sentinel {
                sentinels,
                service,
                primary,
            } => {
                let connection = SentinelClient::build(
                    sentinels.clone(),
                    service,
                    Some(primary_settings(primary)),
                    SentinelServerType::Master,
                )?
                .get_async_connection_with_config(&config)
                .await?;
                Ok(Self::Node(connection))
            }
            Address::Cluster(nodes) => {
                // One retry follows a slot that has moved. More would outlast every budget.
                let client = ClusterClientBuilder::new(nodes.clone())
                    .retries(1)
                    .min_retry_wait(1)
                    .max_retry_wait(5)
                    .connection_timeout(limit)
                    .response_timeout(limit)
                    .tcp_settings(tcp_settings())
                    .build()?;
                Ok(Self::Cluster(client.get_async_connection().await?))
            }
            Address::Rest { url, token } => {
                let connection = RestConnection::new(url, token)?;
                Ok(Self::Rest(Arc::new(connection)))
            }
        }
    }
}

fn tcp_settings() -> TcpSettings {
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_RETRIES);
    TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(keepalive)
}

/// What the connection to a primary needs beside its host, which the Sentinels know.
fn primary_settings(primary: &ConnectionInfo) -> SentinelNodeConnectionInfo {
    let settings = SentinelNodeConnectionInfo::default()
        .set_redis_connection_info(primary.redis_settings().clone())
        .set_tcp_settings(tcp_settings());
    match primary.addr() {
        redis::ConnectionAddr::TcpTls { .. } => settings.set_tls_mode(redis::TlsMode::Secure),
        _ => settings,
    }
}

impl ConnectionLike for Transport {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Node(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
            Self::Rest(connection) => Box::pin(connection.command(command)),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Node(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Rest(connection) => Box::pin(connection.pipeline(pipeline)),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Node(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
            Self::Rest(_) => 0,
        }
    }
}
