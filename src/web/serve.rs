//! The loop that accepts connections.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::response::Response;
use hyper::body::Body as _;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use hyper_util::server::graceful::GracefulConnection;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;
use tokio_util::task::TaskTracker;
use tower::Service;
use tower::ServiceExt;

use crate::services::config::ServerConfig;
use crate::web::connections::Connections;
use crate::web::connections::Settings;
use crate::web::connections::Watch;
use crate::web::connections::WatchedRequest;
use crate::web::connections::WatchedStream;
use crate::web::router;
use crate::web::state::AppState;

/// How long to wait after the system could not accept a connection, most often because the
/// process has no file descriptor left: long enough for others to close, short enough to notice.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a connection takes of the files that the system grants: its socket, and a file of the
/// site that is sent over it.
const FILES_OF_A_CONNECTION: u64 = 2;

/// Files that Kith opens for itself: the database, connections to Redis.
const OWN_FILES: u64 = 128;

/// Serves Kith on `listener` until `shutdown` resolves, then lets running requests finish for
/// as long as the configuration grants and closes the database.
///
/// The caller owns the port and the signal, so that tests own theirs. This loop stands in for
/// `axum::serve`, which waits for the headers of a request for ever.
pub async fn run(listener: TcpListener, state: AppState, shutdown: impl Future<Output = ()>) {
    let config = state.config.clone();
    let router = router::build(state.clone());
    let connections = Connections::new(Settings {
        room: room_for_connections(&config.server),
        share: config.server.max_connections_per_address,
        trusted_proxies: config.server.trusted_proxies.clone(),
    });
    let held = TaskTracker::new();
    if let Some(file) = state.site.missing() {
        tracing::warn!(
            file = %file.display(),
            "pages will have no styles and not come alive: a file of the site is missing. Run \
             `cargo xtask build`, start Kith in the folder it was built in, or set \
             server.site_root"
        );
    }
    state.start().await;
    let queue = state.queue.clone();
    // One half is for deliveries, the other for requests.
    let grace = config.server.shutdown_grace.0 / 2;
    let stopping = state.clone();
    let shutdown = async move {
        shutdown.await;
        stopping.stop();
        // What is being delivered to Kith's own webhooks needs somebody who answers.
        if tokio::time::timeout(grace, queue.close()).await.is_err() {
            tracing::warn!("some deliveries took too long and will be made again");
        }
    };
    let mut shutdown = std::pin::pin!(shutdown);

    loop {
        let accepted = async {
            let (stream, peer) = listener.accept().await?;
            // The next one waits in the system's queue instead of in our memory.
            Ok::<_, std::io::Error>((stream, peer, connections.place(peer.ip()).await))
        };
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            () = &mut shutdown => break,
        };
        match accepted {
            Ok((stream, peer, Some(place))) => {
                let connection = serve(stream, peer, router.clone(), &config.server, place.watch());
                held.spawn(async move {
                    // A client that breaks off or speaks no HTTP is its own affair.
                    if let Err(error) = place.hold(connection).await {
                        tracing::debug!(%error, "connection ended early");
                    }
                });
            }
            Ok((_, _, None)) => {
                tracing::debug!("a connection was refused: its address uses all that it may have");
            }
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }

    drop(listener);
    tracing::info!("stopping: finishing the requests that are running");
    connections.close();
    held.close();
    if tokio::time::timeout(grace, held.wait()).await.is_err() {
        tracing::warn!("some requests took too long and were cut off");
    }
    state.close().await;
    tracing::info!("stopped");
}

/// How many connections may be open at once: as many as the configuration says, as long as the
/// system grants a file to each and leaves Kith some of its own.
fn room_for_connections(config: &ServerConfig) -> usize {
    let wanted = u64::from(config.max_connections.get());
    // Where the limit cannot be read it is not known to be too low.
    let needed = wanted * FILES_OF_A_CONNECTION + OWN_FILES;
    let granted = rlimit::increase_nofile_limit(needed).unwrap_or(u64::MAX);
    let room = (granted.saturating_sub(OWN_FILES) / FILES_OF_A_CONNECTION).max(1);
    if room < wanted {
        tracing::warn!(
            connections = room,
            "the system lets Kith open {granted} files, so it takes fewer connections than \
             server.max_connections. Raise the limit, for example with `ulimit -n`"
        );
    }
    wanted.min(room) as usize
}

/// One connection, as a future that can be asked to end after the request it is at. Each request
/// carries the address of the peer, and `watch` is told of each answer.
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
    // Whoever stops reading would otherwise keep its answer in our memory for ever.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(config.write_timeout));
    let stream = WatchedStream::new(Box::pin(stream), watch.clone());
    let service = tower::service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = watch.begin();
        // Kith waits for no body where there is none.
        let request = if request.body().is_end_stream() {
            request.map(Body::new)
        } else {
            let watched = |body| WatchedRequest::new(Body::new(body), watch.clone());
            request.map(|body| Body::new(watched(body)))
        };
        let response = router.clone().oneshot(request);
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
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
}
