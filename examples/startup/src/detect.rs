//! The task of the detector.

use std::sync::Arc;

use sixplay_core::{Detector, Source, Store};
use sixplay_queue::{Queue, Roots};

use crate::Process;

impl Process {
    /// Publishes the roots that changes of `source` affect, until the daemon stops.
    pub fn detect(&mut self, store: &Store, source: Arc<dyn Source>, queue: &Queue) {
        let detector = Detector::new(store.clone(), source, self.settings.detector.clone());
        let (roots, token) = (Roots::new(queue.clone()), self.daemon.token());
        let work = async move { detector.run(&roots, token).await };
        self.daemon.spawn("detector", work);
    }
}
