//! Measures the line against named references in the same run; `dev/bench` builds and starts it.
//!
//! | figure | is | reference |
//! |---|---|---|
//! | `freshness` | ms from a commit to the new document by id | writing and reading the same document directly |
//! | `rebuild` | documents/s of a whole rebuild | a plain loop that writes the same documents, rendered beforehand |
//! | `middleware` | requests/s of a page of 20 videos | a bare hyper server that answers the same bytes |

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json, value::RawValue};
use shell::{IndexerSettings, QueueSink, index_changes};
use sixplay_core::{
    catalogue::{self, Catalogue, GenerateOptions},
    conformance,
    detector::{Detector, DetectorConfig},
    progress::Progress,
    source::{Kind, Source},
    store::Store,
};
use sixplay_index::{
    Index, Operation, Outcome,
    sync::{Indexer, Rebuild, RebuildConfig},
};
use sixplay_queue::{Queue, QueueConfig};
use tokio_util::sync::CancellationToken;

#[path = "bench/page.rs"]
mod page;

type Failed = Box<dyn std::error::Error + Send + Sync>;

const CHANGES: usize = 500;
const WARM_UP: usize = 20;
/// About 20,000 videos.
const PROGRAMS: usize = 1110;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["rebuild-only", store, index, prefix] => rebuild_only(store, index, prefix).await,
        ["serve-middleware", index] => page::serve_middleware(index).await,
        ["serve-bytes", file] => page::serve_bytes(Path::new(file)).await,
        ref figures => {
            let wanted = |figure| figures.is_empty() || figures.contains(&figure);
            if wanted("freshness") {
                freshness("embedded", &Place::embedded()?).await?;
                if let Some(place) = Place::services().await? {
                    freshness("services", &place).await?;
                    place.remove().await?;
                }
            }
            if wanted("rebuild") || wanted("middleware") {
                large(wanted("rebuild"), wanted("middleware")).await?;
            }
            Ok(())
        }
    }
}

/// Prints one figure for people and as JSON.
fn figure(name: &str, on: &str, numbers: &[(&str, f64)]) {
    let (mut shown, mut object) = (
        format!("{name:<11} {on:<9}"),
        json!({ "figure": name, "on": on }),
    );
    for (key, value) in numbers {
        shown += &format!("  {key} {value:.2}");
        object[*key] = json!(value);
    }
    println!("{shown}\n{object}");
}

/// Where a line has its tables, messages and documents; removed when dropped, the services' part by
/// [`Place::remove`].
struct Place {
    dir: tempfile::TempDir,
    database: Option<conformance::Scratch>,
    store: String,
    queue: String,
    index: String,
    prefix: String,
}

impl Place {
    fn embedded() -> Result<Self, Failed> {
        let dir = tempfile::tempdir()?;
        let at = |name: &str| format!("sqlite:{}", dir.path().join(name).display());
        let (store, queue, index) = (at("store.sqlite"), at("queue.sqlite"), at("index.sqlite"));
        Ok(Self {
            dir,
            database: None,
            store,
            queue,
            index,
            prefix: "sixplay".to_owned(),
        })
    }

    /// On MariaDB, RabbitMQ and Elasticsearch 9; `None` when one of them is skipped.
    async fn services() -> Result<Option<Self>, Failed> {
        let (maria, rabbit, elastic) = (
            conformance::server("mariadb")?,
            conformance::server("rabbitmq")?,
            conformance::server("elasticsearch9")?,
        );
        let (Some(maria), Some(queue), Some(index)) = (maria, rabbit, elastic) else {
            return Ok(None);
        };
        let database = conformance::database(&maria).await?;
        let store = database.url().to_owned();
        let prefix = format!(
            "bench-{}-{}",
            std::process::id(),
            jiff::Timestamp::now().as_millisecond()
        );
        Ok(Some(Self {
            dir: tempfile::tempdir()?,
            database: Some(database),
            store,
            queue,
            index,
            prefix,
        }))
    }

    /// The store, filled with an invented catalogue.
    async fn fill(&self, programs: usize) -> Result<Store, Failed> {
        let store = Store::connect(&self.store).await?;
        catalogue::migrate(&store).await?;
        store.install(&Catalogue::new()).await?;
        let options = GenerateOptions {
            programs,
            ..GenerateOptions::default()
        };
        let made = catalogue::generate(&store, &options, &Progress::new("generate", None)).await?;
        eprintln!("{} programs, {} videos", made.programs, made.videos);
        // the rebuild that follows reads what the load wrote
        store.discard_changes(Catalogue::new().name()).await?;
        Ok(store)
    }

