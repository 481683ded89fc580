//! How a program opens its handles.

use std::time::{Duration, Instant};

use sixplay_core::{Error, Result, config::Secret};

use crate::Process;

/// How long a starting program waits for a server that is away.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it looks whether the server has come.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Process {
    /// Opens a handle, again and again while its server is away: servers and programs may start in
    /// any order. An error names the configuration's key, the value being secret.
    pub(crate) async fn open_patiently<T>(
        &self,
        key: &'static str,
        open: impl AsyncFn() -> Result<T>,
    ) -> Result<T> {
        let (token, end) = (self.daemon.token(), Instant::now() + PATIENCE);
        loop {
            match open().await {
                Err(error)
                    if error.is_transient() && Instant::now() < end && !token.is_cancelled() =>
                {
                    tracing::warn!(%error, "waits for the server of {key}");
                    token
                        .run_until_cancelled(tokio::time::sleep(LOOK_AGAIN))
                        .await;
                }
                result => return result.map_err(|error| error.with("key", key)),
            }
        }
    }

    /// `url`, or when it is not set that of the embedded `name` in the data folder.
    pub(crate) fn url_or_embedded(&self, url: &Secret, name: &str) -> Result<Secret> {
        if !url.expose().is_empty() {
            return Ok(url.clone());
        }
        let file = self.settings.data.join(name).with_extension("sqlite");
        let path = file.to_str().ok_or_else(|| {
            let message = "SQLite takes no path that is not valid UTF-8: give another data folder";
            Error::config("startup.open", message).with("file", file.display())
        })?;
        Ok(Secret::new(format!("sqlite:{path}")))
    }
}
