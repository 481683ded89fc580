//! The indexer and the rebuild over a second, tiny model, on the embedded index and on a server.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use serde_json::Value as Json;
use sixplay_core::{
    CancellationToken, CapturedTable, Error, ErrorKind, Kind, Progress, Reading, Rendered, Result,
    Root, Source, conformance::server, jiff::Timestamp,
};
use sixplay_index::{Outcome, Rebuild, RebuildConfig};

use crate::{
    embedded::url_in,
    model::{Model, book, book_root, later, run},
};

#[tokio::test]
async fn a_root_waits_until_an_index_is_live() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::new(&url_in(&folder)).await;
    model.write(&[book(1, "Un")]).await;
    let indexer = model.indexer();
    let roots = [book_root(1), Root::new("chapter", "1")];
    let outcomes = indexer.apply(&roots).await.expect("an answer");
    assert!(matches!(outcomes[0], Outcome::Retry { .. }), "{outcomes:?}");
    assert!(
        matches!(outcomes[1], Outcome::Rejected { .. }),
        "{outcomes:?}"
    );
    model.rebuild().await;
    let roots = [book_root(1), Root::new("book", "none"), book_root(1)];
    let outcomes = indexer.apply(&roots).await.expect("an answer");
    assert_eq!(outcomes, vec![Outcome::Done; 3]);
}

#[tokio::test]
async fn a_rebuild_swaps_a_whole_index_in_and_the_next_removes_the_old_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::new(&url_in(&folder)).await;
    let books: Vec<_> = (0..10).map(|id| book(id, "Titre")).collect();
    model.write(&books).await;
    model.write(&[later(book(99, "Demain"))]).await;
    let first = model.rebuild().await;
    let counts = (first.indexed, first.absent, first.rejected.len());
    assert_eq!(counts, (11, 1, 0));
    let document = model.document("book", "b3").await.expect("a document");
    assert_eq!(document["title"], "Titre");
    assert_eq!(document["visible_from"], 0);
    assert_eq!(model.document("book", "b99").await, None, "not yet");

    model.write(&[book(3, "Nouveau")]).await;
    model.rebuild().await;
    assert_eq!(model.title("b3").await.as_deref(), Some("Nouveau"));
    let third = model.rebuild().await;
    let left = model.indices().await.len();
    assert_eq!(left, 4, "the live one and the last, of two kinds");
    let new = third.indices.values();
    assert!(
        new.into_iter()
            .all(|name| !first.indices.values().any(|old| old == name))
    );
}

#[tokio::test]
async fn a_rebuild_tells_how_many_roots_there_are_and_counts_them() {
    #[derive(Default)]
    struct Counted(AtomicU64, AtomicU64);

    impl Progress for Counted {
        fn total(&self, steps: u64) {
            self.0.store(steps, Ordering::Relaxed);
        }

        fn add(&self, steps: u64) {
            self.1.fetch_add(steps, Ordering::Relaxed);
        }
    }

    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::new(&url_in(&folder)).await;
    let books: Vec<_> = (0..10).map(|id| book(id, "Titre")).collect();
    model.write(&books).await;
    let (rebuild, counted) = (model.rebuild_of(model.source.clone()), Counted::default());
    let report = rebuild.run(&counted, &CancellationToken::new()).await;
    assert_eq!(report.expect("rebuilt").indexed, 11);
    assert_eq!((counted.0.into_inner(), counted.1.into_inner()), (11, 11));
}

#[tokio::test]
async fn a_cancelled_or_failed_rebuild_leaves_the_live_index_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::new(&url_in(&folder)).await;
    let books: Vec<_> = (0..300).map(|id| book(id, "Titre")).collect();
    model.write(&books).await;
    model.rebuild().await;
    let before = model.indices().await;

    let token = CancellationToken::new();
    token.cancel();
    let rebuild = model.rebuild_of(model.source.clone());
    let error = rebuild.run(&(), &token).await.expect_err("cancelled");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    let poisoned = poisoned(&model.source, |_| true);
    let failed = run(&model.rebuild_of(poisoned)).await;
    let error = failed.expect_err("too many refused").to_string();
    assert!(error.contains("too many roots are refused"), "{error}");
    assert_eq!(model.indices().await, before);
    assert!(model.document("book", "b7").await.is_some());
}

#[tokio::test]
async fn refused_roots_never_empty_an_index_and_none_is_tolerated_when_told_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::new(&url_in(&folder)).await;
    model.write(&[book(1, "Un"), book(2, "Deux")]).await;
    model.rebuild().await;
    let all = poisoned(&model.source, |_| true);
    let failed = run(&model.rebuild_of(all)).await.expect_err("all refused");
    let text = failed.to_string();
    assert!(
        text.contains("every document of the kind is refused"),
        "{text}"
    );
    assert!(model.document("book", "b1").await.is_some());

    let one = poisoned(&model.source, |id| id == "b2");
    let mut strict = RebuildConfig::default();
    (strict.tolerate_percent, strict.tolerate_roots) = (0.0, 0);
    let strict = Rebuild::new(model.store().clone(), one, model.index.clone(), strict);
    let failed = run(&strict).await.expect_err("one refused").to_string();
    assert!(failed.contains("too many roots are refused"), "{failed}");
}

