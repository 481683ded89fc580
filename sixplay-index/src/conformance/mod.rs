//! What every backend must do: plain async functions over an [`Index`]; a broken expectation
//! panics, a failure of the backend is an error.
//!
//! Each case works on indices of its own and removes them, so all may run at once against one
//! server. `index_conformance!` makes one test of each:
//!
//! ```no_run
//! async fn run(case: &str) -> sixplay_core::Result<()> {
//!     let index = sixplay_index::Index::connect("http://127.0.0.1:9200").await?;
//!     sixplay_index::conformance::run_case(case, &index).await
//! }
//!
//! sixplay_index::index_conformance!(run);
//! ```

#![deny(dead_code)]

mod aliases;
mod french;
mod search;
mod writes;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use jiff::Timestamp;
use serde_json::value::RawValue;
use sixplay_core::{ErrorKind, Field, Mapping, Result};

use crate::{Filter, Index, Operation, Outcome, Query};

/// What the names of the suite's indices and aliases begin with.
const PREFIX: &str = "sixplay-test-";

/// Leftovers of runs that broke off are removed after this time.
const KEEP_MS: i64 = 2 * 60 * 60 * 1000;

sixplay_core::conformance_suite! {
    ($) index_conformance(&Index):
    writes::the_newest_version_wins,
    writes::one_bad_document_stops_none_of_its_neighbours,
    writes::values_are_read_leniently,
    writes::documents_come_back_in_order_at_once,
    writes::a_large_batch_is_answered_in_order,
    writes::a_document_over_the_limit_is_too_large,
    writes::a_missing_index_is_not_made_by_a_write,
    writes::a_removed_index_stays_removed,
    search::every_filter_finds_what_it_says,
    search::nested_filters_hold_within_one_object,
    search::missing_values_sort_last,
    search::pages_join_and_totals_are_exact,
    search::pages_end_at_ten_thousand,
    search::visibility_is_half_open,
    search::values_are_distinct_and_sorted,
    aliases::an_index_is_listed_with_its_owner,
    aliases::bad_mappings_and_names_are_refused,
    aliases::an_alias_is_swapped_only_from_where_it_is,
    aliases::one_of_many_swaps_wins,
    aliases::aliases_are_swapped_together_or_not_at_all,
    aliases::readers_never_meet_a_swap,
    aliases::only_an_exact_name_is_removed,
    french::french_words_are_found_in_any_form,
    french::french_is_analysed_alike,
    french::every_letter_is_folded_as_lists_fold_it,
}

/// A name that no other test has: of the time, the process and a counter.
pub fn unique_name() -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let (now, process) = (Timestamp::now().as_millisecond(), std::process::id());
    format!("{PREFIX}{now}-{process:x}-{count}")
}

/// Removes what broken runs left more than two hours ago.
///
/// # Errors
/// As [`Index::list`].
pub async fn sweep(index: &Index) -> Result<()> {
    let oldest = Timestamp::now().as_millisecond() - KEEP_MS;
    for info in index.list(PREFIX).await? {
        let made = info.name[PREFIX.len()..].split('-').next();
        let made = made.and_then(|made| made.parse::<i64>().ok());
        if made.is_some_and(|made| made < oldest) {
            // another run may sweep, too
            index.remove(&info.name).await.ok();
        }
    }
    Ok(())
}

/// An index for one test.
struct ScratchIndex<'a> {
    index: &'a Index,
    name: String,
}

impl<'a> ScratchIndex<'a> {
    async fn new(index: &'a Index) -> Result<Self> {
        let name = unique_name();
        index.create(&name, &mapping(), &BTreeMap::new()).await?;
        Ok(Self { index, name })
    }

    /// An index with these documents.
    async fn with(index: &'a Index, documents: &[&str]) -> Result<Self> {
        let scratch = Self::new(index).await?;
        scratch.put_all(documents).await?;
        Ok(scratch)
    }

    /// Puts documents, each with its `id`, and makes them visible.
    async fn put_all(&self, documents: &[&str]) -> Result<()> {
        let puts = documents.iter();
        let puts = puts.map(|document| put(&id_of(document), 1, document));
        let outcomes = self.apply(puts.collect()).await?;
        assert_eq!(outcomes, vec![Outcome::Done; documents.len()]);
        self.refresh().await
    }

    async fn apply(&self, operations: Vec<Operation>) -> Result<Vec<Outcome>> {
        self.index.apply(&self.name, operations).await
    }

    async fn refresh(&self) -> Result<()> {
        self.index.refresh(&self.name).await
    }

    async fn get(&self, ids: &[&str]) -> Result<Vec<Option<Box<RawValue>>>> {
        self.index.get(&self.name, ids).await
    }

    /// The ids of the page, and the total.
    async fn search(&self, query: &Query) -> Result<(Vec<String>, u64)> {
        let page = self.index.search(&self.name, query).await?;
        let ids = page.documents.iter().map(|document| id_of(document.get()));
        Ok((ids.collect(), page.total))
    }

    /// The ids of the page in one word.
    async fn ids(&self, query: &Query) -> Result<String> {
        Ok(self.search(query).await?.0.concat())
    }

    /// The ids of all documents for which the filter holds, in one word.
    async fn matching(&self, filter: Filter) -> Result<String> {
        let (ids, total) = self.search(&Query::new(100).filter(filter)).await?;
        assert_eq!(ids.len() as u64, total);
        Ok(ids.concat())
    }

    async fn refusal_of(&self, query: &Query) -> Option<ErrorKind> {
        kind_of(self.index.search(&self.name, query).await)
    }

    async fn remove(self) -> Result<()> {
        self.index.remove(&self.name).await
    }
}

fn mapping() -> Mapping {
    let loans = vec![
        Field::keyword("branch"),
        Field::keyword("readers"),
        Field::long("from"),
        Field::long("until"),
    ];
    let fields = vec![
        Field::keyword("id"),
        Field::keyword("tags"),
        Field::long("rank"),
        Field::french("title"),
        Field::nested("loans", loans),
        Field::stored("body"),
    ];
    Mapping { fields }
}

fn put(id: &str, version: i64, document: &str) -> Operation {
    let document = RawValue::from_string(document.to_owned()).expect("valid JSON");
    Operation::put(id, version, document)
}

fn id_of(document: &str) -> String {
    let document: serde_json::Value = serde_json::from_str(document).expect("valid JSON");
    document["id"].as_str().unwrap_or_default().to_owned()
}

/// The kind of the error, if it is one.
fn kind_of<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}
