//! Indices by name, and the aliases that readers go through.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use futures_util::future::join_all;
use sixplay_core::{
    ErrorKind::{Conflict, Invalid, NotFound},
    Field, Mapping, Result,
};

use super::{ScratchIndex, kind_of, mapping, put, unique_name};
use crate::{Index, IndexInfo, Query, Swap};

/// An index is listed with its aliases and what its maker told of it; its name is taken.
pub(super) async fn an_index_is_listed_with_its_owner(index: &Index) -> Result<()> {
    let name = unique_name();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let meta = BTreeMap::from([pair("source", "tests"), pair("created_us", "1")]);
    index.create(&name, &mapping(), &meta).await?;
    let (second, alias) = (format!("{name}-second"), format!("{name}-alias"));
    index.create(&second, &mapping(), &BTreeMap::new()).await?;
    index.swap(&alias, None, &name).await?;
    let info = |name: &str, aliases: &[&String], meta| IndexInfo {
        name: name.to_owned(),
        aliases: aliases.iter().map(|alias| (*alias).clone()).collect(),
        meta,
    };
    let expected = [
        info(&name, &[&alias], meta),
        info(&second, &[], BTreeMap::new()),
    ];
    assert_eq!(index.list(&name).await?, expected);
    assert!(index.list(&alias).await?.is_empty(), "an alias is no index");
    for taken in [&name, &alias] {
        let created = index.create(taken, &mapping(), &BTreeMap::new()).await;
        assert_eq!(kind_of(created), Some(Conflict), "{taken}");
    }
    index.remove(&name).await?;
    let behind = index.resolve(&alias).await?;
    assert_eq!(behind, None, "the alias goes with its index");
    index.remove(&second).await
}

/// A mapping that servers would refuse, or understand in different ways, is refused alike.
pub(super) async fn bad_mappings_and_names_are_refused(index: &Index) -> Result<()> {
    let deep = Field::nested("outer", vec![Field::nested("inner", Vec::new())]);
    let bad = [
        vec![Field::keyword("a.b")],
        vec![Field::keyword("")],
        vec![Field::long("visible_from")],
        vec![deep],
        vec![Field::keyword("a"), Field::long("a")],
    ];
    for fields in bad {
        let (name, mapping) = (unique_name(), Mapping { fields });
        let created = index.create(&name, &mapping, &BTreeMap::new()).await;
        assert_eq!(kind_of(created), Some(Invalid), "{mapping:?}");
    }
    let too_long = "x".repeat(201);
    let bad = [
        "", "_all", "UPPER", "a b", "a,b", "a*", "-a", ".a", "é", "a/b", "..", &too_long,
    ];
    for name in bad {
        let created = index.create(name, &mapping(), &BTreeMap::new()).await;
        assert_eq!(kind_of(created), Some(Invalid), "{name}");
        let searched = index.search(name, &Query::new(1)).await;
        assert_eq!(kind_of(searched), Some(Invalid), "{name}");
    }
    Ok(())
}

/// The alias moves only from the index that it is on.
pub(super) async fn an_alias_is_swapped_only_from_where_it_is(index: &Index) -> Result<()> {
    let (first, second) = (
        ScratchIndex::new(index).await?,
        ScratchIndex::new(index).await?,
    );
    let (one, two) = (first.name.as_str(), second.name.as_str());
    let (alias, missing) = (unique_name(), unique_name());
    let swap = async |from: Option<&str>, to: &str| kind_of(index.swap(&alias, from, to).await);
    let behind = async || index.resolve(&alias).await;

    assert_eq!(behind().await?, None);
    assert_eq!(swap(Some(one), two).await, Some(Conflict));
    assert_eq!(swap(None, &missing).await, Some(NotFound));
    assert_eq!(behind().await?, None);

    assert_eq!(swap(None, one).await, None);
    assert_eq!(behind().await?.as_deref(), Some(one));
    assert_eq!(swap(None, two).await, Some(Conflict));
    assert_eq!(swap(Some(two), two).await, Some(Conflict));
    assert_eq!(swap(Some(&missing), two).await, Some(Conflict));
    assert_eq!(swap(Some(one), &missing).await, Some(NotFound));
    assert_eq!(behind().await?.as_deref(), Some(one));

    assert_eq!(swap(Some(one), two).await, None);
    assert_eq!(behind().await?.as_deref(), Some(two));
    let to_an_index_name = index.swap(one, None, two).await;
    assert_eq!(kind_of(to_an_index_name), Some(Invalid));
    assert_eq!(swap(Some("a*"), two).await, Some(Invalid));
    first.remove().await?;
    second.remove().await
}

