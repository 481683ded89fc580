//! How roots come to the indexer: straight from a detector, or from a feed.

use std::{collections::VecDeque, future::pending, time::Duration};

use async_trait::async_trait;
use sixplay_core::{
    CancellationToken, Detector, DetectorConfig, Error, ErrorKind, Feed, Result, Root, Sink, Store,
    Taken, Token, Verdict,
};
use sixplay_index::{IndexConfig, IndexerConfig};
use tempfile::TempDir;

use crate::{
    embedded::url_in,
    model::{Model, book, book_root},
};

/// A model with an index that waits for nobody long, and its detector.
async fn hasty_model(folder: &TempDir) -> (Model, Detector) {
    model_with_deadline(folder, Duration::from_millis(500)).await
}

async fn model_with_deadline(folder: &TempDir, deadline: Duration) -> (Model, Detector) {
    let mut config = IndexConfig::new(url_in(folder));
    config.bulk_deadline = deadline;
    let model = Model::open(&config).await;
    let (store, source) = (model.store().clone(), model.source.clone());
    (
        model,
        Detector::new(store, source, DetectorConfig::default()),
    )
}

async fn lock_index(folder: &TempDir) -> sixplay_core::Transaction {
    let other = Store::connect(&url_in(folder)).await.expect("connected");
    other.write().await.expect("a transaction")
}

#[tokio::test]
async fn a_detector_feeds_the_indexer_without_a_queue() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, detector) = hasty_model(&folder).await;
    let indexer = model.indexer();
    model.rebuild().await;
    model.write(&[book(1, "Un"), book(2, "Deux")]).await;
    assert!(detector.step(&indexer).await.expect("delivered") > 0);
    assert_eq!(model.title("b2").await.as_deref(), Some("Deux"));
    model.write(&[book(2, "Second")]).await;
    detector.step(&indexer).await.expect("delivered");
    assert_eq!(model.title("b2").await.as_deref(), Some("Second"));
    let author = model.document("author", "1").await.expect("a document");
    assert_eq!(author["titles"], serde_json::json!(["Un", "Second"]));
    assert_eq!(detector.step(&indexer).await.expect("nothing"), 0);
}

#[tokio::test]
async fn what_an_index_that_is_away_missed_comes_when_it_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, detector) = hasty_model(&folder).await;
    let indexer = model.indexer();
    model.write(&[book(1, "Un")]).await;
    let error = detector.step(&indexer).await.expect_err("no index yet");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    model.rebuild().await;

    model.write(&[book(1, "Premier")]).await;
    let lock = lock_index(&folder).await;
    let error = detector.step(&indexer).await.expect_err("locked");
    assert!(error.is_transient(), "{error}");
    assert_eq!(model.title("b1").await.as_deref(), Some("Un"));
    drop(lock);
    assert!(detector.step(&indexer).await.expect("delivered") > 0);
    assert_eq!(model.title("b1").await.as_deref(), Some("Premier"));
}

#[tokio::test]
async fn a_root_that_can_never_be_indexed_does_not_block_the_detector() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, _) = hasty_model(&folder).await;
    model.write(&[book(1, "Un")]).await;
    model.rebuild().await;
    model.write(&[book(1, "Premier")]).await;
    let roots = [Root::new("chapter", "1"), book_root(1)];
    model.indexer().deliver(&roots).await.expect("accepted");
    assert_eq!(model.title("b1").await.as_deref(), Some("Premier"));
}

#[tokio::test]
async fn roots_from_a_feed_are_settled_one_by_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, _) = hasty_model(&folder).await;
    model.rebuild().await;
    model.write(&[book(1, "Un"), book(2, "Deux")]).await;
    let chapter = Root::new("chapter", "1");
    let mut feed = ListFeed::of([book_root(1), chapter, book_root(2)]);
    run_to_the_end(&model, &mut feed, 2).await;

    assert_eq!(feed.takes[..2], [2, 1], "in batches");
    assert_eq!(feed.verdict(0), [Verdict::Done]);
    let [Verdict::Dead(reason)] = &feed.verdict(1)[..] else {
        panic!("{:?}", feed.settled)
    };
    assert!(reason.contains("chapter"), "{reason}");
    assert_eq!(feed.verdict(2), [Verdict::Done]);
    assert!(feed.closed && feed.waiting.is_empty());
    assert_eq!(model.title("b2").await.as_deref(), Some("Deux"));
}

