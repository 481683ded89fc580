//! Change capture: every committed change leads to exactly the roots it affects, and none is lost.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{
    Collector, Scratch,
    tiny::{self, Book, Tiny},
};
use crate::{
    Detector, DetectorConfig, Dialect, Due, Error, ErrorKind, Result, Root, Sink, Store,
    Transaction,
};

/// The machinery on an empty [`Tiny`], with a detector that a test steps.
struct Stage {
    store: Store,
    tiny: Arc<Tiny>,
    detector: Detector,
    sink: Collector,
}

impl Stage {
    async fn new(scratch: &Scratch) -> Result<Self> {
        let (store, tiny) = (
            scratch.store().clone(),
            tiny::install(scratch.store()).await?,
        );
        let detector = Detector::new(store.clone(), tiny.clone(), DetectorConfig::default());
        Ok(Self {
            store,
            tiny,
            detector,
            sink: Collector::default(),
        })
    }

    fn detector(&self, config: DetectorConfig) -> Detector {
        Detector::new(self.store.clone(), self.tiny.clone(), config)
    }

    /// Two authors and a book, already delivered.
    async fn with_rows(scratch: &Scratch) -> Result<Self> {
        let stage = Self::new(scratch).await?;
        let mut session = stage.store.autocommit().await?;
        tiny::put_author(&mut session, 1, "Ada").await?;
        tiny::put_author(&mut session, 2, "Ben").await?;
        tiny::put_books(&mut session, &[Book::new("b1", 1, "One")]).await?;
        drop(session);
        stage.detected().await?;
        Ok(stage)
    }

    async fn run(&self, sql: &str) -> Result<()> {
        self.store.autocommit().await?.batch(sql).await
    }

    /// What the detector delivers until nothing is left.
    async fn detected(&self) -> Result<BTreeSet<String>> {
        while self.detector.step(&self.sink).await? > 0 {}
        Ok(self.sink.roots())
    }

    async fn after(&self, sql: &str) -> Result<BTreeSet<String>> {
        self.run(sql).await?;
        self.detected().await
    }
}

fn roots<const N: usize>(roots: [&str; N]) -> BTreeSet<String> {
    roots.into_iter().map(str::to_owned).collect()
}

async fn backlog(store: &Store) -> Result<i64> {
    store
        .read_once()
        .await?
        .fetch_sql("SELECT COUNT(*) AS n FROM sixplay_change", Vec::new())
        .await?[0]
        .int("n")
}

/// Discarded changes lead to nothing, later ones do; once a root was rendered none are discarded.
///
/// # Errors
/// The database's.
pub(super) async fn discarded_changes_are_gone_and_later_ones_come(
    scratch: &Scratch,
) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    stage
        .run("UPDATE tiny_author SET name = 'Eva' WHERE id = 2")
        .await?;
    assert_eq!(
        stage.store.discard_changes("another").await?,
        0,
        "other sources keep theirs"
    );
    assert_eq!(stage.store.discard_changes("tiny").await?, 1);
    assert_eq!(stage.detected().await?, roots([]));
    let due = async |source: &str| {
        stage
            .store
            .set_due(
                source,
                &[Due {
                    kind: "author".into(),
                    id: "1".into(),
                    due_at: None,
                    ticket: 1,
                }],
            )
            .await
    };
    due("another").await?;
    stage
        .run("UPDATE tiny_author SET name = 'Eve' WHERE id = 1")
        .await?;
    assert_eq!(stage.store.discard_changes("tiny").await?, 1);
    due("tiny").await?;
    stage
        .run("UPDATE tiny_author SET name = 'Zoe' WHERE id = 2")
        .await?;
    assert_eq!(
        stage.store.discard_changes("tiny").await?,
        0,
        "an index may live on them"
    );
    assert_eq!(stage.detected().await?, roots(["author:2"]));
    Ok(())
}

