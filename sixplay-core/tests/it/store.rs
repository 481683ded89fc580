//! Every conformance function on every database.

macro_rules! on_every_database {
    ($($module:ident::$name:ident)*) => {
        on_every_database!(@ sqlite Sqlite $($module::$name)*);
        on_every_database!(@ mariadb Mariadb $($module::$name)*);
        on_every_database!(@ postgres Postgres $($module::$name)*);
    };
    (@ $database:ident $backend:ident $($module:ident::$name:ident)*) => {
        mod $database {
            use std::time::Duration;

            use sixplay_core::{Error, Result, conformance::{self, Backend}};

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() -> Result<()> {
                let Some(scratch) = conformance::scratch(Backend::$backend).await? else { return Ok(()) };
                let hangs = |_| Error::timeout(stringify!($name), "the test hangs");
                tokio::time::timeout(Duration::from_secs(60), conformance::$module::$name(&scratch)).await.map_err(hangs)?
            })*
        }
    };
}

on_every_database! {
    changes::plain_sql_reaches_exactly_the_affected_roots
    changes::a_replaced_row_reaches_its_old_parent
    changes::a_rolled_back_transaction_reaches_nothing
    changes::discarded_changes_are_gone_and_later_ones_come
    changes::a_late_commit_is_neither_missed_nor_in_the_way
    changes::two_detectors_lose_nothing
    changes::a_refusing_sink_loses_nothing
    changes::a_dead_detectors_changes_pass_to_another
    changes::a_stopped_detector_gives_back_its_changes
    changes::a_large_fan_out_is_paged
    changes::roots_are_enumerated_in_pages
    windows::tickets_strictly_increase_under_concurrency
    windows::windows_fire_once_when_due
    windows::the_highest_ticket_decides_the_boundary
    windows::a_boundary_set_during_delivery_stays
    windows::refused_and_simultaneous_windows_all_fire
    windows::concurrent_setters_and_claimers_agree
    installation::installing_again_and_at_once_is_harmless
    installation::a_changed_graph_replaces_its_triggers
    installation::a_graph_that_does_not_fit_is_refused_by_name
    installation::cascades_are_refused_or_logged
    installation::a_broken_constraint_is_a_conflict
    installation::a_deadlock_is_transient
    installation::a_pool_recovers_from_lost_connections
    installation::a_url_that_leads_nowhere_is_refused
}
