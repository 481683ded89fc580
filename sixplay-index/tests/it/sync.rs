//! The indexer and the rebuild over a second, tiny model, on the embedded index and on a server.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use sixplay_core::{
    Error, ErrorKind, Result,
    conformance::{
        Backend, Scratch, scratch,
        tiny::{self, Book},
    },
    progress::Progress,
    source::{Kind, Rendered, Root, Source, Table},
    store::{Store, Transaction},
};
use sixplay_index::{
    Index, Outcome, conformance,
    sync::{Indexer, Rebuild, RebuildConfig},
};
use tokio_util::sync::CancellationToken;

struct Line {
    database: Scratch,
    index: Index,
    prefix: String,
}

impl Line {
    async fn new(index: Index) -> (Self, Arc<dyn Source>) {
        let database = scratch(Backend::Sqlite)
            .await
            .expect("a database")
            .expect("needs no server");
        let source = tiny::install(database.store()).await.expect("installed");
        (
            Self {
                database,
                index,
                prefix: conformance::unique_name(),
            },
            source,
        )
    }

    fn store(&self) -> &Store {
        self.database.store()
    }

    fn indexer(&self, source: &Arc<dyn Source>) -> Indexer {
        Indexer::new(
            self.store().clone(),
            source.clone(),
            self.index.clone(),
            self.prefix.clone(),
        )
    }

    fn rebuild(&self, source: &Arc<dyn Source>) -> Rebuild {
        Rebuild::new(
            self.indexer(source),
            RebuildConfig {
                chunk: 3,
                retain: Duration::ZERO,
                ..RebuildConfig::default()
            },
        )
    }

    async fn books(&self, books: &[Book]) {
        let mut transaction = self.store().begin().await.expect("a transaction");
        tiny::put_author(&mut transaction, 1, "Anne")
            .await
            .expect("an author");
        tiny::put_books(&mut transaction, books)
            .await
            .expect("books");
        transaction.commit().await.expect("committed");
    }

    async fn document(&self, kind: &str, id: &str) -> Option<Value> {
        let found = self
            .index
            .get(&format!("{}-{kind}", self.prefix), &[id])
            .await
            .expect("an answer");
        found[0]
            .as_ref()
            .map(|document| serde_json::from_str(document.get()).expect("JSON"))
    }

    async fn indices(&self) -> BTreeSet<String> {
        self.index
            .list(&self.prefix)
            .await
            .expect("a list")
            .into_iter()
            .map(|info| info.name)
            .collect()
    }

    async fn clean(self) {
        for name in self.indices().await {
            self.index.remove(&name).await.expect("removed");
        }
    }
}

async fn run(rebuild: Rebuild) -> Result<sixplay_index::sync::RebuildReport> {
    rebuild
        .run(&Progress::new("test", None), &CancellationToken::new())
        .await
}

fn book(id: usize, title: &str) -> Book {
    Book::new(format!("b{id}"), 1, title)
}

#[tokio::test]
async fn a_root_waits_until_an_index_is_live() {
    let (_folder, index) = crate::embedded::index().await;
    let (line, source) = Line::new(index).await;
    line.books(&[book(1, "Un")]).await;
    let indexer = line.indexer(&source);
    let roots = [Root::new("book", "b1"), Root::new("chapter", "1")];
    let outcomes = indexer.apply(&roots).await.expect("an answer");
    assert!(
        matches!(
            &outcomes[..],
            [Outcome::Retry { .. }, Outcome::Rejected { .. }]
        ),
        "{outcomes:?}"
    );
    run(line.rebuild(&source)).await.expect("rebuilt");
    let outcomes = indexer
        .apply(&[
            Root::new("book", "b1"),
            Root::new("book", "none"),
            Root::new("book", "b1"),
        ])
        .await
        .expect("an answer");
    assert_eq!(outcomes, [Outcome::Done, Outcome::Done, Outcome::Done]);
}