/// Several aliases move in one step, or none of them when one is elsewhere or has nowhere to go.
pub(super) async fn aliases_are_swapped_together_or_not_at_all(index: &Index) -> Result<()> {
    let (one, two) = (
        ScratchIndex::new(index).await?,
        ScratchIndex::new(index).await?,
    );
    let (a, b, missing) = (one.name.as_str(), two.name.as_str(), unique_name());
    let (first, second) = (unique_name(), unique_name());
    let swap = |alias: &str, from: Option<&str>, to: &str| Swap {
        alias: alias.to_owned(),
        from: from.map(str::to_owned),
        to: to.to_owned(),
    };
    let both = async |place: Option<&str>| -> Result<bool> {
        let places = [index.resolve(&first).await?, index.resolve(&second).await?];
        Ok(places.iter().all(|found| found.as_deref() == place))
    };
    let swap_all = async |swaps: [Swap; 2]| kind_of(index.swap_all(&swaps).await);

    let nowhere = [swap(&first, None, a), swap(&second, None, &missing)];
    assert_eq!(swap_all(nowhere).await, Some(NotFound));
    assert!(both(None).await?);
    let new = [swap(&first, None, a), swap(&second, None, a)];
    assert_eq!(swap_all(new).await, None);
    let elsewhere = [swap(&first, Some(a), b), swap(&second, Some(b), b)];
    assert_eq!(swap_all(elsewhere).await, Some(Conflict));
    let twice = [swap(&first, Some(a), b), swap(&first, Some(b), a)];
    assert_eq!(swap_all(twice).await, Some(Invalid));
    assert!(both(Some(a)).await?);
    let moved = [swap(&first, Some(a), b), swap(&second, Some(a), b)];
    assert_eq!(swap_all(moved).await, None);
    assert!(both(Some(b)).await?);
    one.remove().await?;
    two.remove().await
}

/// Of many swaps at once from the same index one wins, and the alias is where the winner put it.
pub(super) async fn one_of_many_swaps_wins(index: &Index) -> Result<()> {
    let live = ScratchIndex::new(index).await?;
    let alias = unique_name();
    index.swap(&alias, None, &live.name).await?;
    let mut candidates = Vec::new();
    for _ in 0..4 {
        candidates.push(ScratchIndex::new(index).await?);
    }
    let swaps = candidates
        .iter()
        .map(|candidate| index.swap(&alias, Some(&live.name), &candidate.name));
    let results = join_all(swaps).await;
    let now = index.resolve(&alias).await?;
    for (candidate, result) in candidates.iter().zip(&results) {
        match result {
            Ok(()) => assert_eq!(now.as_ref(), Some(&candidate.name)),
            Err(error) => assert_eq!(error.kind(), Conflict),
        }
    }
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for candidate in candidates {
        candidate.remove().await?;
    }
    live.remove().await
}

/// While an alias is swapped to and fro, every search through it finds all documents of one of the
/// indices.
pub(super) async fn readers_never_meet_a_swap(index: &Index) -> Result<()> {
    let one = ScratchIndex::with(index, &[r#"{"id":"a"}"#]).await?;
    let two = ScratchIndex::with(index, &[r#"{"id":"a"}"#, r#"{"id":"b"}"#]).await?;
    let alias = unique_name();
    index.swap(&alias, None, &one.name).await?;
    let (done, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    let read = async || -> Result<()> {
        while !done.load(Ordering::Relaxed) {
            let page = index.search(&alias, &Query::new(5)).await?;
            let whole = page.total == page.documents.len() as u64;
            assert!(whole && [1, 2].contains(&page.total), "{}", page.total);
            assert!(index.get(&alias, &["a"]).await?[0].is_some());
            reads.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    };
    let swap = async || -> Result<()> {
        for _ in 0..10 {
            index.swap(&alias, Some(&one.name), &two.name).await?;
            tokio::task::yield_now().await;
            index.swap(&alias, Some(&two.name), &one.name).await?;
        }
        Ok(())
    };
    let swap_and_stop = async {
        let swapped = swap().await;
        done.store(true, Ordering::Relaxed);
        swapped
    };
    tokio::try_join!(swap_and_stop, read(), read(), read())?;
    assert!(reads.load(Ordering::Relaxed) > 0);
    one.remove().await?;
    two.remove().await
}

/// Only an index's exact name removes it.
pub(super) async fn only_an_exact_name_is_removed(index: &Index) -> Result<()> {
    let scratch = ScratchIndex::new(index).await?;
    let alias = unique_name();
    index.swap(&alias, None, &scratch.name).await?;
    let pattern = format!("{}*", &scratch.name[..scratch.name.len() - 1]);
    let list = format!("{0},{0}", scratch.name);
    for name in [&alias, &pattern, "*", "_all", "", &list] {
        let removed = index.remove(name).await;
        assert_eq!(kind_of(removed), Some(Invalid), "{name}");
    }
    let removed = index.remove(&unique_name()).await;
    assert_eq!(kind_of(removed), Some(NotFound));
    scratch.apply(vec![put("a", 1, r#"{"id":"a"}"#)]).await?;
    assert!(index.get(&alias, &["a"]).await?[0].is_some());
    scratch.remove().await
}
