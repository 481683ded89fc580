//! A whole rebuild, in a process of its own, against a plain loop of the same documents.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json, value::RawValue};
use sixplay_catalogue::Catalogue;
use sixplay_core::{CancellationToken, Kind, Source, Store};
use sixplay_index::{Index, Operation, Outcome, Rebuild, RebuildConfig};

use crate::{
    Failed,
    place::{self, Place, indexed_documents, open_index},
    print_figure,
};

pub(crate) async fn measure(on: &str, place: &Place, store: &Store) -> Result<(), Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["rebuild-only", &place.store, &place.index, &place.prefix]);
    let report: Value = serde_json::from_slice(&place::run(&mut command)?.stdout)?;
    let number = |key: &str| report[key].as_f64().ok_or("no such number");
    let rate = number("indexed")? / number("seconds")?;
    let plain = plain_rate(place, store).await?;
    let numbers = [
        ("documents", number("indexed")?),
        ("per_second", rate),
        ("plain_per_second", plain),
        ("ratio", rate / plain),
        ("peak_rss_mb", number("peak_rss_mb")?),
    ];
    print_figure("rebuild", on, &numbers);
    Ok(())
}

/// Documents a second of a loop that writes what the index holds once more.
async fn plain_rate(place: &Place, store: &Store) -> Result<f64, Failed> {
    let live = place.open_index().await?;
    // not into the file that has the first copy
    let fresh = match place.database {
        Some(_) => live.clone(),
        None => Index::connect(&format!("{}.plain", place.index)).await?,
    };
    let (mut written, mut took) = (0, Duration::ZERO);
    for kind in Catalogue::new().kinds() {
        let documents = indexed_documents(store, &live, kind).await?;
        written += documents.len();
        let name = format!("{}-plain", live.alias(kind.name));
        took += write_all(&fresh, &name, kind, documents).await?;
    }
    Ok(written as f64 / took.as_secs_f64())
}

async fn write_all(
    index: &Index,
    name: &str,
    kind: &Kind,
    documents: Vec<(String, Box<RawValue>)>,
) -> Result<Duration, Failed> {
    let puts = documents
        .into_iter()
        .map(|(id, document)| Operation::put(id, 1, document));
    let mut puts = puts.peekable();
    let began = Instant::now();
    index.create(name, &kind.mapping, &BTreeMap::new()).await?;
    while puts.peek().is_some() {
        let chunk: Vec<Operation> = puts.by_ref().take(200).collect();
        let outcomes = index.apply(name, chunk).await?;
        assert!(
            outcomes
                .iter()
                .all(|outcome| matches!(outcome, Outcome::Done))
        );
    }
    index.refresh(name).await?;
    Ok(began.elapsed())
}

pub(crate) async fn run_alone(store: &str, index: &str, prefix: &str) -> Result<(), Failed> {
    let (store, index) = (
        Store::connect(store).await?,
        open_index(index, prefix).await?,
    );
    let began = Instant::now();
    let source = Arc::new(Catalogue::new());
    let rebuild = Rebuild::new(store, source, index, RebuildConfig::default());
    let report = rebuild.run(&(), &CancellationToken::new()).await?;
    let seconds = began.elapsed().as_secs_f64();
    let (indexed, peak_rss_mb) = (report.indexed, peak_rss_mb()?);
    let line = json!({"indexed": indexed, "seconds": seconds, "peak_rss_mb": peak_rss_mb});
    println!("{line}");
    Ok(())
}

fn peak_rss_mb() -> Result<f64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = |line: &str| {
        Some(
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .to_owned(),
        )
    };
    let peak = status.lines().find_map(peak).ok_or("no VmHWM")?;
    Ok(peak.parse::<f64>()? / 1024.0)
}
