//! The configuration's sources, and what its errors say and do not say.

use std::{
    ffi::OsString,
    io::Write,
    os::unix::ffi::OsStringExt,
    sync::{Arc, Mutex},
    time::Duration,
};

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
        env.iter().map(|(name, value)| (name.into(), value.into())),
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
    let alone: Config = config::load(None, [("SIXPLAY_STORE".into(), "x".into())])?;
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

/// What Kubernetes sets for services called `sixplay`, `sixplay-api` and `sixplay--a-1`, and Docker
/// for linked containers.
const OF_SERVICES: [(&str, &str); 23] = [
    ("SIXPLAY_PORT", "tcp://10.96.0.7:80"),
    ("SIXPLAY_SERVICE_HOST", "10.96.0.7"),
    ("SIXPLAY_SERVICE_PORT", "80"),
    ("SIXPLAY_SERVICE_PORT_HTTP", "80"),
    ("SIXPLAY_SERVICE_PORT_HTTP_ADMIN", "8081"),
    ("SIXPLAY_PORT_8080_TCP", "tcp://[fd00::7]:8080"),
    ("SIXPLAY_PORT_8080_TCP_PROTO", "tcp"),
    ("SIXPLAY_PORT_8080_TCP_PORT", "8080"),
    ("SIXPLAY_PORT_8080_TCP_ADDR", "fd00::7"),
    ("SIXPLAY_PORT_53_UDP", "udp://10.96.0.7:53"),
    ("SIXPLAY_PORT_9_SCTP_PROTO", "sctp"),
    ("SIXPLAY_API_SERVICE_HOST", "10.96.0.7"),
    ("SIXPLAY_API_SERVICE_PORT", "8080"),
    ("SIXPLAY_API_PORT", "tcp://10.96.0.7:8080"),
    ("SIXPLAY_QUEUE_PORT_5672_TCP_ADDR", "10.96.0.9"),
    ("SIXPLAY__A_1_PORT", "udp://10.96.0.9:8080"),
    ("SIXPLAY_SERVICE_SERVICE_PORT", "8080"),
    ("SIXPLAY_LOG_PORT", "tcp://10.96.0.7:8080"),
    ("SIXPLAY_1_NAME", "/web/sixplay_1"),
    ("SIXPLAY_1_ENV_PATH", "/bin"),
    ("SIXPLAY_1_PORT_80_TCP_START", "tcp://172.17.0.5:80"),
    ("SIXPLAY_1_PORT_80_TCP_PORT_END", "89"),
    ("SIXPLAY_STORE_PORT_3306_TCP_PROTO", "tcp"),
];

#[test]
fn variables_that_tell_of_services_of_our_name_set_nothing() -> Result<()> {
    let config = load("store: a\nqueue: { prefetch: 7 }\n", &OF_SERVICES)?;
    assert_eq!((config.store.expose(), config.queue.prefetch), ("a", 7));
    Ok(())
}

#[test]
fn one_warning_names_the_variables_that_set_nothing() {
    let log = Log::default();
    tracing::subscriber::with_default(log.subscriber(), || {
        load("store: a\n", &OF_SERVICES).expect("loaded");
    });
    let text = log.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    for (name, _) in OF_SERVICES {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(text.contains("WARN") && !text.contains("10.96"), "{text}");
}

#[test]
fn a_key_that_only_looks_like_that_of_a_service_is_refused() {
    for (name, value) in [
        ("SIXPLAY_PORT", "8080"),
        ("SIXPLAY_HOST", "10.96.0.7"),
        ("SIXPLAY_SERVICE_HOST", "db.example.com"),
        ("SIXPLAY_SERVICE_PORT", "http"),
        ("SIXPLAY_HTTP_PORT", "8080"),
        ("SIXPLAY_HTTP_SERVICE_PORTS", "8080"),
        ("SIXPLAY_DETECTOR__SERVICE_PORT", "8080"),
        ("SIXPLAY_QUEUE__PORT", "tcp://10.96.0.7:80"),
        ("SIXPLAY_PORT_HTTP_TCP", "tcp://10.96.0.7:80"),
        ("SIXPLAY_PORT_80_TCP_NAME", "tcp"),
        ("SIXPLAY_NAME", "sixplay"),
        ("SIXPLAY_ENV_PATH", "/bin"),
        ("SIXPLAY_LOGS", "debug"),
    ] {
        let error = refused("store: a\n", &[(name, value)]);
        assert!(error.contains(&format!("variable={name}")), "{error}");
    }
}

fn no_utf8(start: &str) -> OsString {
    let mut bytes = start.as_bytes().to_vec();
    bytes.extend(b"caf\xe9");
    OsString::from_vec(bytes)
}

#[test]
fn variables_of_others_need_not_be_utf8() -> Result<()> {
    let env = [
        ("SIXPLAY_STORE".into(), "a".into()),
        ("OTHER".into(), no_utf8("")),
        (no_utf8("OTHER_"), "x".into()),
        ("SIXPLAY_LOG".into(), no_utf8("")),
        ("SIXPLAY_1_NAME".into(), "/web/sixplay_1".into()),
        ("SIXPLAY_1_ENV_PLACE".into(), no_utf8("/")),
    ];
    let config: Config = config::load(None, env)?;
    assert_eq!(config.store.expose(), "a");
    Ok(())
}

#[test]
fn a_variable_of_ours_that_is_no_utf8_is_named() {
    for (name, value) in [
        ("SIXPLAY_STORE".into(), no_utf8("secret-")),
        (no_utf8("SIXPLAY_STORE_"), "secret-".into()),
        ("SIXPLAY_PORT".into(), no_utf8("tcp://secret-")),
    ] {
        let error = config::load::<Config>(None, [(name, value)]).expect_err("it was accepted");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        let error = error.to_string();
        assert!(
            error.contains("UTF-8") && error.contains("variable=SIXPLAY_"),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");
    }
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn subscriber(&self) -> impl tracing::Subscriber {
        let log = self.clone();
        let lines = tracing_subscriber::fmt().with_ansi(false);
        lines.with_writer(move || log.clone()).finish()
    }

    fn text(&self) -> String {
        let bytes = self.0.lock().expect("not poisoned").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
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
