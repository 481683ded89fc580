//! The count of a connection's requests, and since when it rests.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Instant,
};

/// How many requests of a connection its service has begun and ended; clones count together.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestCounts(Arc<CountPair>);

#[derive(Debug)]
struct CountPair {
    begun: AtomicUsize,
    ended: AtomicUsize,
    is_sending: AtomicBool,
    last_active: Mutex<Instant>,
}

impl Default for CountPair {
    fn default() -> Self {
        Self {
            begun: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            is_sending: AtomicBool::new(false),
            last_active: Mutex::new(Instant::now()),
        }
    }
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

    /// Notes that the peer has still to take something of an answer, or has taken all.
    pub(super) fn note_sending(&self, is_sending: bool) {
        self.0.is_sending.store(is_sending, Ordering::Relaxed);
        self.note_activity();
    }

    /// When the connection last answered, or was opened; `None` while a request runs or an answer
    /// is being sent.
    pub(super) fn resting_since(&self) -> Option<Instant> {
        let is_busy = self.is_any_running() || self.0.is_sending.load(Ordering::Relaxed);
        (!is_busy).then(|| *self.last_active())
    }

    fn note_activity(&self) {
        *self.last_active() = Instant::now();
    }

    fn last_active(&self) -> MutexGuard<'_, Instant> {
        let guard = self.0.last_active.lock();
        guard.unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that the service works at.
#[derive(Debug)]
pub(super) struct RunningRequest(RequestCounts);

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.0.note_activity();
        self.0.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
