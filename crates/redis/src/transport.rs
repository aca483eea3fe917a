//! One kind of connection for every place that Redis can be.

use std::sync::Arc;
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::Client;
use redis::Cmd;
use redis::ConnectionAddr;
use redis::ConnectionInfo;
use redis::ErrorKind;
use redis::Pipeline;
use redis::RedisError;
use redis::RedisFuture;
use redis::RedisResult;
use redis::TlsCertificates;
use redis::TlsMode;
use redis::Value;
use redis::aio::ConnectionLike;
use redis::aio::MultiplexedConnection;
use redis::aio::PubSub;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::sentinel::SentinelClientBuilder;
use redis::sentinel::SentinelServerType;

use crate::address::{Address, SentinelLogin};
use crate::rest::RestConnection;

/// Commands that may wait to be written; more callers than that wait their turn.
const PIPELINE_BUFFER: usize = 1024;

/// The system finds out within about half a minute that a peer is gone which has not said so.
const KEEPALIVE: Duration = Duration::from_secs(15);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;

/// A connection that any number of callers share. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Transport {
    Node(MultiplexedConnection),
    Cluster(ClusterConnection),
    Rest(Arc<RestConnection>),
}

impl Transport {
    /// Makes a new connection; behind Sentinel to the node that is the primary now. `ca_certificates` are
    /// the authorities that TLS trusts, `None` for the built-in ones.
    pub(crate) async fn connect(
        address: &Address,
        ca_certificates: Option<&TlsCertificates>,
        limit: Duration,
    ) -> RedisResult<Self> {
        match address {
            Address::Node(node) => {
                Self::connect_to(&node_client(node, ca_certificates)?, limit).await
            }
            Address::Sentinel {
                sentinels,
                login,
                service,
                primary,
            } => {
                let login = login.as_ref();
                let primary = primary_client(sentinels, login, service, primary, ca_certificates);
                Self::connect_to(&primary.await?, limit).await
            }
            Address::Cluster(nodes) => {
                // One retry follows a slot that has moved. More would outlast every budget.
                let mut client = ClusterClientBuilder::new(nodes.clone());
                if let Some(ca_certificates) = ca_certificates
                    && nodes.iter().all(uses_tls)
                {
                    client = client.certs(ca_certificates.clone());
                }
                let client = client
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

    async fn connect_to(node: &Client, limit: Duration) -> RedisResult<Self> {
        // The caller times every call, with one timer instead of two.
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(limit))
            .set_response_timeout(None)
            .set_pipeline_buffer_size(PIPELINE_BUFFER);
        let connection = node.get_multiplexed_async_connection_with_config(&config);
        Ok(Self::Node(connection.await?))
    }
}

/// A connection for Pub/Sub, to the node that is the primary now, or to the first of a cluster that can be reached:
/// the nodes of a cluster tell each other what is published. `None` where there is no Pub/Sub.
pub(crate) async fn connect_pubsub(
    address: &Address,
    ca_certificates: Option<&TlsCertificates>,
) -> Option<RedisResult<PubSub>> {
    let clients = match address {
        Address::Node(node) => vec![node_client(node, ca_certificates)],
        Address::Sentinel {
            sentinels,
            login,
            service,
            primary,
        } => {
            let login = login.as_ref();
            let primary = primary_client(sentinels, login, service, primary, ca_certificates);
            vec![primary.await]
        }
        Address::Cluster(nodes) => {
            let nodes = nodes.iter();
            nodes
                .map(|node| node_client(node, ca_certificates))
                .collect()
        }
        Address::Rest { .. } => return None,
    };
    let mut connected = Err(RedisError::from((ErrorKind::Io, "there is no node")));
    for client in clients {
        connected = match client {
            Ok(client) => client.get_async_pubsub().await,
            Err(error) => Err(error),
        };
        if connected.is_ok() {
            break;
        }
    }
    Some(connected)
}

fn node_client(
    node: &ConnectionInfo,
    ca_certificates: Option<&TlsCertificates>,
) -> RedisResult<Client> {
    let node = node.clone().set_tcp_settings(tcp_settings());
    match ca_certificates {
        Some(ca_certificates) if uses_tls(&node) => {
            Client::build_with_tls(node, ca_certificates.clone())
        }
        _ => Client::open(node),
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

/// The client of the node that the Sentinels name as the primary. They are asked as `login`, and the client logs in as
/// `primary` says.
async fn primary_client(
    sentinels: &[ConnectionInfo],
    login: Option<&SentinelLogin>,
    service: &str,
    primary: &ConnectionInfo,
    ca_certificates: Option<&TlsCertificates>,
) -> RedisResult<Client> {
    let addresses = sentinels.iter().map(|sentinel| sentinel.addr().clone());
    let settings = primary.redis_settings();
    let mut client = SentinelClientBuilder::new(addresses, service, SentinelServerType::Master)?
        .set_client_to_redis_tcp_settings(tcp_settings())
        .set_client_to_redis_db(settings.db());
    if let Some(SentinelLogin { user, password }) = login {
        client = client.set_client_to_sentinel_password(password);
        if let Some(user) = user {
            client = client.set_client_to_sentinel_username(user);
        }
    }
    if let Some(user) = settings.username() {
        client = client.set_client_to_redis_username(user);
    }
    if let Some(password) = settings.password() {
        client = client.set_client_to_redis_password(password);
    }
    if uses_tls(primary) {
        client = client.set_client_to_redis_tls_mode(TlsMode::Secure);
        if let Some(ca_certificates) = ca_certificates {
            client = client
                .set_client_to_redis_certificates(ca_certificates.clone())
                .set_client_to_sentinel_certificates(ca_certificates.clone());
        }
    }
    client.build()?.async_get_client().await
}

fn uses_tls(server: &ConnectionInfo) -> bool {
    matches!(server.addr(), ConnectionAddr::TcpTls { .. })
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
