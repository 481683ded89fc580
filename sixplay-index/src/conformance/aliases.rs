//! Indices by name, and the aliases that readers go through.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
};

use sixplay_core::{
    ErrorKind,
    mapping::{Field, Mapping},
};

use super::{Scratch, mapping, put, unique_name};
use crate::{Index, IndexInfo, Query, Swap};

/// An index is listed with its aliases and what its maker told of it; its name is taken.
pub async fn an_index_is_listed_with_its_owner(index: &Index) {
    let name = unique_name();
    let meta: BTreeMap<String, String> = [
        ("source".to_owned(), "tests".to_owned()),
        ("created_us".to_owned(), "1".to_owned()),
    ]
    .into();
    index
        .create(&name, &mapping(), &meta)
        .await
        .expect("created");
    let (second, alias) = (format!("{name}-second"), format!("{name}-alias"));
    index
        .create(&second, &mapping(), &BTreeMap::new())
        .await
        .expect("created");
    index.swap(&alias, None, &name).await.expect("aliased");
    assert_eq!(
        index.list(&name).await.expect("listed"),
        [
            IndexInfo {
                name: name.clone(),
                aliases: vec![alias.clone()],
                meta
            },
            IndexInfo {
                name: second.clone(),
                aliases: Vec::new(),
                meta: BTreeMap::new()
            },
        ]
    );
    assert!(
        index.list(&alias).await.expect("listed").is_empty(),
        "an alias is no index"
    );
    for taken in [&name, &alias] {
        let error = index
            .create(taken, &mapping(), &BTreeMap::new())
            .await
            .expect_err("taken");
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    }
    index.remove(&name).await.expect("removed");
    assert_eq!(
        index.resolve(&alias).await.expect("resolved"),
        None,
        "the alias goes with its index"
    );
    index.remove(&second).await.expect("removed");
}

/// A mapping that servers would refuse, or understand in different ways, is refused alike.
pub async fn bad_mappings_and_names_are_refused(index: &Index) {
    let deep = Field::nested("outer", vec![Field::nested("inner", Vec::new())]);
    for field in [
        Field::keyword("a.b"),
        Field::keyword(""),
        Field::long("visible_from"),
        deep,
    ] {
        let error = index
            .create(
                &unique_name(),
                &Mapping {
                    fields: vec![field],
                },
                &BTreeMap::new(),
            )
            .await
            .expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    let twice = Mapping {
        fields: vec![Field::keyword("a"), Field::long("a")],
    };
    assert_eq!(
        index
            .create(&unique_name(), &twice, &BTreeMap::new())
            .await
            .expect_err("refused")
            .kind(),
        ErrorKind::Invalid
    );
    for name in [
        "",
        "_all",
        "UPPER",
        "a b",
        "a,b",
        "a*",
        "-a",
        ".a",
        "é",
        "a/b",
        "..",
        &"x".repeat(201),
    ] {
        let error = index
            .create(name, &mapping(), &BTreeMap::new())
            .await
            .expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert_eq!(
            index
                .search(name, &Query::new(1))
                .await
                .expect_err("refused")
                .kind(),
            ErrorKind::Invalid,
            "{name}"
        );
    }
}

/// The alias moves only from the index that it is on.
pub async fn an_alias_is_swapped_only_from_where_it_is(index: &Index) {
    let (one, two) = (Scratch::new(index).await, Scratch::new(index).await);
    let (alias, missing) = (unique_name(), unique_name());
    let kind = async |from: Option<&str>, to: &str| {
        index
            .swap(&alias, from, to)
            .await
            .map_err(|error| error.kind())
    };
    assert_eq!(index.resolve(&alias).await.expect("resolved"), None);
    assert_eq!(
        kind(Some(&one.name), &two.name).await,
        Err(ErrorKind::Conflict)
    );
    assert_eq!(kind(None, &missing).await, Err(ErrorKind::NotFound));
    assert_eq!(index.resolve(&alias).await.expect("resolved"), None);
    assert_eq!(kind(None, &one.name).await, Ok(()));
    assert_eq!(
        index.resolve(&alias).await.expect("resolved").as_deref(),
        Some(one.name.as_str())
    );
    assert_eq!(kind(None, &two.name).await, Err(ErrorKind::Conflict));
    assert_eq!(
        kind(Some(&two.name), &two.name).await,
        Err(ErrorKind::Conflict)
    );
    assert_eq!(
        kind(Some(&missing), &two.name).await,
        Err(ErrorKind::Conflict)
    );
    assert_eq!(
        kind(Some(&one.name), &missing).await,
        Err(ErrorKind::NotFound)
    );
    assert_eq!(
        index.resolve(&alias).await.expect("resolved").as_deref(),
        Some(one.name.as_str())
    );
    assert_eq!(kind(Some(&one.name), &two.name).await, Ok(()));
    assert_eq!(
        index.resolve(&alias).await.expect("resolved").as_deref(),
        Some(two.name.as_str())
    );
    assert_eq!(
        index
            .swap(&one.name, None, &two.name)
            .await
            .expect_err("an index's name")
            .kind(),
        ErrorKind::Invalid
    );
    assert_eq!(
        index
            .swap(&alias, Some("a*"), &two.name)
            .await
            .expect_err("a pattern")
            .kind(),
        ErrorKind::Invalid
    );
    one.remove().await;
    two.remove().await;
}

/// Several aliases move in one step, or none of them when one is elsewhere or has nowhere to go.
pub async fn aliases_are_swapped_together_or_not_at_all(index: &Index) {
    let (one, two) = (Scratch::new(index).await, Scratch::new(index).await);
    let (first, second) = (unique_name(), unique_name());
    let swap = |alias: &str, from: Option<&str>, to: &str| Swap {
        alias: alias.into(),
        from: from.map(Into::into),
        to: to.into(),
    };
    let places = async || {
        (
            index.resolve(&first).await.expect("the first alias"),
            index.resolve(&second).await.expect("the second alias"),
        )
    };
    let kind = async |swaps: &[Swap]| index.swap_all(swaps).await.map_err(|error| error.kind());
    let (a, b) = (one.name.as_str(), two.name.as_str());
    assert_eq!(
        kind(&[swap(&first, None, a), swap(&second, None, &unique_name())]).await,
        Err(ErrorKind::NotFound)
    );
    assert_eq!(places().await, (None, None));
    assert_eq!(
        kind(&[swap(&first, None, a), swap(&second, None, a)]).await,
        Ok(())
    );
    assert_eq!(
        kind(&[swap(&first, Some(a), b), swap(&second, Some(b), b)]).await,
        Err(ErrorKind::Conflict)
    );
    assert_eq!(
        kind(&[swap(&first, Some(a), b), swap(&first, Some(b), a)]).await,
        Err(ErrorKind::Invalid)
    );
    assert_eq!(places().await, (Some(a.to_owned()), Some(a.to_owned())));
    assert_eq!(
        kind(&[swap(&first, Some(a), b), swap(&second, Some(a), b)]).await,
        Ok(())
    );
    assert_eq!(places().await, (Some(b.to_owned()), Some(b.to_owned())));
    one.remove().await;
    two.remove().await;
}

/// Of many swaps at once from the same index one wins, and the alias is where the winner put it.
pub async fn one_of_many_swaps_wins(index: &Index) {
    let live = Scratch::new(index).await;
    let alias = unique_name();
    index.swap(&alias, None, &live.name).await.expect("aliased");
    let mut candidates = Vec::new();
    for _ in 0..4 {
        candidates.push(Scratch::new(index).await);
    }
    let swaps = candidates
        .iter()
        .map(|candidate| index.swap(&alias, Some(&live.name), &candidate.name));
    let results = futures_util::future::join_all(swaps).await;
    let now = index.resolve(&alias).await.expect("resolved");
    for (candidate, result) in candidates.iter().zip(&results) {
        match result {
            Ok(()) => assert_eq!(now.as_deref(), Some(candidate.name.as_str())),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict),
        }
    }
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for candidate in candidates {
        candidate.remove().await;
    }
    live.remove().await;
}

