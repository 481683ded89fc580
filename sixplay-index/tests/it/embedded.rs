//! What only the index in a file has: several handles, as several processes have them, on one file.

use serde_json::value::RawValue;
use sixplay_core::{
    ErrorKind,
    mapping::{Field, Mapping},
};
use sixplay_index::{Filter, Index, Operation, Outcome, Query};
use tempfile::TempDir;

pub async fn index() -> (TempDir, Index) {
    let folder = tempfile::tempdir().expect("a folder");
    let index = open(&folder).await;
    (folder, index)
}

async fn open(folder: &TempDir) -> Index {
    Index::connect(&format!(
        "sqlite:{}",
        folder.path().join("index.db").display()
    ))
    .await
    .expect("connected")
}

fn mapping() -> Mapping {
    Mapping {
        fields: vec![Field::keyword("id"), Field::long("batch")],
    }
}

fn batch(number: i64, documents: usize) -> Vec<Operation> {
    let document = |id: usize| {
        RawValue::from_string(format!(r#"{{"id":"{id}","batch":{number}}}"#)).expect("valid JSON")
    };
    (0..documents)
        .map(|id| Operation::Put {
            id: id.to_string(),
            version: number,
            document: document(id),
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_on_another_handle_never_sees_half_a_batch() {
    let (folder, writer) = index().await;
    writer
        .create("documents", &mapping(), &Default::default())
        .await
        .expect("created");
    writer
        .apply("documents", batch(0, 50))
        .await
        .expect("applied");
    let reader = open(&folder).await;
    let writing = tokio::spawn(async move {
        for number in 1..=20 {
            writer
                .apply("documents", batch(number, 50))
                .await
                .expect("applied");
        }
    });
    while !writing.is_finished() {
        let page = reader
            .search("documents", &Query::new(1))
            .await
            .expect("searched");
        let first: serde_json::Value =
            serde_json::from_str(page.documents[0].get()).expect("valid JSON");
        let number = first["batch"].as_i64().expect("a number");
        let later = Query::new(0).filter(Filter::at_least("batch", number));
        assert_eq!(
            reader
                .search("documents", &later)
                .await
                .expect("searched")
                .total,
            50
        );
        let values = Query::new(50);
        let batches = reader
            .search("documents", &values)
            .await
            .expect("searched")
            .documents;
        let suffix = |document: &RawValue| document.get().rsplit(':').next().map(str::to_owned);
        assert!(
            batches
                .iter()
                .all(|document| suffix(document) == suffix(&batches[0]))
        );
    }
    writing.await.expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_share_a_file() {
    let (folder, one) = index().await;
    let two = open(&folder).await;
    one.create("documents", &mapping(), &Default::default())
        .await
        .expect("created");
    let (odd, even) = tokio::join!(
        async {
            futures_util::future::join_all(
                (0..10).map(|number| one.apply("documents", batch(number * 2 + 1, 20))),
            )
            .await
        },
        async {
            futures_util::future::join_all(
                (0..10).map(|number| two.apply("documents", batch(number * 2, 20))),
            )
            .await
        },
    );
    assert!(
        odd.into_iter()
            .chain(even)
            .flatten()
            .flatten()
            .all(|outcome| matches!(outcome, Outcome::Done | Outcome::Superseded))
    );
    let newest = Query::new(0).filter(Filter::term("batch", 19));
    assert_eq!(
        two.search("documents", &newest)
            .await
            .expect("searched")
            .total,
        20
    );
}

#[tokio::test]
async fn what_another_process_made_anew_is_not_mistaken_for_the_old() {
    let (folder, one) = index().await;
    let two = open(&folder).await;
    one.create("documents", &mapping(), &Default::default())
        .await
        .expect("created");
    assert_eq!(two.count("documents").await.expect("counted"), 0);
    one.remove("documents").await.expect("removed");
    assert_eq!(
        two.count("documents").await.expect_err("removed").kind(),
        ErrorKind::NotFound
    );
    one.create(
        "documents",
        &Mapping {
            fields: vec![Field::long("id")],
        },
        &Default::default(),
    )
    .await
    .expect("created");
    let document = RawValue::from_string(r#"{"id":7}"#.to_owned()).expect("valid JSON");
    let outcomes = two
        .apply(
            "documents",
            vec![Operation::Put {
                id: "a".to_owned(),
                version: 1,
                document,
            }],
        )
        .await;
    assert_eq!(outcomes.expect("applied"), [Outcome::Done]);
    assert_eq!(
        two.search("documents", &Query::new(1).filter(Filter::above("id", 6)))
            .await
            .expect("searched")
            .total,
        1
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_an_error() {
    let error = Index::connect("sqlite:/nowhere/at/all/index.db")
        .await
        .expect_err("no folder");
    assert!(!error.to_string().is_empty());
}
