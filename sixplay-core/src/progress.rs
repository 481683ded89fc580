//! The progress of a long job, for whoever shows it.

/// Is told how far a long job is; `()` shows nothing.
///
/// The jobs call it often and from several tasks: it must be quick. How it is shown (a bar, lines,
/// a metric) is the program's choice.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use sixplay_core::Progress;
///
/// #[derive(Default)]
/// struct Done(AtomicU64);
///
/// impl Progress for Done {
///     fn total(&self, _steps: u64) {}
///     fn add(&self, steps: u64) {
///         self.0.fetch_add(steps, Ordering::Relaxed);
///     }
/// }
///
/// let done = Done::default();
/// let shown: &dyn Progress = &done;
/// shown.total(3);
/// shown.add(2);
/// assert_eq!(done.0.into_inner(), 2);
/// ```
pub trait Progress: Send + Sync {
    /// The job has `steps` steps in all, as far as is known now.
    fn total(&self, steps: u64);

    /// `steps` more of them are done.
    fn add(&self, steps: u64);
}

impl Progress for () {
    fn total(&self, _: u64) {}

    fn add(&self, _: u64) {}
}