/// While an alias is swapped to and fro, every search through it finds all documents of one of the
/// indices.
pub async fn readers_never_meet_a_swap(index: &Index) {
    let (one, two) = (Scratch::new(index).await, Scratch::new(index).await);
    one.put(&[r#"{"id":"a"}"#]).await;
    two.put(&[r#"{"id":"a"}"#, r#"{"id":"b"}"#]).await;
    let alias = unique_name();
    index.swap(&alias, None, &one.name).await.expect("aliased");
    let (done, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    let reader = async || {
        while !done.load(Ordering::Relaxed) {
            let page = index
                .search(&alias, &Query::new(5))
                .await
                .expect("searched");
            assert!(
                page.total == page.documents.len() as u64 && (page.total == 1 || page.total == 2),
                "{}",
                page.total
            );
            assert!(index.get(&alias, &["a"]).await.expect("read")[0].is_some());
            reads.fetch_add(1, Ordering::Relaxed);
        }
    };
    let writer = async {
        for _ in 0..10 {
            index
                .swap(&alias, Some(&one.name), &two.name)
                .await
                .expect("swapped");
            tokio::task::yield_now().await;
            index
                .swap(&alias, Some(&two.name), &one.name)
                .await
                .expect("swapped");
        }
        done.store(true, Ordering::Relaxed);
    };
    tokio::join!(writer, reader(), reader(), reader());
    assert!(reads.load(Ordering::Relaxed) > 0);
    one.remove().await;
    two.remove().await;
}

/// Only an index's exact name removes it.
pub async fn only_an_exact_name_is_removed(index: &Index) {
    let scratch = Scratch::new(index).await;
    let alias = unique_name();
    index
        .swap(&alias, None, &scratch.name)
        .await
        .expect("aliased");
    let pattern = format!("{}*", &scratch.name[..scratch.name.len() - 1]);
    for name in [
        alias.as_str(),
        pattern.as_str(),
        "*",
        "_all",
        "",
        &format!("{0},{0}", scratch.name),
    ] {
        let error = index.remove(name).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    assert_eq!(
        index
            .remove(&unique_name())
            .await
            .expect_err("missing")
            .kind(),
        ErrorKind::NotFound
    );
    scratch.apply(vec![put("a", 1, r#"{"id":"a"}"#)]).await;
    assert!(index.get(&alias, &["a"]).await.expect("read")[0].is_some());
    scratch.remove().await;
}
