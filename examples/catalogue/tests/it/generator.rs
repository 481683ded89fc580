//! The generated catalogue: the same for the same seed, in the proportions of the real one.

use std::{collections::BTreeMap, time::Instant};

use serde_json::Value;
use sixplay_catalogue::{Catalogue, StoredBody, Viewer};
use sixplay_core::{ErrorKind, Publishable, Rendered, Result, Source, Store, conformance::Backend};

use super::{empty, exported, generated, now, viewer};

sixplay_core::on_every_database! {
    of_two_that_generate_at_once_one_does
}

async fn of_two_that_generate_at_once_one_does(backend: Backend) -> Result<()> {
    let Some(scratch) = empty(backend).await? else {
        return Ok(());
    };
    let other = Store::connect(scratch.url()).await?;
    let (one, two) = tokio::join!(generated(scratch.store(), 3, 1), generated(&other, 4, 2));
    let count = counts(&other, "SELECT 'all' AS name, COUNT(*) AS n FROM programs").await?;
    let (done, failed) = if one.is_ok() { (one, two) } else { (two, one) };
    assert_eq!(count["all"].unsigned_abs(), done?.programs);
    let error = failed.expect_err("both generated");
    assert!(
        error.kind() == ErrorKind::Conflict || error.is_transient(),
        "{error}"
    );
    other.close().await;
    Ok(())
}

#[tokio::test]
async fn equal_seeds_give_equal_catalogues() -> Result<()> {
    let mut exports = Vec::new();
    for seed in [7, 7, 8] {
        let Some(scratch) = empty(Backend::Sqlite).await? else {
            return Ok(());
        };
        generated(scratch.store(), 3, seed).await?;
        exports.push(exported(scratch.store()).await?);
    }
    assert!(exports[0] == exports[1]);
    assert!(exports[0] != exports[2]);
    Ok(())
}

#[tokio::test]
async fn the_default_has_the_proportions_of_the_real_one_in_little_time() -> Result<()> {
    let Some(scratch) = empty(Backend::Sqlite).await? else {
        return Ok(());
    };
    let began = Instant::now();
    let made = generated(scratch.store(), 300, 6).await?;
    eprintln!("{} videos in {:?}", made.videos, began.elapsed());
    assert!(
        made.programs == 300 && (5_000..8_000).contains(&made.videos),
        "{made:?}"
    );
    let types = counts(
        scratch.store(),
        "SELECT type AS name, COUNT(*) AS n FROM videos GROUP BY type",
    )
    .await?;
    assert!(
        types["vi"] > types["vc"] && types["vc"] > types["playlist"] && types["playlist"] > 100,
        "{types:?}"
    );
    let videos = rendered(scratch.store(), "video").await?;
    let reasons = videos.iter().fold(
        BTreeMap::new(),
        |mut reasons: BTreeMap<&str, u64>, (_, rendered)| {
            *reasons
                .entry(if let Rendered::Absent { reason, .. } = rendered {
                    reason
                } else {
                    "visible"
                })
                .or_default() += 1;
            reasons
        },
    );
    let share =
        |reason: &str| reasons.get(reason).copied().unwrap_or_default() as f64 / made.videos as f64;
    assert!(
        share("visible") > 0.9
            && (0.01..0.06).contains(&share("expired"))
            && (0.01..0.06).contains(&share("not_yet")),
        "{reasons:?}"
    );
    let soon =
        |rendered: &Rendered| next_change(rendered).is_some_and(|at| at - now().as_second() < 1800);
    let clips = videos.iter().filter(|(id, _)| id.starts_with("clip_"));
    assert_eq!(
        clips.filter(|(_, rendered)| soon(rendered)).count(),
        20,
        "videos that open and close all the time"
    );
    sizes_and_qualities(&videos);
    let programs = rendered(scratch.store(), "program").await?;
    assert!(
        programs
            .iter()
            .filter(|(_, rendered)| matches!(rendered, Rendered::Publishable(_)))
            .count()
            > 290
    );
    Ok(())
}

fn next_change(rendered: &Rendered) -> Option<i64> {
    match rendered {
        Rendered::Publishable(document) => document.next_change_at,
        Rendered::Absent { next_change_at, .. } => *next_change_at,
    }
    .map(|instant| instant.as_second())
}

/// Bodies are as large as real ones, and the television clients find a file of a quality they know.
fn sizes_and_qualities(videos: &[(String, Rendered)]) {
    let (mut sizes, mut without) = (Vec::new(), 0);
    for document in videos
        .iter()
        .step_by(20)
        .filter_map(|(_, rendered)| visible(rendered))
    {
        let document: Value = serde_json::from_str(document.document.get()).expect("JSON");
        let body = serde_json::value::to_raw_value(&document["body"]).expect("JSON");
        let body = StoredBody::read(&body).expect("a body");
        let service = document["windows"][0]["services"][0].as_str();
        let service = service.expect("a code");
        let wire = |platform| {
            let viewer = Viewer {
                service,
                ..viewer(platform)
            };
            body.compose(&viewer, &["clips", "freemiumpacks"])
                .expect("an object")
        };
        if document["type"] == "vi" {
            sizes.push(wire("m6group_web").len());
        }
        for platform in ["chromecast", "m6group_androidmob"] {
            let wire: Value = serde_json::from_slice(&wire(platform)).expect("JSON");
            let assets = wire["clips"][0]["assets"].as_array().expect("a list");
            let known = |asset: &Value| {
                asset["type"] == "usp_dashcenc_h264"
                    && (asset["video_quality"] == "sd" || asset["video_quality"] == "hd")
            };
            without += u64::from(assets.is_empty());
            assert!(assets.is_empty() || assets.iter().any(known), "{document}");
        }
    }
    sizes.sort_unstable();
    let median = sizes[sizes.len() / 2];
    assert!(
        (5_000..12_000).contains(&median),
        "the median body has {median} bytes"
    );
    assert!(without > 0, "some clips have no file");
}

fn visible(rendered: &Rendered) -> Option<&Publishable> {
    if let Rendered::Publishable(document) = rendered {
        Some(document)
    } else {
        None
    }
}

async fn counts(store: &Store, sql: &str) -> Result<BTreeMap<String, i64>> {
    let rows = store.read().await?.fetch_sql(sql, Vec::new()).await?;
    rows.iter()
        .map(|row| Ok((row.text("name")?, row.int("n")?)))
        .collect()
}

/// Every root of a kind and what it is now.
pub(super) async fn rendered(store: &Store, kind: &str) -> Result<Vec<(String, Rendered)>> {
    let source = Catalogue::new();
    let kind = source
        .kinds()
        .iter()
        .find(|known| known.name == kind)
        .expect("a kind");
    let (mut all, mut after) = (Vec::new(), None::<String>);
    loop {
        let ids = store.roots(kind, after.as_deref(), 500).await?;
        let Some(last) = ids.last() else {
            return Ok(all);
        };
        after = Some(last.clone());
        let mut snapshot = store.read().await?;
        let rendered = source.render_at(&mut snapshot, kind.name, &ids, now());
        let rendered = rendered.await?;
        all.extend(ids.into_iter().zip(rendered));
    }
}
