//! The wish of a person or of the system that the process ends: SIGINT and SIGTERM.

/// Comes back when the process is to end.
pub(crate) async fn wanted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the system's own reaction stays: the process ends.
        std::future::pending::<()>().await;
    }
}
