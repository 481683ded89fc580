//! What tests share: databases made for one test, a tiny second source, a sink that collects, and
//! the functions that every database must pass. A broken expectation panics.

// a case that no backend runs must not build
#![deny(dead_code)]

mod changes;
mod detectors;
mod faults;
mod installation;
mod snapshots;
mod stage;
mod suite;
pub mod tiny;
mod unreadable;
mod windows;

use std::{
    collections::BTreeSet,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::sync::OnceCell;

use crate::{Dialect, Error, Result, Root, Sink, Store};

const PREFIX: &str = "sixplay_test_";
const LEFTOVER: Duration = Duration::from_secs(2 * 3600);

crate::conformance_suite! {
    ($) store_conformance(&Scratch):
    changes::plain_sql_reaches_exactly_the_affected_roots,
    changes::a_replaced_row_reaches_its_old_parent,
    changes::a_rolled_back_transaction_reaches_nothing,
    changes::discarded_changes_are_gone_and_later_ones_come,
    changes::a_late_commit_is_neither_missed_nor_in_the_way,
    changes::roots_are_enumerated_in_pages,
    detectors::two_detectors_lose_nothing,
    detectors::a_refusing_sink_loses_nothing,
    detectors::a_dead_detectors_changes_pass_to_another,
    detectors::a_stopped_detector_gives_back_its_changes,
    detectors::a_large_fan_out_is_paged,
    windows::tickets_strictly_increase_under_concurrency,
    windows::windows_fire_once_when_due,
    windows::the_highest_ticket_decides_the_boundary,
    windows::a_boundary_set_during_delivery_stays,
    windows::refused_and_simultaneous_windows_all_fire,
    windows::concurrent_setters_and_claimers_agree,
    unreadable::a_logged_change_that_cannot_be_read_is_set_aside,
    unreadable::a_boundary_of_a_root_that_cannot_be_carried_is_refused,
    installation::installing_again_and_at_once_is_harmless,
    installation::a_changed_graph_replaces_its_triggers,
    installation::a_graph_that_does_not_fit_is_refused_by_name,
    installation::cascades_are_refused_or_logged,
    installation::text_that_the_database_would_change_is_refused_by_name,
    installation::text_keys_that_differ_only_for_us_are_refused_by_name,
    installation::tables_without_transactions_are_refused_by_name,
    installation::a_broken_constraint_is_a_conflict,
    installation::a_deadlock_is_transient,
    installation::a_pool_recovers_from_lost_connections,
    installation::a_url_that_leads_nowhere_is_refused,
    faults::a_connection_that_takes_no_changes_is_not_used_again,
    faults::a_full_disk_passes_and_leaves_no_half_of_a_transaction,
    faults::a_commit_that_succeeds_has_stored_everything,
    faults::what_passes_with_time_is_unavailable,
    snapshots::a_snapshot_sees_one_instant,
    snapshots::a_snapshot_cannot_write,
    snapshots::a_dropped_transaction_leaves_nothing,
}

/// A database to test with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Backend {
    /// A file in a temporary folder.
    Sqlite,
    /// The server at `SIXPLAY_TEST_MARIADB`.
    Mariadb,
    /// The server at `SIXPLAY_TEST_POSTGRES`.
    Postgres,
}

impl Backend {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Mariadb, Self::Postgres];
}

/// The URL of the test server `name` (`mariadb`): the variable `SIXPLAY_TEST_MARIADB`, or `None`,
/// and a line that says so, when `SIXPLAY_TEST_SKIP` names it.
///
/// # Errors
/// `Config` when it is neither given nor skipped: a missing server must not look like a passed
/// test.
pub fn server(name: &str) -> Result<Option<String>> {
    let variable = format!("SIXPLAY_TEST_{}", name.to_uppercase());
    if let Ok(url) = std::env::var(&variable) {
        return Ok(Some(url));
    }
    if is_skipped(name) {
        return Ok(None);
    }
    Err(Error::config(
        "conformance.server",
        "a test server is neither given nor skipped",
    )
    .with("variable", variable))
}

/// Whether `SIXPLAY_TEST_SKIP` names what a test needs; a line says so then.
pub fn is_skipped(name: &str) -> bool {
    let skip = std::env::var("SIXPLAY_TEST_SKIP").unwrap_or_default();
    let skipped = skip.split_whitespace().any(|skipped| skipped == name);
    if skipped {
        eprintln!("skipped: no {name}");
    }
    skipped
}

/// An empty database of this test's own on `backend`; `None` when its server is skipped.
///
/// # Errors
/// As [`server`] and [`database`].
pub async fn scratch(backend: Backend) -> Result<Option<Scratch>> {
    let name = match backend {
        Backend::Sqlite => return scratch_file().await.map(Some),
        Backend::Mariadb => "mariadb",
        Backend::Postgres => "postgres",
    };
    match server(name)? {
        Some(url) => database(&url).await.map(Some),
        None => Ok(None),
    }
}

/// An empty database on the MariaDB, MySQL or PostgreSQL server at `url`; on the way, removes those
/// that tests of more than two hours ago left behind.
///
/// # Errors
/// As [`Store::connect`].
pub async fn database(url: &str) -> Result<Scratch> {
    static SWEPT: OnceCell<()> = OnceCell::const_new();
    let admin = connect_server(url).await?;
    SWEPT.get_or_init(|| sweep(&admin)).await;
    let name = unique();
    admin
        .autocommit()
        .await?
        .batch(&format!("CREATE DATABASE {name}"))
        .await?;
    admin.close().await;
    let own = with_database(url, &name);
    Ok(Scratch {
        store: Store::connect(&own).await?,
        url: own,
        place: Place::Database {
            server: url.to_owned(),
            name,
        },
    })
}