#[tokio::test]
async fn a_rebuild_swaps_a_whole_index_in_and_the_next_removes_the_old_one() {
    let (_folder, index) = crate::embedded::index().await;
    let (line, source) = Line::new(index).await;
    let books: Vec<Book> = (0..10).map(|id| book(id, "Titre")).collect();
    line.books(&books).await;
    line.books(&[book(99, "Demain").open(Timestamp::now() + Duration::from_secs(3600), None)])
        .await;
    let first = run(line.rebuild(&source)).await.expect("rebuilt");
    assert_eq!(
        (first.indexed, first.absent, first.rejected.len()),
        (11, 1, 0)
    );
    let document = line.document("book", "b3").await.expect("a document");
    assert_eq!(
        (&document["title"], &document["visible_from"]),
        (&"Titre".into(), &0.into())
    );
    assert_eq!(line.document("book", "b99").await, None, "not yet");

    line.books(&[book(3, "Nouveau")]).await;
    run(line.rebuild(&source)).await.expect("rebuilt");
    assert_eq!(
        line.document("book", "b3").await.expect("a document")["title"],
        "Nouveau"
    );
    let third = run(line.rebuild(&source)).await.expect("rebuilt");
    assert_eq!(
        line.indices().await.len(),
        4,
        "the live one and the last, of two kinds"
    );
    assert!(
        third
            .indices
            .values()
            .all(|name| !first.indices.values().any(|old| old == name))
    );
}

#[tokio::test]
async fn a_cancelled_or_failed_rebuild_leaves_the_live_index_and_nothing_else() {
    let (_folder, index) = crate::embedded::index().await;
    let (line, source) = Line::new(index).await;
    let books: Vec<Book> = (0..300).map(|id| book(id, "Titre")).collect();
    line.books(&books).await;
    run(line.rebuild(&source)).await.expect("rebuilt");
    let before = line.indices().await;

    let token = CancellationToken::new();
    token.cancel();
    let error = line
        .rebuild(&source)
        .run(&Progress::new("test", None), &token)
        .await
        .expect_err("cancelled");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let poisoned: Arc<dyn Source> = Arc::new(Poisoned {
        inner: source.clone(),
        poison: |_| true,
    });
    let error = run(line.rebuild(&poisoned))
        .await
        .expect_err("too many refused");
    assert!(
        error.to_string().contains("too many roots are refused"),
        "{error}"
    );
    assert_eq!(line.indices().await, before);
    assert!(line.document("book", "b7").await.is_some());
}

