//! The queue between detector and indexer.

use sixplay_core::Result;
use sixplay_queue::Queue;

use crate::Process;

impl Process {
    /// The configured queue, else the file `queue.sqlite` of the data folder.
    ///
    /// # Errors
    /// As [`Queue::open`], naming `queue.url`.
    pub async fn queue(&self) -> Result<Queue> {
        let mut config = self.settings.queue.clone();
        config.url = self.url_or_embedded(&config.url, "queue")?;
        self.open_patiently("queue.url", async || Queue::open(&config).await)
            .await
    }
}