/// Plain SQL leads to the roots of the rows before and after it, and to no others.
///
/// # Errors
/// As the store.
pub(super) async fn plain_sql_reaches_exactly_the_affected_roots(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    let insert = "INSERT INTO tiny_book (id, author_id, title, open_from_us) \
                  VALUES ('b2', 1, 'Two''s \"é\"', 0)";
    assert_eq!(stage.after(insert).await?, roots(["author:1", "book:b2"]));
    assert_eq!(
        stage
            .after("UPDATE tiny_book SET title = 'New' WHERE id = 'b2'")
            .await?,
        roots(["author:1", "book:b2"])
    );
    assert_eq!(
        stage
            .after("UPDATE tiny_author SET name = 'Eve' WHERE id = 1")
            .await?,
        roots(["author:1", "book:b1", "book:b2"])
    );
    assert_eq!(
        stage
            .after("UPDATE tiny_book SET author_id = 2 WHERE id = 'b1'")
            .await?,
        roots(["author:1", "author:2", "book:b1"])
    );
    assert_eq!(
        stage
            .after("UPDATE tiny_book SET id = 'B\"9' WHERE id = 'b1'")
            .await?,
        roots(["author:2", "book:B\"9", "book:b1"])
    );
    assert_eq!(
        stage.after("DELETE FROM tiny_book WHERE id = 'b2'").await?,
        roots(["author:1", "book:b2"])
    );
    assert_eq!(
        stage
            .after("UPDATE tiny_author SET name = 'X' WHERE id = 99")
            .await?,
        roots([])
    );
    let both = "DELETE FROM tiny_book; DELETE FROM tiny_author WHERE id = 2";
    assert_eq!(stage.after(both).await?, roots(["author:2", "book:B\"9"]));
    assert_eq!(backlog(&stage.store).await?, 0);
    Ok(())
}

/// `REPLACE`, where the database has it, is a delete and an insert.
///
/// # Errors
/// As the store.
pub(super) async fn a_replaced_row_reaches_its_old_parent(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    if stage.store.dialect() != Dialect::Postgres {
        let replace = "REPLACE INTO tiny_book (id, author_id, title, open_from_us) \
                       VALUES ('b1', 2, 'One', 0)";
        assert_eq!(
            stage.after(replace).await?,
            roots(["author:1", "author:2", "book:b1"])
        );
    }
    Ok(())
}

/// What is rolled back was never there.
///
/// # Errors
/// As the store.
pub(super) async fn a_rolled_back_transaction_reaches_nothing(scratch: &Scratch) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    let mut transaction = stage.store.write().await?;
    tiny::put_author(&mut transaction, 1, "Zoe").await?;
    drop(transaction);
    assert_eq!(stage.detected().await?, roots([]));
    Ok(())
}

/// A change with a low sequence that commits late is found, and meanwhile holds up nobody. SQLite
/// has one writer at a time.
///
/// # Errors
/// As the store.
pub(super) async fn a_late_commit_is_neither_missed_nor_in_the_way(
    scratch: &Scratch,
) -> Result<()> {
    let stage = Stage::with_rows(scratch).await?;
    if stage.store.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let mut late = stage.store.write().await?;
    tiny::put_author(&mut late, 1, "Late").await?;
    // it would run into the deadline if the open transaction blocked it
    assert_eq!(
        stage
            .after("UPDATE tiny_author SET name = 'Early' WHERE id = 2")
            .await?,
        roots(["author:2"])
    );
    late.commit().await?;
    assert_eq!(stage.detected().await?, roots(["author:1", "book:b1"]));
    Ok(())
}

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

/// The rebuild's enumeration gives every root once, in key order, and refuses an id of another
/// type.
///
/// # Errors
/// As the store.
pub(super) async fn roots_are_enumerated_in_pages(scratch: &Scratch) -> Result<()> {
    let stage = Stage::new(scratch).await?;
    let kinds = crate::Source::kinds(stage.tiny.as_ref());
    let rows = (1..=25)
        .map(|n| format!("({n}, 'A')"))
        .collect::<Vec<_>>()
        .join(", ");
    stage
        .run(&format!("INSERT INTO tiny_author (id, name) VALUES {rows}"))
        .await?;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = stage.store.roots(&kinds[0], after.as_deref(), 10).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        found.extend(page);
    }
    assert_eq!(found, (1..=25).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(
        stage
            .store
            .roots(&kinds[0], Some("x"), 10)
            .await
            .is_err_and(|error| error.kind() == ErrorKind::Invalid)
    );
    assert_eq!(
        stage
            .store
            .read()
            .await?
            .roots(&kinds[1], Some("a"), 10)
            .await?,
        Vec::<String>::new()
    );
    Ok(())
}