#[tokio::test]
async fn roots_come_again_while_no_index_is_live_or_the_index_is_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, _) = hasty_model(&folder).await;
    model.write(&[book(1, "Un")]).await;
    let mut feed = ListFeed::of([book_root(1)]);
    let again = feed.again.clone();
    let heal = async {
        again.cancelled().await;
        model.rebuild().await;
    };
    tokio::join!(run_to_the_end(&model, &mut feed, 8), heal);
    let mut before = feed.verdict(0);
    assert_eq!(before.pop(), Some(Verdict::Done));
    assert!(!before.is_empty() && before.iter().all(|verdict| *verdict == Verdict::Again));
    assert!(before.len() < 20, "the pauses grow: {}", before.len());

    model.write(&[book(1, "Premier")]).await;
    let mut feed = ListFeed::of([book_root(1)]);
    let (lock, again) = (lock_index(&folder).await, feed.again.clone());
    let heal = async {
        again.cancelled().await;
        drop(lock);
    };
    tokio::join!(run_to_the_end(&model, &mut feed, 8), heal);
    assert_eq!(feed.verdict(0).last(), Some(&Verdict::Done));
    assert_eq!(feed.verdict(0)[0], Verdict::Again, "the whole batch failed");
    assert_eq!(model.title("b1").await.as_deref(), Some("Premier"));
}

#[tokio::test]
async fn a_feed_that_fails_is_asked_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, _) = hasty_model(&folder).await;
    model.rebuild().await;
    model.write(&[book(1, "Un")]).await;
    let mut feed = ListFeed::of([book_root(1)]);
    feed.failures = 3;
    run_to_the_end(&model, &mut feed, 8).await;
    assert_eq!(feed.verdict(0), [Verdict::Done]);
}

#[tokio::test]
async fn a_stopped_indexer_ends_its_batch_within_the_grace_or_gives_it_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, _) = model_with_deadline(&folder, Duration::from_secs(10)).await;
    model.rebuild().await;
    model.write(&[book(1, "Un")]).await;
    let stopped_within = async |grace: Duration| {
        let mut feed = ListFeed::of([book_root(1)]);
        let lock = lock_index(&folder).await;
        let (indexer, token) = (model.indexer(), CancellationToken::new());
        let config = IndexerConfig::default();
        let stop = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            token.cancel();
            tokio::time::sleep(Duration::from_millis(50)).await;
            drop(lock);
        };
        let run = indexer.run(&mut feed, &config, grace, token.clone());
        tokio::join!(run, stop).0.expect("closed");
        assert!(feed.closed);
        feed.settled
    };
    let settled = stopped_within(Duration::from_secs(5)).await;
    assert_eq!(settled, [(Token(0), Verdict::Done)]);
    let settled = stopped_within(Duration::ZERO).await;
    assert!(settled.is_empty(), "{settled:?}");
}

/// Runs the indexer until all roots are settled for good.
async fn run_to_the_end(model: &Model, feed: &mut ListFeed, batch: u16) {
    let (indexer, mut config) = (model.indexer(), IndexerConfig::default());
    config.batch = batch;
    let grace = Duration::from_secs(1);
    let empty = feed.empty.clone();
    let run = indexer.run(feed, &config, grace, empty);
    let run = tokio::time::timeout(Duration::from_secs(20), run).await;
    run.expect("ends").expect("closed");
}

/// Gives out the roots of a list; those to come again go to its end.
#[derive(Default)]
struct ListFeed {
    waiting: VecDeque<Taken>,
    lent: Vec<Taken>,
    /// How many roots each call took.
    takes: Vec<usize>,
    settled: Vec<(Token, Verdict)>,
    /// How many calls fail before the next succeeds.
    failures: usize,
    closed: bool,
    /// Cancelled when a root has to come again.
    again: CancellationToken,
    /// Cancelled when all roots are settled for good.
    empty: CancellationToken,
}

impl ListFeed {
    fn of<const N: usize>(roots: [Root; N]) -> Self {
        let numbered = roots.into_iter().zip(0..);
        let taken = |(root, number)| Taken {
            token: Token(number),
            root,
        };
        Self {
            waiting: numbered.map(taken).collect(),
            ..Self::default()
        }
    }

    /// What became of the root, in order.
    fn verdict(&self, number: u64) -> Vec<Verdict> {
        let settled = self.settled.iter();
        let of_root = settled.filter(|(token, _)| *token == Token(number));
        of_root.map(|(_, verdict)| verdict.clone()).collect()
    }
}

#[async_trait]
impl Feed for ListFeed {
    async fn take(&mut self, max: usize) -> Result<Vec<Taken>> {
        if self.failures > 0 {
            self.failures -= 1;
            return Err(Error::unavailable("feed.take", "away"));
        }
        let count = max.min(self.waiting.len());
        if count == 0 {
            return pending().await;
        }
        self.takes.push(count);
        self.lent = self.waiting.drain(..count).collect();
        Ok(self.lent.clone())
    }

    async fn settle(&mut self, verdicts: Vec<(Token, Verdict)>) -> Result<()> {
        for (token, verdict) in verdicts {
            let lent = self.lent.iter().position(|taken| taken.token == token);
            let taken = self.lent.remove(lent.expect("lent"));
            if verdict == Verdict::Again {
                self.waiting.push_back(taken);
                self.again.cancel();
            }
            self.settled.push((token, verdict));
        }
        if self.waiting.is_empty() && self.lent.is_empty() {
            self.empty.cancel();
        }
        Ok(())
    }

    async fn close(&mut self) -> Result<()> {
        self.closed = true;
        self.waiting.extend(self.lent.drain(..));
        Ok(())
    }
}
