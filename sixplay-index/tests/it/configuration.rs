//! The keys of the configuration and the URLs.

use std::time::Duration;

use sixplay_core::{ErrorKind, config};
use sixplay_index::{Index, IndexConfig};

fn load(pairs: &[(&str, &str)]) -> sixplay_core::Result<IndexConfig> {
    config::load(
        None,
        pairs
            .iter()
            .map(|(key, value)| (format!("SIXPLAY_{key}"), (*value).to_owned())),
    )
}

#[test]
fn only_the_url_is_needed() {
    let config = load(&[("URL", "sqlite:index.db")]).expect("loaded");
    assert_eq!((config.prefix.as_str(), config.replicas), ("sixplay", 0));
    assert_eq!(
        (config.deadline, config.bulk_deadline),
        (Duration::from_secs(2), Duration::from_secs(30))
    );
    assert_eq!(config.alias("video"), "sixplay-video");
}

#[tokio::test]
async fn an_index_without_a_url_is_not_opened() {
    let config = load(&[]).expect("loaded");
    assert_eq!(
        Index::open(&config).await.expect_err("no URL").kind(),
        ErrorKind::Config
    );
}

#[test]
fn every_key_is_read_and_no_other() {
    let keys = [
        ("URL", "http://a"),
        ("PREFIX", "tv"),
        ("DEADLINE", "250ms"),
        ("BULK_DEADLINE", "1m"),
        ("REPLICAS", "1"),
    ];
    let config = load(&keys).expect("loaded");
    assert_eq!(
        (config.prefix.as_str(), config.replicas, config.deadline),
        ("tv", 1, Duration::from_millis(250))
    );
    assert_eq!(config.bulk_deadline, Duration::from_secs(60));
    assert_eq!(
        load(&[("URL", "http://a"), ("SHARDS", "1")])
            .expect_err("unknown")
            .kind(),
        ErrorKind::Config
    );
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
    assert!(
        !format!("{error} {error:?} {index:?}").contains("geheim"),
        "{error}"
    );
}
