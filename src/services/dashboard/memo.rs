//! [`Memo`]: a value that is read seldom and shown often.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use tokio::sync::Mutex;

/// The value that was read last, and when. The value is `None` if that read has failed.
pub struct Memo<T>(Mutex<Option<(Instant, Option<Arc<T>>)>>);

impl<T> Memo<T> {
    /// The last value if it is younger than `ttl`, otherwise what `read` gives. One caller reads, and all
    /// others wait for its value, even if the read fails.
    pub async fn get(
        &self,
        ttl: Duration,
        read: impl AsyncFnOnce() -> Option<T>,
    ) -> Option<Arc<T>> {
        let mut memo = self.0.lock().await;
        if let Some((at, value)) = &*memo
            && at.elapsed() < ttl
        {
            return value.clone();
        }
        let value = read().await.map(Arc::new);
        *memo = Some((Instant::now(), value.clone()));
        value
    }

    /// Makes the next [`get`](Self::get) read again.
    pub async fn clear(&self) {
        *self.0.lock().await = None;
    }
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}
