//! Detectors together deliver every change, whatever becomes of one of them or of the sink.

use std::{collections::BTreeSet, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{
    Scratch,
    stage::{Stage, backlog, roots},
    tiny::{self, Book},
};
use crate::{DetectorConfig, Error, Result, Root, Sink, Store, Transaction};

/// Detectors that run at once, with writers at work, together deliver every change.
///
/// # Errors
/// As the store.
pub(super) async fn two_detectors_lose_nothing(scratch: &Scratch) -> Result<()> {
    let stage = Stage::new(scratch).await?;
    let config = DetectorConfig {
        batch: 7,
        ..DetectorConfig::default()
    };
    let (one, two, token) = (
        stage.detector(config.clone()),
        stage.detector(config),
        CancellationToken::new(),
    );
    let writes = async |from: i64| -> Result<()> {
        for id in from..from + 100 {
            retried(&stage.store, async |transaction| {
                tiny::put_books(transaction, &[Book::new(format!("b{id}"), id, "T")]).await?;
                tiny::put_author(transaction, id, "A").await
            })
            .await?;
        }
        Ok(())
    };
    let work = async {
        let (first, second) = tokio::join!(writes(1), writes(101));
        first.and(second)?;
        while backlog(&stage.store).await? > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        token.cancel();
        Ok(())
    };
    let (one, two, work) = tokio::join!(
        one.run(&stage.sink, token.clone()),
        two.run(&stage.sink, token.clone()),
        work
    );
    one.and(two).and(work)?;
    let expected = (1..=200)
        .flat_map(|id| [format!("author:{id}"), format!("book:b{id}")])
        .collect();
    assert_eq!(stage.sink.roots(), expected);
    Ok(())
}

/// Runs a transaction as a careful writer does: again after a deadlock.
async fn retried(store: &Store, work: impl AsyncFn(&mut Transaction) -> Result<()>) -> Result<()> {
    loop {
        let mut transaction = store.write().await?;
        match work(&mut transaction).await {
            Ok(()) => return transaction.commit().await,
            Err(error) if error.is_transient() => {}
            Err(error) => return Err(error),
        }
    }
}

/// A refused delivery comes again, at once.
///
/// # Errors
/// As the store.
pub(super) async fn a_refusing_sink_loses_nothing(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    stage.run("UPDATE tiny_author SET name = 'Eve'").await?;
    stage.sink.refuse(true);
    for _ in 0..3 {
        assert!(
            stage
                .detector
                .step(&stage.sink)
                .await
                .is_err_and(|error| error.is_transient())
        );
    }
    stage.sink.refuse(false);
    assert_eq!(
        stage.detected().await?,
        roots(["author:1", "author:2", "book:b1"])
    );
    Ok(())
}

/// Says that it was reached, then waits for ever, as a process that died in the middle.
#[derive(Default)]
struct Stuck(tokio::sync::Notify);

#[async_trait::async_trait]
impl Sink for Stuck {
    async fn deliver(&self, _: &[Root]) -> Result<()> {
        self.0.notify_one();
        std::future::pending().await
    }
}

/// A detector that dies leaves its changes to the others when its lease ends, not before.
///
/// # Errors
/// As the store.
pub(super) async fn a_dead_detectors_changes_pass_to_another(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    let die = async |lease| {
        let (dying, stuck) = (
            stage.detector(DetectorConfig {
                lease,
                ..DetectorConfig::default()
            }),
            Stuck::default(),
        );
        tokio::select! {
            ended = dying.step(&stuck) => ended.map(drop),
            () = stuck.0.notified() => Ok(()),
        }
    };
    stage
        .run("UPDATE tiny_author SET name = 'Eve' WHERE id = 2")
        .await?;
    die(Duration::from_secs(3600)).await?;
    assert_eq!(stage.detected().await?, roots([]), "the lease holds");
    stage
        .run("UPDATE sixplay_change SET claimed_until_us = 0")
        .await?;
    die(Duration::from_millis(300)).await?;
    let mut detected = roots([]);
    while detected.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        detected = stage.detected().await?;
    }
    assert_eq!(detected, roots(["author:2"]));
    Ok(())
}

/// A detector that is told to stop ends soon and gives back what it has not delivered.
///
/// # Errors
/// As the store.
pub(super) async fn a_stopped_detector_gives_back_its_changes(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    stage
        .run("UPDATE tiny_author SET name = 'Eve' WHERE id = 2")
        .await?;
    let token = CancellationToken::new();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        token.cancel();
        Ok(())
    };
    stage.sink.refuse(true);
    let (ran, stopped) = tokio::join!(stage.detector.run(&stage.sink, token.clone()), stop);
    ran.and(stopped)?;
    stage.sink.refuse(false);
    assert_eq!(stage.detected().await?, roots(["author:2"]));
    Ok(())
}

/// A change that affects thousands of roots is delivered in pages, each root once; so are many
/// changes at once.
///
/// # Errors
/// As the store.
pub(super) async fn a_large_fan_out_is_paged(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    let books: Vec<_> = (0..2500)
        .map(|n| Book::new(format!("n{n:04}"), 2, "T"))
        .collect();
    let mut transaction = stage.store.write().await?;
    for books in books.chunks(500) {
        tiny::put_books(&mut transaction, books).await?;
    }
    transaction.commit().await?;
    stage.detected().await?;
    stage
        .run("UPDATE tiny_author SET name = 'Eve' WHERE id = 2")
        .await?;
    assert_eq!(stage.detector.step(&stage.sink).await?, 1);
    assert_paged(&stage, 2501)?;

    let move_all = "UPDATE tiny_book SET author_id = CAST(SUBSTR(id, 2) AS DECIMAL) + 10 \
                    WHERE author_id = 2";
    stage.run(move_all).await?;
    stage.detected().await?;
    let one_each = (0..2500)
        .map(|n| format!("({}, 'A')", n + 10))
        .collect::<Vec<_>>()
        .join(", ");
    stage
        .run(&format!(
            "INSERT INTO tiny_author (id, name) VALUES {one_each}"
        ))
        .await?;
    let all = stage.detector(DetectorConfig {
        batch: u16::MAX,
        ..DetectorConfig::default()
    });
    assert_eq!(all.step(&stage.sink).await?, 2500);
    assert_paged(&stage, 5000)
}

fn assert_paged(stage: &Stage, total: usize) -> Result<()> {
    let deliveries = stage.sink.deliveries();
    assert!(
        deliveries.iter().all(|roots| roots.len() <= 1000),
        "a page is too long"
    );
    let all: Vec<_> = deliveries.iter().flatten().collect();
    assert_eq!(all.len(), total);
    if all.iter().collect::<BTreeSet<_>>().len() == total {
        return Ok(());
    }
    Err(Error::unexpected(
        "conformance.paged",
        "a root was delivered twice",
    ))
}
