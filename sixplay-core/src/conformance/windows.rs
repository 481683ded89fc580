//! Tickets and window boundaries.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;

use super::{Collector, Scratch, tiny};
use crate::{Detector, DetectorConfig, Due, Result, Root, Sink, Store};

/// Tickets strictly increase for every taker, and no two are the same, over two pools.
///
/// # Errors
/// As the store.
pub(super) async fn tickets_strictly_increase_under_concurrency(scratch: &Scratch) -> Result<()> {
    tiny::install(scratch.store()).await?;
    let mut takers = tokio::task::JoinSet::new();
    let other = Store::connect(scratch.url()).await?;
    for taker in 0..8 {
        let store = if taker % 2 == 0 {
            scratch.store().clone()
        } else {
            other.clone()
        };
        takers.spawn(async move {
            let mut taken = Vec::new();
            for _ in 0..25 {
                taken.push(store.reading().await?.ticket());
            }
            Ok::<_, crate::Error>(taken)
        });
    }
    let mut all = BTreeSet::new();
    for taken in takers.join_all().await {
        let taken = taken?;
        assert!(taken.is_sorted_by(|a, b| a < b), "{taken:?}");
        all.extend(taken);
    }
    assert_eq!(all.len(), 8 * 25);
    let next = scratch.store().reading().await?.ticket();
    assert!(all.last().is_some_and(|last| *last < next));
    Ok(())
}

struct Stage {
    store: Store,
    detector: Detector,
    sink: Collector,
    now: Timestamp,
}

impl Stage {
    async fn new(scratch: &Scratch) -> Result<Self> {
        Self::with(scratch, DetectorConfig::default()).await
    }

    async fn with(scratch: &Scratch, config: DetectorConfig) -> Result<Self> {
        let (store, tiny) = (
            scratch.store().clone(),
            tiny::install(scratch.store()).await?,
        );
        let now = store.now().await?;
        Ok(Self {
            detector: Detector::new(store.clone(), tiny, config),
            store,
            sink: Collector::default(),
            now,
        })
    }

    /// A boundary of book `id`, `seconds` from now.
    fn due(&self, id: &str, seconds: i64, ticket: i64) -> Due {
        Due {
            kind: "book".to_owned(),
            id: id.to_owned(),
            due_at: Some(self.now + jiff::SignedDuration::from_secs(seconds)),
            ticket,
        }
    }

    async fn set(&self, due: Due) -> Result<()> {
        self.store.set_due("tiny", &[due]).await
    }

    async fn fired(&self) -> Result<BTreeSet<String>> {
        self.detector.step(&self.sink).await?;
        Ok(self.sink.roots())
    }
}

fn roots<const N: usize>(roots: [&str; N]) -> BTreeSet<String> {
    roots.into_iter().map(str::to_owned).collect()
}

/// A window fires once, not before it is due; other sources' do not.
///
/// # Errors
/// As the store.
pub(super) async fn windows_fire_once_when_due(scratch: &Scratch) -> Result<()> {
    let stage = Stage::new(scratch).await?;
    let at = stage.now + Duration::from_millis(1500);
    let soon = Due {
        due_at: Some(at),
        ..stage.due("soon", 0, 1)
    };
    stage
        .store
        .set_due(
            "tiny",
            &[stage.due("past", -5, 1), stage.due("future", 3600, 1), soon],
        )
        .await?;
    stage
        .store
        .set_due("other", &[stage.due("elsewhere", -5, 1)])
        .await?;
    let mut fired = BTreeSet::new();
    while !fired.contains("book:soon") {
        let more = stage.fired().await?;
        assert!(fired.is_disjoint(&more), "a window fired twice");
        fired.extend(more);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(stage.store.now().await? >= at, "it fired early");
    assert_eq!(fired, roots(["book:past", "book:soon"]));
    assert_eq!(stage.fired().await?, roots([]));
    Ok(())
}

/// The boundary with the highest ticket is the one that counts, in whatever order they are set;
/// also the one that is none.
///
/// # Errors
/// As the store.
pub(super) async fn the_highest_ticket_decides_the_boundary(scratch: &Scratch) -> Result<()> {
    let stage = Stage::new(scratch).await?;
    stage.set(stage.due("a", 3600, 5)).await?;
    stage.set(stage.due("a", -5, 4)).await?;
    assert_eq!(stage.fired().await?, roots([]));
    stage.set(stage.due("a", -5, 5)).await?;
    assert_eq!(stage.fired().await?, roots(["book:a"]));

    stage
        .set(Due {
            due_at: None,
            ..stage.due("b", 0, 7)
        })
        .await?;
    stage.set(stage.due("b", -5, 6)).await?;
    assert_eq!(stage.fired().await?, roots([]));
    let both = [
        stage.due("b", -5, 9),
        stage.due("b", 3600, 8),
        stage.due("B", 3600, 9),
    ];
    stage.store.set_due("tiny", &both).await?;
    assert_eq!(
        stage.fired().await?,
        roots(["book:b"]),
        "of one call too, and ids differ by case"
    );
    Ok(())
}

/// Sets a boundary while the one before is being delivered.
struct Rerender<'a>(&'a Stage, i64);

