//! From a commit to the new document by id.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::value::RawValue;
use sixplay_catalogue::{Catalogue, documents};
use sixplay_core::{CancellationToken, Detector, DetectorConfig, Source, Store};
use sixplay_index::{Index, Indexer, IndexerConfig, Operation, Outcome, Rebuild, RebuildConfig};
use sixplay_queue::{Queue, Roots};
use tokio::task::JoinHandle;

use crate::{
    Failed,
    place::{Place, indexed_documents, kind_named},
    print_figure,
};

const CHANGES: usize = 500;
const WARM_UP: usize = 20;

type Documents = [(String, Box<RawValue>)];

pub(crate) async fn measure(on: &str, place: &Place) -> Result<(), Failed> {
    let (store, index) = (place.fill(20).await?, place.open_index().await?);
    let line = Line {
        source: Arc::new(Catalogue::new()),
        store,
        index,
        queue: place.open_queue().await?,
    };
    line.rebuild().await?;
    let running = line.start().await?;
    let kind = kind_named(line.source.as_ref(), documents::VIDEO);
    let documents = indexed_documents(&line.store, &line.index, kind).await?;
    let alias = line.index.alias(kind.name);
    let fresh = change_titles(&line.store, &line.index, &alias, &documents).await?;
    running.stop().await?;
    let direct = write_directly(&line.store, &line.index, &alias, &documents).await?;
    print_times(on, fresh, direct);
    Ok(())
}

fn print_times(on: &str, mut fresh: Vec<Duration>, mut direct: Vec<Duration>) {
    let (p50, p99) = (quantile(&mut fresh, 0.5), quantile(&mut fresh, 0.99));
    let floor = quantile(&mut direct, 0.5);
    let numbers = [
        ("p50_ms", p50),
        ("p99_ms", p99),
        ("direct_write_p50_ms", floor),
        ("ratio", p50 / floor),
    ];
    print_figure("freshness", on, &numbers);
}

/// What the detector and the indexer work on.
struct Line {
    source: Arc<dyn Source>,
    store: Store,
    index: Index,
    queue: Queue,
}

impl Line {
    async fn rebuild(&self) -> Result<(), Failed> {
        let (store, index) = (self.store.clone(), self.index.clone());
        let config = RebuildConfig::default();
        let rebuild = Rebuild::new(store, self.source.clone(), index, config);
        rebuild.run(&(), &CancellationToken::new()).await?;
        Ok(())
    }

    /// Starts detector and indexer and waits until they have nothing to do.
    async fn start(&self) -> Result<Running, Failed> {
        self.queue.declare(Roots::QUEUE).await?;
        let token = CancellationToken::new();
        let tasks = [
            self.detect(token.clone()),
            self.index_changes(token.clone()),
        ];
        while logged_changes(&self.store).await? > 0 || self.queue.depth(Roots::QUEUE).await? > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(Running { token, tasks })
    }

    fn detect(&self, token: CancellationToken) -> Task {
        let config = DetectorConfig::default();
        let detector = Detector::new(self.store.clone(), self.source.clone(), config);
        let roots = Roots::new(self.queue.clone());
        tokio::spawn(async move { detector.run(&roots, token).await })
    }

    fn index_changes(&self, token: CancellationToken) -> Task {
        let (store, index) = (self.store.clone(), self.index.clone());
        let indexer = Indexer::new(store, self.source.clone(), index);
        let (config, grace) = (IndexerConfig::default(), Duration::from_secs(5));
        let mut feed = Roots::new(self.queue.clone()).feed(config.batch, config.linger);
        tokio::spawn(async move { indexer.run(&mut feed, &config, grace, token).await })
    }
}

type Task = JoinHandle<sixplay_core::Result<()>>;

struct Running {
    token: CancellationToken,
    tasks: [Task; 2],
}

impl Running {
    async fn stop(self) -> Result<(), Failed> {
        self.token.cancel();
        for task in self.tasks {
            task.await??;
        }
        Ok(())
    }
}

async fn logged_changes(store: &Store) -> Result<i64, Failed> {
    let count = "SELECT COUNT(*) AS waiting FROM sixplay_change";
    let rows = store.read().await?.fetch_sql(count, Vec::new()).await?;
    Ok(rows[0].int("waiting")?)
}

async fn change_titles(
    store: &Store,
    index: &Index,
    alias: &str,
    documents: &Documents,
) -> Result<Vec<Duration>, Failed> {
    let mut times = Vec::new();
    let turns = documents.iter().cycle().take(WARM_UP + CHANGES);
    for (turn, (id, _)) in turns.enumerate() {
        let title = format!("Mesure {turn}");
        let sql = format!("UPDATE videos SET title = '{title}' WHERE id = '{id}'");
        let mut transaction = store.write().await?;
        transaction.execute_sql(&sql, Vec::new()).await?;
        transaction.commit().await?;
        let expected = format!("\"title\":\"{title}\"");
        times.push(until_fresh(index, alias, id, &expected).await?);
    }
    Ok(times)
}

async fn until_fresh(
    index: &Index,
    alias: &str,
    id: &str,
    expected: &str,
) -> Result<Duration, Failed> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        let found = index.get(alias, &[id]).await?;
        let fresh = |document: &RawValue| document.get().contains(expected);
        if found[0].as_deref().is_some_and(fresh) {
            return Ok(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Err(format!("{id} is not fresh within 20 s").into())
}

async fn write_directly(
    store: &Store,
    index: &Index,
    alias: &str,
    documents: &Documents,
) -> Result<Vec<Duration>, Failed> {
    let live = index.resolve(alias).await?.ok_or("no index")?;
    let mut times = Vec::new();
    for (id, document) in documents.iter().cycle().take(WARM_UP + CHANGES) {
        let version = store.reading().await?.ticket();
        let put = Operation::put(id.clone(), version, document.clone());
        let began = Instant::now();
        let done = index.apply(&live, vec![put]).await?;
        index.get(alias, &[id]).await?;
        times.push(began.elapsed());
        assert!(matches!(done[..], [Outcome::Done]), "{done:?}");
    }
    Ok(times)
}

/// In milliseconds, of all but the warm-up.
fn quantile(times: &mut Vec<Duration>, share: f64) -> f64 {
    if times.len() > CHANGES {
        times.drain(..WARM_UP);
        times.sort();
    }
    times[(times.len() as f64 * share) as usize].as_secs_f64() * 1e3
}
