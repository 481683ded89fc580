//! The database.

use sixplay_core::{Result, Store, StoreConfig};

use crate::Process;

impl Process {
    /// The configured database, else the file `store.sqlite` of the data folder, after `prepare`
    /// has put its schema and change capture in place.
    ///
    /// # Errors
    /// As [`Store::open`] and `prepare`, naming `store.url`.
    pub async fn store(&self, prepare: impl AsyncFn(&Store) -> Result<()>) -> Result<Store> {
        let mut config: StoreConfig = self.settings.store.clone();
        config.url = self.url_or_embedded(&config.url, "store")?;
        let open = async || {
            let store = Store::open(&config).await?;
            prepare(&store).await?;
            Ok(store)
        };
        self.open_patiently("store.url", open).await
    }
}