#[async_trait::async_trait]
impl Sink for Rerender<'_> {
    async fn deliver(&self, _: &[Root]) -> Result<()> {
        self.0.set(self.0.due("a", self.1, 2)).await
    }
}

/// A boundary set between the claim and its deletion stays, whether it is past or to come.
///
/// # Errors
/// As the store.
pub(super) async fn a_boundary_set_during_delivery_stays(scratch: &Scratch) -> Result<()> {
    let stage = Stage::new(scratch).await?;
    stage.set(stage.due("a", -5, 1)).await?;
    assert_eq!(stage.detector.step(&Rerender(&stage, -1)).await?, 1);
    assert_eq!(
        stage.detector.step(&Rerender(&stage, 3600)).await?,
        1,
        "the one that is past fires"
    );
    let due = stage
        .store
        .read_once()
        .await?
        .fetch_sql("SELECT due_us, ticket FROM sixplay_window_due", Vec::new())
        .await?;
    let expected = stage.now + jiff::SignedDuration::from_secs(3600);
    assert_eq!(
        (due[0].int("due_us")?, due[0].int("ticket")?),
        (expected.as_microsecond(), 2),
        "the one to come stays"
    );
    Ok(())
}

/// A refused delivery comes again, at once; a thousand windows that open together all fire, a batch
/// in each round.
///
/// # Errors
/// As the store.
pub(super) async fn refused_and_simultaneous_windows_all_fire(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with(
        scratch,
        DetectorConfig {
            batch: 500,
            ..DetectorConfig::default()
        },
    )
    .await?;
    let dues: Vec<_> = (0..1200)
        .map(|n| stage.due(&format!("n{n}"), -5, n % 300))
        .collect();
    stage.store.set_due("tiny", &dues).await?;
    stage.sink.refuse(true);
    assert!(stage.detector.step(&stage.sink).await.is_err());
    stage.sink.refuse(false);
    let mut handled = Vec::new();
    while let Some(count) = Some(stage.detector.step(&stage.sink).await?).filter(|count| *count > 0)
    {
        handled.push(count);
    }
    assert_eq!(handled, [500, 500, 200]);
    assert_eq!(stage.sink.roots().len(), 1200);
    Ok(())
}

/// Boundaries may be set by many while detectors claim them: nothing deadlocks for good, and every
/// root fires.
///
/// # Errors
/// As the store.
pub(super) async fn concurrent_setters_and_claimers_agree(scratch: &Scratch) -> Result<()> {
    let stage = Stage::new(scratch).await?;
    let set = async |setter: i64| -> Result<()> {
        for round in 0..10 {
            let dues: Vec<_> = (0..60)
                .map(|n| {
                    stage.due(
                        &format!("n{}", (n * 7 + setter) % 60),
                        -5,
                        round * 10 + setter,
                    )
                })
                .collect();
            stage.store.set_due("tiny", &dues).await?;
        }
        Ok(())
    };
    let claim = async || -> Result<()> {
        for _ in 0..15 {
            if let Err(error) = stage.detector.step(&stage.sink).await
                && !error.is_transient()
            {
                return Err(error);
            }
        }
        Ok(())
    };
    let (a, b, c, d) = tokio::join!(set(1), set(2), claim(), claim());
    a.and(b).and(c).and(d)?;
    while stage.detector.step(&stage.sink).await? > 0 {}
    assert_eq!(stage.sink.roots().len(), 60);
    Ok(())
}
