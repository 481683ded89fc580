//! The document index.

use sixplay_core::Result;
use sixplay_index::Index;

use crate::Process;

impl Process {
    /// The configured index, else the file `index.sqlite` of the data folder. A server is not asked
    /// yet.
    ///
    /// # Errors
    /// As [`Index::open`], naming `index.url`.
    pub async fn index(&self) -> Result<Index> {
        let mut config = self.settings.index.clone();
        config.url = self.url_or_embedded(&config.url, "index")?;
        self.open_patiently("index.url", async || Index::open(&config).await)
            .await
    }
}
