//! The configuration's sources, and what its errors say and do not say.

use std::{io::Write, time::Duration};

use serde::Deserialize;
use sixplay_core::{
    DetectorConfig, Error, ErrorKind, Result,
    config::{self, Secret},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    store: Secret,
    #[serde(default)]
    queue: Queue,
    #[serde(default)]
    detector: DetectorConfig,
    #[serde(default)]
    nodes: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Queue {
    prefetch: u16,
    name: String,
    #[serde(with = "config::duration")]
    linger: Duration,
}

fn load(yaml: &str, env: &[(&str, &str)]) -> Result<Config> {
    let failed = |error| Error::unexpected("test.load", "no temporary file").with_source(error);
    let mut file = tempfile::Builder::new()
        .suffix(".yaml")
        .tempfile()
        .map_err(failed)?;
    file.write_all(yaml.as_bytes()).map_err(failed)?;
    config::load(
        Some(file.path()),
        env.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

#[track_caller]
fn refused(yaml: &str, env: &[(&str, &str)]) -> String {
    let error = load(yaml, env).expect_err("it was accepted");
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    error.to_string()
}

#[test]
fn a_file_gives_values_and_defaults_fill_in() -> Result<()> {
    let config = load(
        "store: sqlite:a.db\nqueue:\n  prefetch: 20\n  linger: 250ms\n\
         detector: { idle: 5m, batch: 7 }\n",
        &[],
    )?;
    assert_eq!(
        (
            config.store.expose(),
            config.queue.prefetch,
            config.queue.linger
        ),
        ("sqlite:a.db", 20, Duration::from_millis(250))
    );
    assert_eq!(
        (
            config.detector.idle,
            config.detector.batch,
            config.detector.page
        ),
        (Duration::from_secs(300), 7, 1000)
    );
    Ok(())
}

#[test]
fn variables_override_the_file_and_add_sections() -> Result<()> {
    let env = [
        ("SIXPLAY_QUEUE__PREFETCH", "30"),
        ("SIXPLAY_QUEUE__NAME", "\"42\""),
        ("SIXPLAY_STORE", "mysql://u:p@h/d?x=y"),
        ("SIXPLAY_NODES", "[a, b]"),
        ("SIXPLAY_LOG", "debug"),
        ("SIXPLAY_TEST_MARIADB", "mysql://x"),
        ("PATH", "/bin"),
    ];
    let config = load("store: a\nqueue:\n", &env)?;
    assert_eq!(
        (
            config.queue.prefetch,
            config.queue.name.as_str(),
            config.store.expose()
        ),
        (30, "42", "mysql://u:p@h/d?x=y")
    );
    assert_eq!(config.nodes, ["a", "b"]);
    let alone: Config = config::load(None, [("SIXPLAY_STORE".to_owned(), "x".to_owned())])?;
    assert_eq!(alone.store.expose(), "x");
    Ok(())
}

#[test]
fn a_bad_value_is_named_with_file_key_and_value() {
    let error = refused("store: a\nqueue: { prefetch: many }\n", &[]);
    assert!(
        error.contains(".yaml")
            && error.contains("key=queue.prefetch")
            && error.contains("value=\"many\""),
        "{error}"
    );
    let error = refused("store: a\nqueue: { linger: 5 minutes }\n", &[]);
    assert!(
        error.contains("key=queue.linger")
            && error.contains("250ms")
            && error.contains("5 minutes"),
        "{error}"
    );
    let error = refused("store: a\ndetector: { batch: 0 }\n", &[]);
    assert!(
        error.contains("key=detector.batch") && error.contains("value=0"),
        "{error}"
    );
    let error = refused("store: a\ndetector: { lease: 10ms }\n", &[]);
    assert!(
        error.contains("key=detector.lease") && error.contains("from 1s to 1h"),
        "{error}"
    );
}

#[test]
fn a_bad_variable_is_named_instead_of_the_file() {
    let error = refused("store: a\n", &[("SIXPLAY_QUEUE__PREFETCH", "70000")]);
    assert!(
        error.contains("variable=SIXPLAY_QUEUE__PREFETCH")
            && error.contains("value=70000")
            && !error.contains(".yaml"),
        "{error}"
    );
    let error = refused("store: a\n", &[("SIXPLAY_STORE__DEEPER", "x")]);
    assert!(
        error.contains("variable=SIXPLAY_STORE__DEEPER") && error.contains("key=store"),
        "{error}"
    );
}

#[test]
fn unknown_and_missing_keys_are_refused_by_name() {
    let error = refused("store: a\nqueue: { prefetsh: 1 }\n", &[]);
    assert!(
        error.contains("prefetsh") && error.contains("key=queue"),
        "{error}"
    );
    let error = refused("store: a\n", &[("SIXPLAY_QUEUE__PREFETSH", "1")]);
    assert!(
        error.contains("variable=SIXPLAY_QUEUE__PREFETSH"),
        "{error}"
    );
    let error = refused("queue: {}\n", &[]);
    assert!(
        error.contains("missing field `store`") && error.contains("key=store"),
        "{error}"
    );
    assert!(refused("", &[]).contains("missing field `store`"));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let missing = config::load::<Config>(Some("/nonexistent/sixplay.yaml".as_ref()), [])
        .expect_err("it was accepted");
    assert!(
        missing.to_string().contains("/nonexistent/sixplay.yaml"),
        "{missing}"
    );
    let error = refused("store: hunter2\nqueue: [\n", &[]);
    assert!(error.contains(".yaml") && error.contains("line"), "{error}");
    assert!(refused("- a\n- b\n", &[]).contains("mapping"));
    assert!(refused("store: a\nstore: b\n", &[]).contains("store"));
}

#[test]
fn no_error_and_no_debug_output_shows_a_secret() -> Result<()> {
    let config = load("store: mysql://u:hunter2@h/d\n", &[])?;
    assert_eq!(
        (
            format!("{config:?}").contains("hunter2"),
            config.store.to_string().as_str()
        ),
        (false, "***")
    );
    for yaml in [
        "store: 1234567\nqueue: {}\n",
        "store: { hunter2: 1 }\n",
        "store: a\nqueue: mysql://u:hunter2@h/d\n",
        "store: a\npassword: hunter2\n",
        "store: \"hunter2\nqueue: [\n",
        "store: a\nqueue: { linger: mysql://u:hunter2@h/d }\n",
    ] {
        let error = refused(yaml, &[]);
        assert!(
            !error.contains("hunter2") && !error.contains("1234567"),
            "{error}"
        );
    }
    Ok(())
}
