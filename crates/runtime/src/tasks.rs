//! The background tasks of a service.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// The background tasks of a service. [`close`](Self::close) tells them to end and waits for them. Cheap to
/// clone; clones are the same set of tasks.
///
/// ```
/// use std::time::Duration;
/// use kith_runtime::Tasks;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let tasks = Tasks::default();
/// let own = tasks.clone();
/// tasks.spawn(async move {
///     while own.sleep(Duration::from_secs(60)).await {
///         // Work that is not cut off.
///     }
/// });
/// assert_eq!(tasks.run_to_end(async { 6 * 7 }).await, Some(42));
/// tasks.close().await;
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Spawns a task that ends by itself. A task that runs for long waits with [`sleep`](Self::sleep) or for
    /// [`stopped`](Self::stopped).
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(task);
    }

    /// Spawns a task that is dropped where it waits when the tasks are told to end.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn_until_stopped(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.spawn(async move {
            stop.run_until_cancelled(task).await;
        });
    }

    /// Runs `work` in a task of its own, within the current span. The task starts at once and runs to its end,
    /// even if nothing waits for it any more. Returns the result of `work`; `None` if it panicked.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn run_to_end<F>(&self, work: F) -> impl Future<Output = Option<F::Output>> + Send + use<F>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        let task = self.tracker.spawn(work.in_current_span());
        async move { task.await.ok() }
    }

    /// Waits. Returns whether to go on: `false` as soon as the tasks are told to end.
    pub async fn sleep(&self, wait: Duration) -> bool {
        tokio::select! {
            () = tokio::time::sleep(wait) => true,
            () = self.stopped() => false,
        }
    }

    /// Tells the tasks to end, and does not wait for them.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether the tasks are told to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until the tasks are told to end.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Tells the tasks to end and waits until all have ended, those included that others start meanwhile.
    pub async fn close(&self) {
        self.stop();
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// How many tasks run.
    pub fn len(&self) -> usize {
        self.tracker.len()
    }

    /// Whether no task runs.
    pub fn is_empty(&self) -> bool {
        self.tracker.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;
    use std::sync::atomic::Ordering;

    use tokio::sync::oneshot;

    use super::*;

    /// Longer than any test runs.
    const FOREVER: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn work_runs_to_its_end_though_the_caller_hangs_up() {
        let tasks = Tasks::default();
        let (go, gone) = oneshot::channel::<()>();
        let is_done = Arc::new(AtomicBool::new(false));
        let done = is_done.clone();
        drop(tasks.run_to_end(async move {
            gone.await.expect("a signal");
            done.store(true, Ordering::SeqCst);
        }));
        go.send(()).expect("it waits");
        tasks.close().await;
        assert!(is_done.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn work_that_panics_has_no_result_and_other_tasks_go_on() {
        let tasks = Tasks::default();
        let panics = async { panic!("a defect") };
        assert_eq!(tasks.run_to_end::<_>(panics).await, None::<()>);
        assert_eq!(tasks.run_to_end(async { 1 }).await, Some(1));
        tasks.close().await;
    }

    #[tokio::test]
    async fn close_ends_the_waits_of_tasks_and_waits_for_their_work() {
        let tasks = Tasks::default();
        let is_done = Arc::new(AtomicBool::new(false));
        let (own, done) = (tasks.clone(), is_done.clone());
        tasks.spawn(async move {
            while own.sleep(FOREVER).await {}
            tokio::task::yield_now().await;
            // What a task starts at its end is waited for as well.
            let late = own.clone();
            own.spawn(async move {
                assert!(late.is_stopped());
                done.store(true, Ordering::SeqCst);
            });
        });
        tasks.spawn_until_stopped(std::future::pending());
        assert_eq!(tasks.len(), 2);
        tasks.close().await;
        assert!(is_done.load(Ordering::SeqCst) && tasks.is_empty());
    }

    #[tokio::test]
    async fn a_wait_that_is_not_ended_goes_on() {
        let tasks = Tasks::default();
        assert!(tasks.sleep(Duration::ZERO).await);
        tasks.stop();
        assert!(!tasks.sleep(FOREVER).await);
    }
}