    async fn queue(&self) -> Result<Queue, Failed> {
        let mut config = QueueConfig::new(&self.queue);
        config.prefix = format!("{}-", self.prefix);
        Ok(Queue::open(&config).await?)
    }

    async fn remove(self) -> Result<(), Failed> {
        if self.database.is_some() {
            let index = Index::connect(&self.index).await?;
            for info in index.list(&format!("{}-", self.prefix)).await? {
                index.remove(&info.name).await?;
            }
            let queue = self.queue().await?;
            for name in ["roots", "roots.dead"] {
                drop(queue.remove(name).await);
            }
        }
        Ok(())
    }
}

async fn freshness(on: &str, place: &Place) -> Result<(), Failed> {
    let (store, queue, index) = (
        place.fill(20).await?,
        place.queue().await?,
        Index::connect(&place.index).await?,
    );
    let source: Arc<dyn Source> = Arc::new(Catalogue::new());
    let indexer = Indexer::new(store.clone(), source.clone(), index.clone(), &place.prefix);
    let token = CancellationToken::new();
    Rebuild::new(indexer.clone(), RebuildConfig::default())
        .run(&Progress::new("rebuild", None), &token)
        .await?;

    queue.declare("roots").await?;
    let detector = Detector::new(store.clone(), source.clone(), DetectorConfig::default());
    let (sink, work) = (QueueSink(queue.clone()), token.clone());
    let detecting = tokio::spawn(async move { detector.run(&sink, work).await });
    let indexing = tokio::spawn(index_changes(
        queue.clone(),
        indexer,
        IndexerSettings::default(),
        Duration::from_secs(5),
        token.clone(),
    ));
    while backlog(&store).await? > 0 || queue.depth("roots").await? > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let alias = format!("{}-video", place.prefix);
    let documents = documents(&store, &index, kind(source.as_ref(), "video"), &alias).await?;
    let mut line = Vec::new();
    for (turn, (id, _)) in documents.iter().cycle().take(WARM_UP + CHANGES).enumerate() {
        let title = format!("Mesure {turn}");
        let mut transaction = store.begin().await?;
        transaction
            .execute_sql(
                &format!("UPDATE videos SET title = '{title}' WHERE id = '{id}'"),
                Vec::new(),
            )
            .await?;
        transaction.commit().await?;
        line.push(until_fresh(&index, &alias, id, &format!("\"title\":\"{title}\"")).await?);
    }
    token.cancel();
    detecting.await??;
    indexing.await??;

    let (live, mut floor) = (index.resolve(&alias).await?.ok_or("no index")?, Vec::new());
    for (id, document) in documents.iter().cycle().take(WARM_UP + CHANGES) {
        let put = Operation::Put {
            id: id.clone(),
            version: store.ticket().await?,
            document: document.clone(),
        };
        let began = Instant::now();
        let done = index.apply(&live, vec![put]).await?;
        index.get(&alias, &[id]).await?;
        floor.push(began.elapsed());
        assert!(matches!(done[..], [Outcome::Done]), "{done:?}");
    }
    let (p50, p99, floor) = (
        quantile(&mut line, 0.5),
        quantile(&mut line, 0.99),
        quantile(&mut floor, 0.5),
    );
    figure(
        "freshness",
        on,
        &[
            ("p50_ms", p50),
            ("p99_ms", p99),
            ("direct_write_p50_ms", floor),
            ("ratio", p50 / floor),
        ],
    );
    Ok(())
}

async fn backlog(store: &Store) -> Result<i64, Failed> {
    let rows = store
        .session()
        .await?
        .fetch_sql("SELECT COUNT(*) AS waiting FROM sixplay_change", Vec::new())
        .await?;
    Ok(rows[0].int("waiting")?)
}

async fn until_fresh(
    index: &Index,
    alias: &str,
    id: &str,
    title: &str,
) -> Result<Duration, Failed> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(20) {
        if index.get(alias, &[id]).await?[0]
            .as_ref()
            .is_some_and(|document| document.get().contains(title))
        {
            return Ok(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Err(format!("{id} is not fresh within 20 s").into())
}

/// In milliseconds, of all but the warm-up.
fn quantile(times: &mut Vec<Duration>, share: f64) -> f64 {
    if times.len() > CHANGES {
        times.drain(..WARM_UP);
        times.sort();
    }
    times[(times.len() as f64 * share) as usize].as_secs_f64() * 1e3
}

fn kind<'a>(source: &'a dyn Source, name: &str) -> &'a Kind {
    source
        .kinds()
        .iter()
        .find(|kind| kind.name == name)
        .expect("a kind of the catalogue")
}

