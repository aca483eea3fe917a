//! The signal to stop.

/// Resolves when the process is asked to end: by Ctrl-C, or by SIGTERM as service managers do.
pub async fn signal() {
    let interrupt = async {
        // An error means that no handler could be installed; Ctrl-C then ends the process as it
        // ends any other.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();

    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
