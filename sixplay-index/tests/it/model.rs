//! Authors and books in a database of their own, and an index beside it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::Value as Json;
use sixplay_core::{
    CancellationToken, Result, Root, Source, Store,
    conformance::{
        Scratch, scratch_file,
        tiny::{self, Book},
    },
    jiff::Timestamp,
};
use sixplay_index::{
    Index, IndexConfig, Indexer, Rebuild, RebuildConfig, RebuildReport, conformance::unique_name,
};

pub(crate) struct Model {
    database: Scratch,
    pub index: Index,
    pub source: Arc<dyn Source>,
}

impl Model {
    /// A model whose indices, on the server or file at `url`, have a prefix of their own.
    pub(crate) async fn new(url: &str) -> Self {
        let mut config = IndexConfig::new(url);
        config.prefix = unique_name();
        Self::open(&config).await
    }

    /// As [`Model::new`], with the tables in `database`.
    pub(crate) async fn over(database: Scratch, url: &str) -> Self {
        let mut config = IndexConfig::new(url);
        config.prefix = unique_name();
        Self::open_over(database, &config).await
    }

    pub(crate) async fn open(config: &IndexConfig) -> Self {
        let database = scratch_file().await.expect("a database");
        Self::open_over(database, config).await
    }

    async fn open_over(database: Scratch, config: &IndexConfig) -> Self {
        let source = tiny::install(database.store()).await.expect("installed");
        Self {
            index: Index::open(config).await.expect("opened"),
            database,
            source,
        }
    }

    pub(crate) fn store(&self) -> &Store {
        self.database.store()
    }

    pub(crate) fn indexer(&self) -> Indexer {
        self.indexer_of(self.source.clone())
    }

    pub(crate) fn indexer_of(&self, source: Arc<dyn Source>) -> Indexer {
        Indexer::new(self.store().clone(), source, self.index.clone())
    }

    pub(crate) fn rebuild_of(&self, source: Arc<dyn Source>) -> Rebuild {
        let mut config = RebuildConfig::default();
        (config.chunk, config.retain) = (3, Duration::ZERO);
        Rebuild::new(self.store().clone(), source, self.index.clone(), config)
    }

    pub(crate) async fn rebuild(&self) -> RebuildReport {
        let rebuild = self.rebuild_of(self.source.clone());
        run(&rebuild).await.expect("rebuilt")
    }

    pub(crate) async fn write(&self, books: &[Book]) {
        let mut transaction = self.store().write().await.expect("a transaction");
        let author = tiny::put_author(&mut transaction, 1, "Anne").await;
        author.expect("an author");
        let written = tiny::put_books(&mut transaction, books).await;
        written.expect("books");
        transaction.commit().await.expect("committed");
    }

    pub(crate) async fn document(&self, kind: &str, id: &str) -> Option<Json> {
        let found = self.index.get(&self.index.alias(kind), &[id]).await;
        let document = found.expect("an answer").remove(0)?;
        Some(serde_json::from_str(document.get()).expect("JSON"))
    }

    /// The title of a book in the index.
    pub(crate) async fn title(&self, id: &str) -> Option<String> {
        let book = self.document("book", id).await?;
        book["title"].as_str().map(str::to_owned)
    }

    pub(crate) async fn indices(&self) -> BTreeSet<String> {
        // every alias begins with the prefix
        let prefix = self.index.alias("");
        let list = self.index.list(prefix.trim_end_matches('-')).await;
        list.expect("a list")
            .into_iter()
            .map(|info| info.name)
            .collect()
    }

    pub(crate) async fn clean(&self) {
        for name in self.indices().await {
            self.index.remove(&name).await.expect("removed");
        }
    }
}

pub(crate) async fn run(rebuild: &Rebuild) -> Result<RebuildReport> {
    rebuild.run(&(), &CancellationToken::new()).await
}

pub(crate) fn book(id: usize, title: &str) -> Book {
    Book::new(format!("b{id}"), 1, title)
}

/// A book that nobody sees within the next hour.
pub(crate) fn later(book: Book) -> Book {
    let from = Timestamp::now() + Duration::from_secs(3600);
    book.open(from, None)
}

pub(crate) fn book_root(id: usize) -> Root {
    Root::new("book", format!("b{id}"))
}
