//! PostgreSQL behind PgBouncer, which lends a connection for one transaction only.

use std::{path::Path, process::Command};

use sixplay_core::{
    ErrorKind, Result, Store,
    conformance::{self, run_case},
};
use tempfile::TempDir;

/// A pooler of the test's own.
struct Pooler {
    folder: TempDir,
    url: String,
}

impl Pooler {
    /// `None` when PostgreSQL is skipped.
    fn start() -> Result<Option<Self>> {
        if conformance::server("postgres")?.is_none() {
            return Ok(None);
        }
        let folder = tempfile::tempdir().expect("a folder");
        let output = services("private", &folder)
            .output()
            .expect("dev/services runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        let url = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(Some(Self { folder, url }))
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = services("private-stop", &self.folder).output();
    }
}

fn services(verb: &str, folder: &TempDir) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dev/services");
    let mut command = Command::new(script);
    command.args([verb, "pgbouncer"]).arg(folder.path());
    command
}

/// Those that leave nothing on a session, which is then another client's.
const CASES: [&str; 16] = [
    "plain_sql_reaches_exactly_the_affected_roots",
    "a_rolled_back_transaction_reaches_nothing",
    "a_late_commit_is_neither_missed_nor_in_the_way",
    "roots_are_enumerated_in_pages",
    "two_detectors_lose_nothing",
    "a_dead_detectors_changes_pass_to_another",
    "a_large_fan_out_is_paged",
    "tickets_strictly_increase_under_concurrency",
    "the_highest_ticket_decides_the_boundary",
    "concurrent_setters_and_claimers_agree",
    "installing_again_and_at_once_is_harmless",
    "a_changed_graph_replaces_its_triggers",
    "a_deadlock_is_transient",
    "a_snapshot_sees_one_instant",
    "a_snapshot_cannot_write",
    "a_dropped_transaction_leaves_nothing",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_keeps_no_statements_works_behind_a_pooler() -> Result<()> {
    let Some(pooler) = Pooler::start()? else {
        return Ok(());
    };
    let url = format!("{}?statement-cache-capacity=0", pooler.url);
    for case in CASES {
        let scratch = conformance::database(&url).await?;
        run_case(case, &scratch).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_that_a_pooler_mixes_up_are_told_with_the_remedy() -> Result<()> {
    let Some(pooler) = Pooler::start()? else {
        return Ok(());
    };
    // more clients than the pooler has connections, and all call their statements alike
    for client in 0..9 {
        let store = Store::connect(&pooler.url).await?;
        let query = format!("SELECT {client} AS number");
        if let Err(error) = store.read().await?.fetch_sql(&query, Vec::new()).await {
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
            let text = error.to_string();
            assert!(text.contains("?statement-cache-capacity=0"), "{text}");
            return Ok(());
        }
    }
    panic!("the pooler mixed nothing up")
}
