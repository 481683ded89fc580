//! The rebuild, as a task and as the first step of a new installation.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use sixplay_core::{Error, ErrorKind, Result, Source, Store, retry::Backoff};
use sixplay_index::{Index, Rebuild, RebuildReport};

use crate::{Process, ProgressBar};

/// How often a first rebuild is begun again.
const ATTEMPTS: u32 = 3;

/// The pauses before that; two that were in each other's way do not meet again.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Process {
    /// Rebuilds the index once, then stops the daemon; SIGTERM ends it before the swap.
    pub fn rebuild(&mut self, store: &Store, source: Arc<dyn Source>, index: &Index) {
        let rebuild = self.prepare_rebuild(store, source, index);
        let token = self.daemon.token();
        self.daemon.spawn("rebuild", async move {
            let report = rebuild.run(&ProgressBar::new("rebuild"), &token).await?;
            log_rebuilt(&report);
            token.cancel();
            Ok(())
        });
    }

    /// Rebuilds the index unless every kind has one; does nothing more once the daemon is told to
    /// stop. Of several processes that do so at once each goes on with the index that is live
    /// first.
    ///
    /// # Errors
    /// As [`Rebuild::run`].
    pub async fn rebuild_when_new(
        &self,
        store: &Store,
        source: Arc<dyn Source>,
        index: &Index,
    ) -> Result<()> {
        let rebuild = self.prepare_rebuild(store, source.clone(), index);
        let token = self.daemon.token();
        let mut pauses = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        while !self.is_live(source.as_ref(), index).await? {
            match rebuild.run(&ProgressBar::new("rebuild"), &token).await {
                Err(_) if token.is_cancelled() => return Ok(()),
                Err(error) if may_be_anothers(&error) && pauses.failures() < ATTEMPTS => {
                    tracing::warn!(%error, "looks whether another process has built the index");
                    token.run_until_cancelled(pauses.pause()).await;
                }
                result => return result.map(|report| log_rebuilt(&report)),
            }
        }
        Ok(())
    }

    /// Whether every kind has an index.
    async fn is_live(&self, source: &dyn Source, index: &Index) -> Result<bool> {
        for kind in source.kinds() {
            let alias = index.alias(kind.name);
            let resolve = async || index.resolve(&alias).await;
            if self.open_patiently("index.url", resolve).await?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn prepare_rebuild(&self, store: &Store, source: Arc<dyn Source>, index: &Index) -> Rebuild {
        let config = self.settings.rebuild.clone();
        Rebuild::new(store.clone(), source, index.clone(), config)
    }
}

/// What was built; when roots were refused, how many of which kind and where their reasons are.
fn log_rebuilt(report: &RebuildReport) {
    let (indexed, absent, rejected) = (report.indexed, report.absent, report.rejected.len());
    tracing::info!(indexed, absent, rejected, "rebuilt");
    if rejected > 0 {
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        for (root, _) in &report.rejected {
            *kinds.entry(&root.kind).or_default() += 1;
        }
        let message = "roots are not in the index: a line \"the root is refused\" names each, with \
                       its kind, id and reason";
        tracing::warn!(rejected, ?kinds, "{message}");
    }
}

/// Whether the failure may come of another process that builds the index at the same time.
fn may_be_anothers(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict || error.is_transient()
}
