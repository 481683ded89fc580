//! A second model, of authors and books, goes through change log, detector, queue, indexer
//! and rebuild, on every backend.

use std::{sync::Arc, time::Duration};

use sixplay_core::{
    Detector, DetectorConfig, Source, Store,
    conformance::tiny::{self, Book},
};
use sixplay_index::{Index, IndexConfig, Indexer, IndexerConfig, Rebuild, RebuildConfig};
use sixplay_queue::{Queue, QueueConfig, Roots};
use tokio_util::sync::CancellationToken;

use crate::line::{Line, On};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_model_goes_through_the_whole_line_embedded() {
    goes_through(On::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_model_goes_through_the_whole_line_on_mariadb_rabbitmq_elasticsearch() {
    goes_through(On::Mariadb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_model_goes_through_the_whole_line_on_postgresql_rabbitmq_opensearch() {
    goes_through(On::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_model_goes_through_the_whole_line_on_mariadb_rabbitmq_elasticsearch_8() {
    goes_through(On::Elasticsearch8).await;
}

async fn goes_through(on: On) {
    let Some(line) = tokio::task::spawn_blocking(move || Line::new(on))
        .await
        .expect("a line")
    else {
        return;
    };
    let store = Store::connect(&line.store).await.expect("the store");
    let source: Arc<dyn Source> = tiny::install(&store).await.expect("installed");
    let mut config = QueueConfig::new(&line.queue);
    config.prefix = format!("{}-", line.prefix);
    let queue = Queue::open(&config).await.expect("the queue");
    let mut config = IndexConfig::new(&line.index);
    config.prefix.clone_from(&line.prefix);
    let index = Index::open(&config).await.expect("the index");

    write(
        &store,
        "Anne",
        &[
            Book::new("b1", 1, "Un livre"),
            Book::new("b2", 1, "Un autre"),
        ],
    )
    .await;
    let parts = (store.clone(), source.clone(), index.clone());
    let rebuild = Rebuild::new(parts.0, parts.1, parts.2, RebuildConfig::default());
    let report = rebuild.run(&(), &CancellationToken::new()).await;
    assert_eq!(report.expect("rebuilt").indexed, 3);

    let token = CancellationToken::new();
    let detector = Detector::new(store.clone(), source.clone(), DetectorConfig::default());
    let roots = Roots::new(queue);
    let (sink, work) = (roots.clone(), token.clone());
    let detecting = tokio::spawn(async move { detector.run(&sink, work).await });
    let indexer = Indexer::new(store.clone(), source, index.clone());
    let (config, grace, work) = (
        IndexerConfig::default(),
        Duration::from_secs(5),
        token.clone(),
    );
    let indexing = tokio::spawn(async move {
        let mut feed = roots.feed(config.batch, config.linger);
        indexer.run(&mut feed, &config, grace, work).await
    });

    let books = index.alias("book");
    write(&store, "Zoé", &[]).await;
    for id in ["b1", "b2"] {
        eventually("the author's name in each book", || async {
            field(&index, &books, id, "author").await == Some("Zoé".to_owned())
        })
        .await;
    }
    let soon = jiff::Timestamp::now() + Duration::from_secs(2);
    write(
        &store,
        "Zoé",
        &[Book::new("b1", 1, "Fini bientôt").open(jiff::Timestamp::UNIX_EPOCH, Some(soon))],
    )
    .await;
    eventually("the new title", || async {
        field(&index, &books, "b1", "title").await == Some("Fini bientôt".to_owned())
    })
    .await;
    eventually("the window closes without any write", || async {
        field(&index, &books, "b1", "title").await.is_none()
    })
    .await;
    assert!(jiff::Timestamp::now() >= soon, "not before its time");

    token.cancel();
    detecting.await.expect("the detector ends").expect("well");
    indexing.await.expect("the indexer ends").expect("well");
    tokio::task::spawn_blocking(move || drop(line))
        .await
        .expect("cleaned up");
}

async fn write(store: &Store, author: &str, books: &[Book]) {
    let mut transaction = store.write().await.expect("a transaction");
    tiny::put_author(&mut transaction, 1, author)
        .await
        .expect("an author");
    if !books.is_empty() {
        tiny::put_books(&mut transaction, books)
            .await
            .expect("books");
    }
    transaction.commit().await.expect("committed");
}

async fn field(index: &Index, alias: &str, id: &str, name: &str) -> Option<String> {
    let found = index.get(alias, &[id]).await.expect("an answer");
    let document: serde_json::Value = serde_json::from_str(found[0].as_ref()?.get()).expect("JSON");
    document[name].as_str().map(str::to_owned)
}

async fn eventually<W: Future<Output = bool>>(what: &str, mut attempt: impl FnMut() -> W) {
    for _ in 0..1000 {
        if attempt().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not within 20 s: {what}");
}