#[tokio::test]
async fn one_bad_row_stops_none_of_its_neighbours() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::new(&url_in(&folder)).await;
    let books: Vec<_> = (0..9).map(|id| book(id, "Titre")).collect();
    model.write(&books).await;
    let poisoned = poisoned(&model.source, |id| id == "b4");
    let report = run(&model.rebuild_of(poisoned.clone())).await;
    let report = report.expect("rebuilt");
    assert_eq!((report.indexed, report.rejected.len()), (9, 1));
    assert_eq!(report.rejected[0].0, book_root(4));
    let roots: Vec<Root> = (0..9).map(book_root).collect();
    let outcomes = model.indexer_of(poisoned).apply(&roots).await;
    for (id, outcome) in outcomes.expect("an answer").into_iter().enumerate() {
        match id {
            4 => assert!(matches!(outcome, Outcome::Rejected { .. }), "{outcome:?}"),
            id => assert_eq!(outcome, Outcome::Done, "b{id}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_interleaving_of_indexers_ends_in_the_newest_document_embedded() {
    let folder = tempfile::tempdir().expect("a folder");
    interleave(Model::new(&url_in(&folder)).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_interleaving_of_indexers_ends_in_the_newest_document_on_elasticsearch() -> Result<()> {
    if let Some(url) = server("elasticsearch9")? {
        interleave(Model::new(&url).await).await;
    }
    Ok(())
}

/// Four writers change the same few books and index them at once, through a source that answers
/// late at random.
async fn interleave(model: Model) {
    model.write(&[book(0, "Début")]).await;
    model.rebuild().await;
    let model = Arc::new(model);
    let write = |writer| tokio::spawn(change_and_index(model.clone(), writer));
    let writers: Vec<_> = (0..4).map(write).collect();
    for writer in writers {
        writer.await.expect("a writer ends well");
    }
    let mut reading = model.store().reading().await.expect("a reading");
    for id in (0..5).map(|id| format!("b{id}")) {
        let ids = std::slice::from_ref(&id);
        let rendered = model.source.render(&mut reading, "book", ids).await;
        let expected = match &rendered.expect("rendered")[0] {
            Rendered::Publishable(publishable) => {
                let document = publishable.document.get();
                let document: Json = serde_json::from_str(document).expect("JSON");
                document["title"].as_str().map(str::to_owned)
            }
            Rendered::Absent { .. } => None,
        };
        assert_eq!(model.title(&id).await, expected, "{id}");
    }
    model.clean().await;
}

async fn change_and_index(model: Arc<Model>, writer: usize) {
    let slow: Arc<dyn Source> = Arc::new(Slow(model.source.clone()));
    for turn in 0..15 {
        let id = (writer + turn) % 5;
        let hidden = (turn + writer).is_multiple_of(4);
        let until = hidden.then_some(Timestamp::UNIX_EPOCH);
        let book = book(id, &format!("Titre {writer} {turn}"));
        model
            .write(&[book.open(Timestamp::UNIX_EPOCH, until)])
            .await;
        let roots = [book_root(id), Root::new("author", "1")];
        let outcomes = model.indexer_of(slow.clone()).apply(&roots).await;
        for outcome in outcomes.expect("an answer") {
            assert!(matches!(outcome, Outcome::Done | Outcome::Superseded));
        }
    }
}

/// Fails for good on some ids, as a row would that cannot be read.
struct Poisoned {
    inner: Arc<dyn Source>,
    poison: fn(&str) -> bool,
}

fn poisoned(inner: &Arc<dyn Source>, poison: fn(&str) -> bool) -> Arc<dyn Source> {
    let inner = inner.clone();
    Arc::new(Poisoned { inner, poison })
}

#[async_trait]
impl Source for Poisoned {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn kinds(&self) -> &[Kind] {
        self.inner.kinds()
    }

    fn tables(&self) -> &[CapturedTable] {
        self.inner.tables()
    }

    async fn render(
        &self,
        reading: &mut Reading,
        kind: &str,
        ids: &[String],
    ) -> Result<Vec<Rendered>> {
        if kind == "book" && ids.iter().any(|id| (self.poison)(id)) {
            return Err(Error::corrupt("test.render", "a poisoned row"));
        }
        self.inner.render(reading, kind, ids).await
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

    fn tables(&self) -> &[CapturedTable] {
        self.0.tables()
    }

    async fn render(
        &self,
        reading: &mut Reading,
        kind: &str,
        ids: &[String],
    ) -> Result<Vec<Rendered>> {
        let pause = reading.now().subsec_nanosecond().unsigned_abs() % 30_000;
        let rendered = self.0.render(reading, kind, ids).await;
        tokio::time::sleep(Duration::from_micros(u64::from(pause))).await;
        rendered
    }
}
