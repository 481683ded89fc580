//! What the cases of change capture begin with.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Collector, Scratch,
    tiny::{self, Book, Tiny},
};
use crate::{Detector, DetectorConfig, Result, Store};

/// The machinery on an empty [`Tiny`], with a detector that a test steps.
pub(super) struct Stage {
    pub(super) store: Store,
    pub(super) tiny: Arc<Tiny>,
    pub(super) detector: Detector,
    pub(super) sink: Collector,
}

impl Stage {
    pub(super) async fn new(scratch: &Scratch) -> Result<Self> {
        let (store, tiny) = (
            scratch.store().clone(),
            tiny::install(scratch.store()).await?,
        );
        let detector = Detector::new(store.clone(), tiny.clone(), DetectorConfig::default());
        Ok(Self {
            store,
            tiny,
            detector,
            sink: Collector::default(),
        })
    }

    pub(super) fn detector(&self, config: DetectorConfig) -> Detector {
        Detector::new(self.store.clone(), self.tiny.clone(), config)
    }

    /// Two authors and a book, already delivered.
    pub(super) async fn with_rows(scratch: &Scratch) -> Result<Self> {
        let stage = Self::new(scratch).await?;
        let mut session = stage.store.autocommit().await?;
        tiny::put_author(&mut session, 1, "Ada").await?;
        tiny::put_author(&mut session, 2, "Ben").await?;
        tiny::put_books(&mut session, &[Book::new("b1", 1, "One")]).await?;
        drop(session);
        stage.detected().await?;
        Ok(stage)
    }

    pub(super) async fn run(&self, sql: &str) -> Result<()> {
        self.store.autocommit().await?.batch(sql).await
    }

    /// What the detector delivers until nothing is left.
    pub(super) async fn detected(&self) -> Result<BTreeSet<String>> {
        while self.detector.step(&self.sink).await? > 0 {}
        Ok(self.sink.roots())
    }

    pub(super) async fn after(&self, sql: &str) -> Result<BTreeSet<String>> {
        self.run(sql).await?;
        self.detected().await
    }
}

pub(super) fn roots<const N: usize>(roots: [&str; N]) -> BTreeSet<String> {
    roots.into_iter().map(str::to_owned).collect()
}

pub(super) async fn backlog(store: &Store) -> Result<i64> {
    store
        .read_once()
        .await?
        .fetch_sql("SELECT COUNT(*) AS n FROM sixplay_change", Vec::new())
        .await?[0]
        .int("n")
}
