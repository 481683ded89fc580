//! How the work on roots goes on when its call is dropped, or its queue is missing.

use sixplay_core::{Error, ErrorKind, Result};
use tokio_util::task::AbortOnDropHandle;

use crate::Queue;

/// Work of a feed that goes on when the call that began it is dropped, and ends with the feed.
pub(super) type FeedTask<T> = AbortOnDropHandle<Result<T>>;

/// Begins work that takes as long as it takes, however short the calls are that wait for it.
pub(super) fn start_task<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> FeedTask<T> {
    AbortOnDropHandle::new(tokio::spawn(work))
}

/// Waits for the work; the caller forgets it then.
pub(super) async fn finish_task<T>(task: &mut FeedTask<T>) -> Result<T> {
    let failed = |error| Error::unavailable("roots.take", "a task has ended").with_source(error);
    task.await.map_err(failed)?
}

/// Does what needs the queue called `name`, which is made when it is missing.
pub(super) async fn make_missing<T, F>(queue: &Queue, name: &str, work: impl Fn() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    match work().await {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            queue.declare(name).await?;
            work().await
        }
        done => done,
    }
}
