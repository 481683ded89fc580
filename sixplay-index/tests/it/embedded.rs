//! What only the index in a file has: several handles, as several processes have them, on one file.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::value::RawValue;
use sixplay_core::{ErrorKind, Field, Mapping, Store};
use sixplay_index::{Filter, Index, IndexConfig, Operation, Outcome, Query};
use tempfile::TempDir;

pub(crate) async fn index() -> (TempDir, Index) {
    let folder = tempfile::tempdir().expect("a folder");
    let index = open(&folder).await;
    (folder, index)
}

pub(crate) fn url_in(folder: &TempDir) -> String {
    format!("sqlite:{}", folder.path().join("index.db").display())
}

async fn open(folder: &TempDir) -> Index {
    Index::connect(&url_in(folder)).await.expect("connected")
}

/// Makes the index `documents`.
async fn create(index: &Index, fields: Vec<Field>) {
    let (mapping, meta) = (Mapping { fields }, Default::default());
    let created = index.create("documents", &mapping, &meta).await;
    created.expect("created");
}

fn batch_fields() -> Vec<Field> {
    vec![Field::keyword("id"), Field::long("batch")]
}

fn batch(number: i64, documents: usize) -> Vec<Operation> {
    let put = |id: usize| {
        let document = format!(r#"{{"id":"{id}","batch":{number}}}"#);
        let document = RawValue::from_string(document).expect("valid JSON");
        Operation::put(id.to_string(), number, document)
    };
    (0..documents).map(put).collect()
}

async fn total(index: &Index, filter: Filter) -> u64 {
    let query = Query::new(0).filter(filter);
    let page = index.search("documents", &query).await;
    page.expect("searched").total
}

/// The batch numbers of the first documents.
async fn batches(index: &Index, limit: u64) -> Vec<i64> {
    let page = index.search("documents", &Query::new(limit)).await;
    let documents = page.expect("searched").documents;
    let number = |document: Box<RawValue>| {
        let document: serde_json::Value = serde_json::from_str(document.get()).expect("JSON");
        document["batch"].as_i64().expect("a number")
    };
    documents.into_iter().map(number).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_on_another_handle_never_sees_half_a_batch() {
    let (folder, writer) = index().await;
    create(&writer, batch_fields()).await;
    let applied = writer.apply("documents", batch(0, 50)).await;
    applied.expect("applied");
    let reader = open(&folder).await;
    let writing = tokio::spawn(async move {
        for number in 1..=20 {
            let applied = writer.apply("documents", batch(number, 50)).await;
            applied.expect("applied");
        }
    });
    while !writing.is_finished() {
        let number = batches(&reader, 1).await[0];
        let later = Filter::at_least("batch", number);
        assert_eq!(total(&reader, later).await, 50);
        let batches = batches(&reader, 50).await;
        assert!(batches.iter().all(|batch| *batch == batches[0]));
    }
    writing.await.expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_share_a_file() {
    let (folder, one) = index().await;
    let two = open(&folder).await;
    create(&one, batch_fields()).await;
    let write = async |index: &Index, first: i64| {
        let writes = (0..10).map(|turn| index.apply("documents", batch(turn * 2 + first, 20)));
        join_all(writes).await
    };
    let (odd, even) = tokio::join!(write(&one, 1), write(&two, 0));
    for applied in odd.into_iter().chain(even) {
        for outcome in applied.expect("applied") {
            assert!(matches!(outcome, Outcome::Done | Outcome::Superseded));
        }
    }
    assert_eq!(total(&two, Filter::term("batch", 19)).await, 20);
}

#[tokio::test]
async fn what_another_process_made_anew_is_not_mistaken_for_the_old() {
    let (folder, one) = index().await;
    let two = open(&folder).await;
    create(&one, batch_fields()).await;
    assert_eq!(two.count("documents").await.expect("counted"), 0);
    one.remove("documents").await.expect("removed");
    let error = two.count("documents").await.expect_err("removed");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    create(&one, vec![Field::long("id")]).await;
    let document = RawValue::from_string(r#"{"id":7}"#.to_owned()).expect("valid JSON");
    let put = Operation::put("a", 1, document);
    let outcomes = two.apply("documents", vec![put]).await;
    assert_eq!(outcomes.expect("applied"), [Outcome::Done]);
    assert_eq!(total(&two, Filter::above("id", 6)).await, 1);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error() {
    let url = "sqlite:/nowhere/at/all/index.db";
    let error = Index::connect(url).await.expect_err("no folder");
    assert!(!error.to_string().is_empty());
}

#[tokio::test]
async fn a_file_that_another_process_keeps_locked_is_a_timeout_within_the_deadline() {
    let (folder, one) = index().await;
    create(&one, batch_fields()).await;
    let mut config = IndexConfig::new(url_in(&folder));
    config.bulk_deadline = Duration::from_millis(100);
    let hasty = Index::open(&config).await.expect("opened");
    let other = Store::connect(&url_in(&folder)).await.expect("connected");
    let lock = other.write().await.expect("a transaction");

    let began = Instant::now();
    let errors = [
        hasty.apply("documents", batch(1, 1)).await.err(),
        hasty.remove("documents").await.err(),
    ];
    for error in errors {
        let error = error.expect("locked");
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(error.to_string().contains("index=documents"), "{error}");
    }
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(
        hasty
            .count("documents")
            .await
            .expect("readers wait for nobody"),
        0
    );
    drop(lock);
    let outcomes = one.apply("documents", batch(1, 1)).await;
    assert_eq!(outcomes.expect("applied"), [Outcome::Done]);
}
