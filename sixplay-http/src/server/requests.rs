//! The count of a connection's requests.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// How many requests of a connection its service has begun and ended; clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestCounts(Arc<CountPair>);

#[derive(Debug, Default)]
struct CountPair {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl RequestCounts {
    /// Begins a request, which ends when the guard is dropped.
    pub(super) fn begin(&self) -> RunningRequest {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        RunningRequest(self.clone())
    }

    pub(super) fn count_begun(&self) -> usize {
        self.0.begun.load(Ordering::Relaxed)
    }

    pub(super) fn count_ended(&self) -> usize {
        self.0.ended.load(Ordering::Relaxed)
    }

    pub(super) fn is_any_running(&self) -> bool {
        self.count_begun() != self.count_ended()
    }
}

/// A request that the service works at.
#[derive(Debug)]
pub(super) struct RunningRequest(RequestCounts);

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.0.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