/// An SQLite file of this test's own.
///
/// # Errors
/// As [`Store::connect`]; `Unavailable` when no temporary folder can be made.
pub async fn scratch_file() -> Result<Scratch> {
    let folder = std::env::temp_dir().join(unique());
    let failed = |error| {
        Error::unavailable("conformance.scratch", "cannot create a temporary folder")
            .with_source(error)
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let url = format!("sqlite:{}", folder.join("store.db").display());
    Ok(Scratch {
        store: Store::connect(&url).await?,
        url,
        place: Place::Folder(folder),
    })
}

/// A database that is removed when the value is dropped.
#[derive(Debug)]
pub struct Scratch {
    store: Store,
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Database { server: String, name: String },
}

impl Scratch {
    /// A store on the database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Runs statements of this dialect, each committed by itself.
    ///
    /// # Errors
    /// As [`Transaction::batch`](crate::Transaction::batch).
    pub async fn run(&self, sql: &str) -> Result<()> {
        self.store.autocommit().await?.batch(sql).await
    }

    /// The database's URL, for further stores and other processes.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        match &self.place {
            Place::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Place::Database { server, name } => {
                let (server, name) = (server.clone(), name.clone());
                // a destructor cannot wait within the test's own runtime
                let _ = std::thread::spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build();
                    runtime.map(|runtime| {
                        runtime.block_on(async {
                            remove(&connect_server(&server).await?, &name).await
                        })
                    })
                })
                .join();
            }
        }
    }
}

/// A database that every server has, for what concerns the server.
async fn connect_server(url: &str) -> Result<Store> {
    let everywhere = match url.starts_with("postgres") {
        true => "postgres",
        false => "information_schema",
    };
    Store::connect(&with_database(url, everywhere)).await
}

async fn remove(server: &Store, name: &str) -> Result<()> {
    let force = if server.dialect() == Dialect::Postgres {
        " WITH (FORCE)"
    } else {
        ""
    };
    server
        .autocommit()
        .await?
        .batch(&format!("DROP DATABASE IF EXISTS {name}{force}"))
        .await
}

/// What cannot be removed now, a later run removes.
async fn sweep(server: &Store) {
    let sql = match server.dialect() {
        Dialect::Postgres => "SELECT CAST(datname AS text) AS name FROM pg_database",
        _ => "SELECT CAST(SCHEMA_NAME AS CHAR) AS name FROM information_schema.SCHEMATA",
    };
    let Ok(mut session) = server.autocommit().await else {
        return;
    };
    let rows = session.fetch_sql(sql, Vec::new()).await.unwrap_or_default();
    drop(session);
    let oldest = seconds().saturating_sub(LEFTOVER.as_secs());
    for name in rows.iter().filter_map(|row| row.text("name").ok()) {
        let born = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('_').next()?.parse::<u64>().ok());
        if born.is_some_and(|born| born < oldest) {
            drop(remove(server, &name).await);
        }
    }
}

/// A name that no other test has: its time first, so that leftovers can be told.
fn unique() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .subsec_nanos();
    format!(
        "{PREFIX}{}_{}_{nanos}_{}",
        seconds(),
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

fn seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// `url` with another database: `scheme://user@host:port/NAME?options`.
fn with_database(url: &str, name: &str) -> String {
    let (base, options) = url
        .split_once('?')
        .map_or((url, String::new()), |(base, options)| {
            (base, format!("?{options}"))
        });
    let host = base.find("://").map_or(0, |position| position + 3);
    let end = base[host..]
        .find('/')
        .map_or(base.len(), |position| host + position);
    format!("{}/{name}{options}", &base[..end])
}

/// A sink that remembers what it is given, and refuses it on demand.
#[derive(Debug, Default)]
pub struct Collector {
    deliveries: Mutex<Vec<Vec<Root>>>,
    refusing: AtomicBool,
}

impl Collector {
    /// From now on, deliveries fail (or no longer do).
    pub fn refuse(&self, refuse: bool) {
        self.refusing.store(refuse, Ordering::SeqCst);
    }

    /// The deliveries since the last call.
    pub fn deliveries(&self) -> Vec<Vec<Root>> {
        std::mem::take(
            &mut *self
                .deliveries
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// The roots delivered since the last call, as `kind:id`.
    pub fn roots(&self) -> BTreeSet<String> {
        self.deliveries()
            .into_iter()
            .flatten()
            .map(|root| format!("{}:{}", root.kind, root.id))
            .collect()
    }
}

#[async_trait::async_trait]
impl Sink for Collector {
    async fn deliver(&self, roots: &[Root]) -> Result<()> {
        if self.refusing.load(Ordering::SeqCst) {
            return Err(Error::unavailable("collector.deliver", "refused on demand"));
        }
        self.deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(roots.to_vec());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_url_is_replaced_or_added() {
        assert_eq!(with_database("mysql://u:p@h:1", "x"), "mysql://u:p@h:1/x");
        assert_eq!(
            with_database("postgres://u@h:1/postgres?sslmode=disable", "x"),
            "postgres://u@h:1/x?sslmode=disable"
        );
    }
}
