//! The rebuild, as a task and as the first step of a new installation.

use std::{collections::BTreeMap, sync::Arc};

use sixplay_core::{Result, Source, Store};
use sixplay_index::{Index, Rebuild, RebuildReport};

use crate::{Process, ProgressBar};

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
    /// stop.
    ///
    /// # Errors
    /// As [`Rebuild::run`].
    pub async fn rebuild_when_new(
        &self,
        store: &Store,
        source: Arc<dyn Source>,
        index: &Index,
    ) -> Result<()> {
        let mut live = true;
        for kind in source.kinds() {
            live &= index.resolve(&index.alias(kind.name)).await?.is_some();
        }
        if live {
            return Ok(());
        }
        let rebuild = self.prepare_rebuild(store, source, index);
        let token = self.daemon.token();
        match rebuild.run(&ProgressBar::new("rebuild"), &token).await {
            Err(_) if token.is_cancelled() => Ok(()),
            result => result.map(|report| log_rebuilt(&report)),
        }
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