/// What the index holds of a kind.
async fn documents(
    store: &Store,
    index: &Index,
    kind: &Kind,
    alias: &str,
) -> Result<Vec<(String, Box<RawValue>)>, Failed> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let ids = store.roots(kind, after.as_deref(), 200).await?;
        let Some(last) = ids.last() else {
            return Ok(found);
        };
        after = Some(last.clone());
        let got = index
            .get(alias, &ids.iter().map(String::as_str).collect::<Vec<_>>())
            .await?;
        found.extend(
            ids.into_iter()
                .zip(got)
                .filter_map(|(id, document)| Some((id, document?))),
        );
    }
}

async fn large(rebuilds: bool, pages: bool) -> Result<(), Failed> {
    let place = Place::embedded()?;
    let store = place.fill(PROGRAMS).await?;
    rebuild("embedded", &place, &store).await?;
    if pages {
        page::measure(&place, &store).await?;
    }
    if rebuilds && let Some(place) = Place::services().await? {
        let store = place.fill(PROGRAMS).await?;
        rebuild("services", &place, &store).await?;
        place.remove().await?;
    }
    Ok(())
}

async fn rebuild(on: &str, place: &Place, store: &Store) -> Result<(), Failed> {
    let out = output(Command::new(std::env::current_exe()?).args([
        "rebuild-only",
        &place.store,
        &place.index,
        &place.prefix,
    ]))?;
    let report: Value = serde_json::from_slice(&out.stdout)?;
    let number = |key: &str| report[key].as_f64().ok_or("no such number");
    let (source, live) = (Catalogue::new(), Index::connect(&place.index).await?);
    // not into the file that has the first copy
    let fresh = if place.database.is_some() {
        live.clone()
    } else {
        Index::connect(&format!("{}.plain", place.index)).await?
    };
    let (mut written, mut took) = (0, Duration::ZERO);
    for kind in source.kinds() {
        let alias = format!("{}-{}", place.prefix, kind.name);
        let documents = documents(store, &live, kind, &alias).await?;
        written += documents.len();
        let put = |(id, document)| Operation::Put {
            id,
            version: 1,
            document,
        };
        let mut operations = documents.into_iter().map(put);
        let (began, name) = (Instant::now(), format!("{alias}-plain"));
        fresh.create(&name, &kind.mapping, &BTreeMap::new()).await?;
        loop {
            let chunk: Vec<Operation> = operations.by_ref().take(200).collect();
            if chunk.is_empty() {
                break;
            }
            assert!(
                fresh
                    .apply(&name, chunk)
                    .await?
                    .iter()
                    .all(|outcome| matches!(outcome, Outcome::Done))
            );
        }
        fresh.refresh(&name).await?;
        took += began.elapsed();
    }
    let (rate, plain) = (
        number("indexed")? / number("seconds")?,
        written as f64 / took.as_secs_f64(),
    );
    let numbers = [
        ("documents", number("indexed")?),
        ("per_second", rate),
        ("plain_per_second", plain),
        ("ratio", rate / plain),
    ];
    figure(
        "rebuild",
        on,
        &[&numbers[..], &[("peak_rss_mb", number("peak_rss_mb")?)]].concat(),
    );
    Ok(())
}

async fn rebuild_only(store: &str, index: &str, prefix: &str) -> Result<(), Failed> {
    let (store, index) = (Store::connect(store).await?, Index::connect(index).await?);
    let began = Instant::now();
    let rebuild = Rebuild::new(
        Indexer::new(store, Arc::new(Catalogue::new()), index, prefix),
        RebuildConfig::default(),
    );
    let report = rebuild
        .run(&Progress::new("rebuild", None), &CancellationToken::new())
        .await?;
    let seconds = began.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"))
        .ok_or("no VmHWM")?;
    println!(
        "{}",
        json!({"indexed": report.indexed, "seconds": seconds, "peak_rss_mb": peak.parse::<f64>()? / 1024.0})
    );
    Ok(())
}

fn output(command: &mut Command) -> Result<Output, Failed> {
    let out = command.stderr(Stdio::inherit()).output()?;
    if out.status.success() {
        Ok(out)
    } else {
        Err(format!("{command:?}: {}", out.status).into())
    }
}
