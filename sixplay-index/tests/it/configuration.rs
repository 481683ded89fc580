//! The keys of the configuration and the URLs.

use std::time::Duration;

use serde::de::DeserializeOwned;
use sixplay_core::{ErrorKind, Result, config};
use sixplay_index::{Index, IndexConfig, IndexerConfig, RebuildConfig};

fn load<T: DeserializeOwned>(pairs: &[(&str, &str)]) -> Result<T> {
    let variable = |(key, value): &(&str, &str)| (format!("SIXPLAY_{key}").into(), value.into());
    config::load(None, pairs.iter().map(variable))
}

fn refused<T: DeserializeOwned>(key: &str, value: &str) -> bool {
    load::<T>(&[(key, value)]).is_err_and(|error| error.kind() == ErrorKind::Config)
}

#[tokio::test]
async fn only_the_url_is_needed() {
    let (_folder, index) = crate::embedded::index().await;
    let config: IndexConfig = load(&[("URL", "sqlite:index.db")]).expect("loaded");
    assert_eq!((config.prefix.as_str(), config.replicas), ("sixplay", 0));
    assert_eq!(config.deadline, Duration::from_secs(2));
    assert_eq!(config.bulk_deadline, Duration::from_secs(30));
    assert_eq!(index.alias("book"), "sixplay-book");
}

#[tokio::test]
async fn an_index_without_a_url_is_not_opened() {
    let config = load(&[]).expect("loaded");
    let error = Index::open(&config).await.expect_err("no URL");
    assert_eq!(error.kind(), ErrorKind::Config);
}

#[test]
fn every_key_is_read_and_no_other() {
    let keys = [
        ("URL", "http://a"),
        ("PREFIX", "library"),
        ("DEADLINE", "250ms"),
        ("BULK_DEADLINE", "1m"),
        ("REPLICAS", "1"),
    ];
    let config: IndexConfig = load(&keys).expect("loaded");
    assert_eq!((config.prefix.as_str(), config.replicas), ("library", 1));
    assert_eq!(config.deadline, Duration::from_millis(250));
    assert_eq!(config.bulk_deadline, Duration::from_secs(60));
    assert!(refused::<IndexConfig>("SHARDS", "1"));
}

#[test]
fn what_is_out_of_bounds_is_refused_when_it_is_read() {
    for (key, value) in [
        ("DEADLINE", "9ms"),
        ("DEADLINE", "11m"),
        ("BULK_DEADLINE", "0ms"),
        ("REPLICAS", "101"),
    ] {
        assert!(refused::<IndexConfig>(key, value), "{key}={value}");
    }
    for (key, value) in [("BATCH", "0"), ("BATCH", "257"), ("LINGER", "2m")] {
        assert!(refused::<IndexerConfig>(key, value), "{key}={value}");
    }
    for (key, value) in [
        ("CHUNK", "0"),
        ("CONCURRENCY", "9"),
        ("TOLERATE_PERCENT", "-1"),
        ("TOLERATE_PERCENT", "100.5"),
        ("RETAIN", "2000h"),
        ("PATIENCE", "25h"),
    ] {
        assert!(refused::<RebuildConfig>(key, value), "{key}={value}");
    }
}

#[tokio::test]
async fn a_prefix_that_no_name_begins_with_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("index.db").display());
    for prefix in ["", "Library", "_library", "my library", &"x".repeat(201)] {
        let mut config = IndexConfig::new(url.clone());
        config.prefix = prefix.to_owned();
        let error = Index::open(&config).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        let named = format!("prefix={prefix}");
        assert!(error.to_string().contains(&named), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_url_is_refused_and_its_password_told_to_nobody() {
    for url in [
        "",
        "ftp://a",
        "index.db",
        "http://",
        "http://user:geheim@a:99999",
        "http://a,user:geheim@b",
        "http://user:geheim@a,ftp://b",
    ] {
        let error = Index::connect(url).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Config, "{url}: {error}");
        assert!(!format!("{error} {error:?}").contains("geheim"), "{error}");
    }
    let config = IndexConfig::new("http://user:geheim@127.0.0.1:9");
    assert!(!format!("{config:?}").contains("geheim"));
    let index = Index::open(&config).await.expect("opened");
    let error = index.count("documents").await.expect_err("unreachable");
    let told = format!("{error} {error:?} {index:?}");
    assert!(!told.contains("geheim"), "{told}");
}