#[tokio::test]
async fn one_bad_row_stops_none_of_its_neighbours() {
    let (_folder, index) = crate::embedded::index().await;
    let (line, source) = Line::new(index).await;
    let books: Vec<Book> = (0..9).map(|id| book(id, "Titre")).collect();
    line.books(&books).await;
    let poisoned: Arc<dyn Source> = Arc::new(Poisoned {
        inner: source,
        poison: |id| id == "b4",
    });
    let report = run(line.rebuild(&poisoned)).await.expect("rebuilt");
    assert_eq!(
        (
            report.indexed,
            report.rejected.len(),
            report.rejected[0].0.as_str()
        ),
        (9, 1, "b4")
    );
    let roots: Vec<Root> = books
        .iter()
        .map(|book| Root::new("book", &book.id))
        .collect();
    let outcomes = line
        .indexer(&poisoned)
        .apply(&roots)
        .await
        .expect("an answer");
    let rejected: Vec<usize> = (0..9)
        .filter(|id| matches!(outcomes[*id], Outcome::Rejected { .. }))
        .collect();
    assert_eq!(rejected, [4]);
    assert_eq!(
        outcomes
            .iter()
            .filter(|outcome| **outcome == Outcome::Done)
            .count(),
        8
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_interleaving_of_indexers_ends_in_the_newest_document_embedded() {
    let (_folder, index) = crate::embedded::index().await;
    interleave(index).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_interleaving_of_indexers_ends_in_the_newest_document_on_elasticsearch() {
    if let Some(index) = crate::backends::server("elasticsearch9").await {
        interleave(index).await;
    }
}

/// Four writers change the same few books and index them at once, through a source that answers
/// late at random.
async fn interleave(index: Index) {
    let (line, source) = Line::new(index).await;
    line.books(&[book(0, "Début")]).await;
    run(line.rebuild(&source)).await.expect("rebuilt");
    let slow: Arc<dyn Source> = Arc::new(Slow(source.clone()));
    let line = Arc::new(line);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (line, slow) = (line.clone(), slow.clone());
            tokio::spawn(async move {
                for turn in 0..15 {
                    let id = (writer + turn) % 5;
                    let title = format!("Titre {writer} {turn}");
                    let hidden = (turn + writer) % 4 == 0;
                    let until = hidden.then_some(Timestamp::UNIX_EPOCH);
                    line.books(&[book(id, &title).open(Timestamp::UNIX_EPOCH, until)])
                        .await;
                    let outcomes = line
                        .indexer(&slow)
                        .apply(&[
                            Root::new("book", format!("b{id}")),
                            Root::new("author", "1"),
                        ])
                        .await;
                    assert!(
                        outcomes
                            .expect("an answer")
                            .iter()
                            .all(|outcome| matches!(outcome, Outcome::Done | Outcome::Superseded))
                    );
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.expect("a writer ends well");
    }
    let mut snapshot = line.store().snapshot().await.expect("a snapshot");
    for id in (0..5).map(|id| format!("b{id}")) {
        let rendered = source
            .render(
                &mut snapshot,
                "book",
                std::slice::from_ref(&id),
                Timestamp::now(),
            )
            .await
            .expect("rendered");
        let expected = match &rendered[0] {
            Rendered::Publishable(publishable) => {
                Some(serde_json::from_str::<Value>(publishable.document.get()).expect("JSON"))
            }
            Rendered::Absent { .. } => None,
        };
        let found = line.document("book", &id).await;
        assert_eq!(
            found.map(|found| found["title"].clone()),
            expected.map(|expected| expected["title"].clone()),
            "{id}"
        );
    }
    drop(snapshot);
    Arc::into_inner(line)
        .expect("the last handle")
        .clean()
        .await;
}

/// Fails for good on some ids, as a row would that cannot be read.
struct Poisoned {
    inner: Arc<dyn Source>,
    poison: fn(&str) -> bool,
}

#[async_trait]
impl Source for Poisoned {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn kinds(&self) -> &[Kind] {
        self.inner.kinds()
    }

    fn tables(&self) -> &[Table] {
        self.inner.tables()
    }

    async fn render(
        &self,
        snapshot: &mut Transaction,
        kind: &str,
        ids: &[String],
        now: Timestamp,
    ) -> Result<Vec<Rendered>> {
        if kind == "book" && ids.iter().any(|id| (self.poison)(id)) {
            return Err(Error::corrupt("test.render", "a poisoned row"));
        }
        self.inner.render(snapshot, kind, ids, now).await
    }
}

/// Answers after a pause that differs from call to call, so that writers overtake one another.
struct Slow(Arc<dyn Source>);

#[async_trait]
impl Source for Slow {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn kinds(&self) -> &[Kind] {
        self.0.kinds()
    }

    fn tables(&self) -> &[Table] {
        self.0.tables()
    }

    async fn render(
        &self,
        snapshot: &mut Transaction,
        kind: &str,
        ids: &[String],
        now: Timestamp,
    ) -> Result<Vec<Rendered>> {
        let rendered = self.0.render(snapshot, kind, ids, now).await;
        tokio::time::sleep(Duration::from_micros(u64::from(
            now.subsec_nanosecond().unsigned_abs() % 30_000,
        )))
        .await;
        rendered
    }
}
