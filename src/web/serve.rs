//! The loop that accepts connections.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::extract::FromRef;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Body as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::GracefulConnection;
use kith_runtime::Tasks;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;
use tower::Service;

use crate::services::config::ServerConfig;
use crate::services::instances::Instances;
use crate::services::live::Live;
use crate::web::connections::Connections;
use crate::web::connections::Options;
use crate::web::connections::Watch;
use crate::web::connections::WatchedRequest;
use crate::web::connections::WatchedStream;
use crate::web::router;
use crate::web::state::AppState;

/// How long to wait after the system could not accept a connection, most often because the
/// process has no file descriptor left: long enough for others to close, short enough to notice.
const ACCEPT_RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// How many files a connection needs of those that the system grants: its socket, and a file of the site.
const FILES_PER_CONNECTION: u64 = 2;

/// Files that Kith opens for itself: the database, connections to Redis.
const OWN_FILES: u64 = 128;

/// Serves Kith on `listener` until `shutdown` resolves, then lets running requests finish for
/// as long as the configuration grants and closes the database.
///
/// The caller owns the port and the signal, so that tests own theirs. This loop stands in for
/// `axum::serve`, which never gives up waiting for the headers of a request.
pub async fn run(listener: TcpListener, state: AppState, shutdown: impl Future<Output = ()>) {
    let config = state.config.clone();
    if let Some(file) = state.site.missing() {
        tracing::warn!(
            file = %file.display(),
            "pages will have no styles and not come alive: a file of the site is missing. Run \
             `cargo xtask build`, start Kith in the folder it was built in, or set \
             server.site_root"
        );
    }
    let max_connections = max_connections(&config.server);
    // The other half of the connections stays for requests.
    Live::from_ref(&state).admit(max_connections / 2);
    let connections = Connections::new(Options {
        max_connections,
        max_per_address: config.server.max_connections_per_address,
        trusted_proxies: config.server.trusted_proxies.clone(),
    });
    let tasks = Tasks::default();
    state.start().await;
    // One half is for deliveries, the other for requests.
    let grace = config.server.shutdown_grace.0 / 2;
    let instances = Instances::from_ref(&state);
    let stop = async {
        tokio::select! {
            () = shutdown => {}
            () = instances.shut_out() => {}
        }
        state.stop();
        // Kith's own webhooks must still answer the deliveries that are under way.
        if tokio::time::timeout(grace, state.queue.close())
            .await
            .is_err()
        {
            tracing::warn!("some deliveries took too long and will be made again");
        }
    };
    tokio::select! {
        () = accept(&listener, &state, &connections, &tasks) => {}
        () = stop => {}
    }
    drop(listener);
    tracing::info!("stopping: finishing the requests that are running");
    connections.close();
    if tokio::time::timeout(grace, tasks.close()).await.is_err() {
        tracing::warn!("some requests took too long and were cut off");
    }
    state.close().await;
    tracing::info!("stopped");
}

/// Accepts connections without end, and serves each in a task of its own.
async fn accept(
    listener: &TcpListener,
    state: &AppState,
    connections: &Connections,
    tasks: &Tasks,
) {
    let router = router::build(state.clone());
    let accept = async || {
        let (stream, peer) = listener.accept().await?;
        // The next connection waits in the queue of the system, and not in the memory of Kith.
        Ok::<_, std::io::Error>((stream, peer, connections.acquire(peer.ip()).await))
    };
    loop {
        match accept().await {
            Ok((stream, peer, Some(slot))) => {
                let config = &state.config.server;
                let connection = serve(stream, peer, router.clone(), config, slot.watch());
                tasks.spawn(async move {
                    // A client that breaks off or speaks no HTTP is no fault of Kith.
                    if let Err(error) = slot.hold(connection).await {
                        tracing::debug!(%error, "connection ended early");
                    }
                });
            }
            Ok((_, _, None)) => {
                tracing::debug!("a connection was refused: its address uses all that it may have");
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_RETRY_INTERVAL).await;
            }
        }
    }
}

/// How many connections may be open at once: as many as the configuration says, as long as the
/// system grants a file to each and leaves Kith some of its own.
fn max_connections(config: &ServerConfig) -> usize {
    let wanted = u64::from(config.max_connections.get());
    // Where the limit cannot be read it is not known to be too low.
    let needed = wanted * FILES_PER_CONNECTION + OWN_FILES;
    let granted = rlimit::increase_nofile_limit(needed).unwrap_or(u64::MAX);
    let room = (granted.saturating_sub(OWN_FILES) / FILES_PER_CONNECTION).max(1);
    if room < wanted {
        tracing::warn!(
            connections = room,
            "the system lets Kith open {granted} files, so it takes fewer connections than \
             server.max_connections. Raise the limit, for example with `ulimit -n`"
        );
    }
    wanted.min(room) as usize
}

/// One connection, as a future that can end gracefully after its present request. Each request carries the
/// address of the peer, and `watch` notices the beginning and the end of each answer.
fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: impl Service<Request<Body>, Response = Response, Error = Infallible, Future: Send>
    + Clone
    + Send
    + 'static,
    config: &ServerConfig,
    watch: Watch,
) -> impl GracefulConnection<Error = hyper::Error> + 'static {
    // Answers are written whole; waiting to fill a packet only delays them. A socket that
    // refuses the option works without it.
    let _ = stream.set_nodelay(true);
    // A client that stops reading would otherwise keep its answer in Kith's memory without end.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(config.write_timeout));
    let stream = WatchedStream::new(Box::pin(stream), watch.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = watch.begin();
        // Kith waits for no body where there is none.
        let request = if request.body().is_end_stream() {
            request.map(Body::new)
        } else {
            let watched = |body| WatchedRequest::new(Body::new(body), watch.clone());
            request.map(|body| Body::new(watched(body)))
        };
        // It is always ready.
        let response = router.clone().call(request);
        async move {
            response
                .await
                .map(|response| response.map(|body| answer.with(body)))
        }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        // See `middleware::headers::date`.
        .auto_date_header(false)
        .header_read_timeout(config.header_timeout)
        .serve_connection(TokioIo::new(stream), service)
}
