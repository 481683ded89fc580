//! Runs the conformance suite on the embedded index and the three servers.

use sixplay_index::{Index, conformance};

/// The index at the URL that the environment names, `None` when it is to be skipped.
pub async fn server(name: &str) -> Option<Index> {
    let variable = format!("SIXPLAY_TEST_{}", name.to_uppercase());
    let skipped = std::env::var("SIXPLAY_TEST_SKIP").unwrap_or_default();
    match std::env::var(&variable) {
        Ok(url) => {
            let index = Index::connect(&url).await.expect("connected");
            conformance::sweep(&index).await.expect("swept");
            Some(index)
        }
        Err(_) if skipped.split_whitespace().any(|skipped| skipped == name) => {
            eprintln!("skipped: {name}");
            None
        }
        Err(_) => {
            panic!("{variable} names no server; add {name} to SIXPLAY_TEST_SKIP to do without")
        }
    }
}

macro_rules! suite {
    ($($case:ident)*) => {
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (_folder, index) = crate::embedded::index().await;
                sixplay_index::conformance::$case(&index).await;
            })*
        }
        suite!(@server elasticsearch8 $($case)*);
        suite!(@server elasticsearch9 $($case)*);
        suite!(@server opensearch3 $($case)*);
    };
    (@server $server:ident $($case:ident)*) => {
        mod $server {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if let Some(index) = super::server(stringify!($server)).await {
                    sixplay_index::conformance::$case(&index).await;
                }
            })*
        }
    };
}

suite! {
    the_newest_version_wins
    one_bad_document_stops_none_of_its_neighbours
    values_are_read_leniently
    documents_come_back_in_order_at_once
    a_large_batch_is_answered_in_order
    a_document_over_the_limit_is_too_large
    a_missing_index_is_not_made_by_a_write
    a_removed_index_stays_removed
    every_filter_finds_what_it_says
    nested_filters_hold_within_one_object
    missing_values_sort_last
    pages_join_and_totals_are_exact
    pages_end_at_ten_thousand
    visibility_is_half_open
    values_are_distinct_and_sorted
    an_index_is_listed_with_its_owner
    bad_mappings_and_names_are_refused
    an_alias_is_swapped_only_from_where_it_is
    one_of_many_swaps_wins
    aliases_are_swapped_together_or_not_at_all
    readers_never_meet_a_swap
    only_an_exact_name_is_removed
    french_words_are_found_in_any_form
    french_is_analysed_alike
}
