//! Which URLs of a SQLite file are taken, and what is said of the others.

use sixplay_core::{ErrorKind, Store};

async fn refusal_of(url: &str) -> String {
    let error = Store::connect(url).await.expect_err("it was accepted");
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    error.to_string()
}

#[tokio::test]
async fn a_database_without_a_file_is_refused() {
    for url in [
        "sqlite:",
        "sqlite://",
        "sqlite::memory:",
        "sqlite://:memory:",
    ] {
        assert!(refusal_of(url).await.contains("sqlite:PATH"), "{url}");
    }
    assert!(refusal_of("").await.contains("key=url"));
}

#[tokio::test]
async fn a_path_is_taken_as_it_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["cent%20vingt", "q?mode=ro", "a#b", "l'été 1", "file:x"] {
        let file = folder.path().join(name);
        let store = Store::connect(&format!("sqlite:{}", file.display())).await;
        store.expect(name).close().await;
        assert!(file.is_file(), "{name}");
    }
    let two_slashes = format!("sqlite://{}/two.db", folder.path().display());
    Store::connect(&two_slashes).await.expect("opened");
    assert!(folder.path().join("two.db").is_file());
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named_and_the_reason_told_once() {
    let error = refusal_of("sqlite:/nonexistent/folder/store.db").await;
    assert!(
        error.contains("file=/nonexistent/folder/store.db"),
        "{error}"
    );
    let reason = error.matches("unable to open database file").count();
    assert_eq!(reason, 1, "{error}");
}

#[tokio::test]
async fn a_file_that_is_gone_does_not_come_back_empty() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.db");
    let store = Store::connect(&format!("sqlite:{}", file.display())).await;
    let store = store.expect("opened");
    std::fs::remove_file(&file).expect("the file");
    let error = store.read().await.expect_err("it was read");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(!file.exists());
}
