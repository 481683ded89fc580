//! The task of the indexer.

use sixplay_index::Indexer;
use sixplay_queue::{Queue, Roots};

use crate::Process;

impl Process {
    /// Applies changed roots from the queue to the index until the daemon stops; the batch in hand
    /// then has half of the drain time to end.
    pub fn index_changes(&mut self, indexer: Indexer, queue: &Queue) {
        let config = self.settings.indexer.clone();
        let mut feed = Roots::new(queue.clone()).feed(config.batch, config.linger);
        let (grace, token) = (self.settings.drain / 2, self.daemon.token());
        let work = async move { indexer.run(&mut feed, &config, grace, token).await };
        self.daemon.spawn("indexer", work);
    }
}
