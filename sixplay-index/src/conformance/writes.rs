//! Versions and outcomes.

use std::collections::BTreeMap;

use sixplay_core::{ErrorKind::NotFound, Result};

use super::{ScratchIndex, kind_of, mapping, put, unique_name};
use crate::{
    Filter, Index, MAX_OPERATION_BYTES, Operation,
    Outcome::{self, Done, Superseded, TooLarge},
    Query,
};

/// The newest version wins in whatever order writes come; equal ones are accepted; a delete is
/// remembered.
pub(super) async fn the_newest_version_wins(index: &Index) -> Result<()> {
    let scratch = ScratchIndex::new(index).await?;
    let write = |version| put("a", version, &format!(r#"{{"id":"a","rank":{version}}}"#));
    assert_eq!(scratch.apply(vec![write(5)]).await?, [Done]);
    let unordered = vec![write(4), write(5), write(7), write(6)];
    let outcomes = scratch.apply(unordered).await?;
    assert_eq!(outcomes, [Superseded, Done, Done, Superseded]);

    let delete = Operation::delete;
    let deletes = vec![delete("a", 6), delete("a", 8), delete("b", 3)];
    let outcomes = scratch.apply(deletes).await?;
    assert_eq!(outcomes, [Superseded, Done, Done]);
    let late = vec![write(7), put("b", 2, r#"{"id":"b"}"#)];
    assert_eq!(scratch.apply(late).await?, [Superseded, Superseded]);
    let found = scratch.get(&["a", "b"]).await?;
    assert!(found.iter().all(Option::is_none));

    assert_eq!(scratch.apply(vec![write(8)]).await?, [Done]);
    scratch.refresh().await?;
    assert_eq!(index.count(&scratch.name).await?, 1);
    scratch.remove().await
}

/// A document that the mapping refuses, a bad id, version or document: each gets its own outcome,
/// the neighbours are written.
pub(super) async fn one_bad_document_stops_none_of_its_neighbours(index: &Index) -> Result<()> {
    let scratch = ScratchIndex::new(index).await?;
    let good = |id: &str| put(id, 1, &format!(r#"{{"id":"{id}"}}"#));
    let bad = [
        r#"{"id":"x","unknown":1}"#,
        r#"{"id":"x","rank":"many"}"#,
        r#"{"id":"x","rank":true}"#,
        r#"{"id":"x","rank":1e30}"#,
        r#"{"id":{"x":1}}"#,
        r#"{"id":"x","loans":3}"#,
        r#"{"id":"x","loans":[{"unknown":"p"}]}"#,
        r#"[{"id":"x"}]"#,
    ];
    let mut operations = vec![good("first"), put("", 1, "{}"), put("x", -1, "{}")];
    operations.push(put(&"i".repeat(513), 1, "{}"));
    operations.extend(bad.iter().map(|document| put("x", 1, document)));
    operations.extend([Operation::delete("none", 1), good("last")]);
    let outcomes = scratch.apply(operations).await?;
    assert_eq!(outcomes[0], Done);
    let (refused, done) = outcomes[1..].split_at(3 + bad.len());
    for (position, outcome) in refused.iter().enumerate() {
        let rejected = matches!(outcome, Outcome::Rejected { reason } if !reason.is_empty());
        assert!(rejected, "{position}: {outcome:?}");
    }
    assert_eq!(done, [Done, Done]);
    assert!(scratch.get(&["x"]).await?[0].is_none());
    scratch.remove().await
}

/// What fits the mapping in another spelling is taken as servers take it.
pub(super) async fn values_are_read_leniently(index: &Index) -> Result<()> {
    let documents = [
        r#"{"id":"a","rank":"12","tags":[5,true,null,["x"]],"loans":{"branch":"p"}}"#,
        r#"{"id":"b","rank":12.7,"tags":null,"loans":[null,{"branch":null}],"body":7}"#,
        r#"{"id":"c","rank":[3,"12"],"tags":[],"loans":[],"body":[1,{"any":"thing"}]}"#,
        r#"{"id":"d","rank":"","body":null}"#,
    ];
    let scratch = ScratchIndex::with(index, &documents).await?;
    let twelve = Filter::term("rank", 12);
    assert_eq!(scratch.matching(twelve).await?, "abc");
    for tag in ["5", "true", "x"] {
        let tagged = Filter::term("tags", tag);
        assert_eq!(scratch.matching(tagged).await?, "a", "{tag}");
    }
    let lent = Filter::nested("loans", [Filter::term("branch", "p")]);
    assert_eq!(scratch.matching(lent).await?, "a");
    scratch.remove().await
}

/// Ids in order, with repeats and gaps, at once; behind the fields of the visible time every value
/// has the bytes it came with.
pub(super) async fn documents_come_back_in_order_at_once(index: &Index) -> Result<()> {
    let scratch = ScratchIndex::new(index).await?;
    let body = r#"{"é":"\u00e9\/", "big":123456789012345678901234567890}"#;
    let document = format!(r#"{{ "id" : "b", "rank":1.50e1, "body":{body} }}"#);
    let lines = "{\"id\":\"lines\",\n\"rank\":\r\n1,\"body\":[\n2]}";
    let puts = vec![
        put("b", 1, &document),
        put("a", 1, r#"{"id":"a"}"#),
        put("lines", 1, lines),
    ];
    assert_eq!(scratch.apply(puts).await?, [Done, Done, Done]);

    let stored = format!(r#"{{"visible_from":0,"id":"b","rank":1.50e1,"body":{body}}}"#);
    let found = scratch.get(&["none", "b", "a", "b", "lines"]).await?;
    let text = |document: &Option<Box<crate::RawValue>>| {
        document.as_ref().map(|document| document.get().to_owned())
    };
    let found: Vec<Option<String>> = found.iter().map(text).collect();
    let a = r#"{"visible_from":0,"id":"a"}"#.to_owned();
    let expected = [None, Some(stored.clone()), Some(a), Some(stored.clone())];
    assert_eq!(found[..4], expected);
    let lines = found[4].as_deref().map(str::split_whitespace);
    let lines = lines.map(Iterator::collect::<String>);
    let expected = r#"{"visible_from":0,"id":"lines","rank":1,"body":[2]}"#;
    assert_eq!(lines.as_deref(), Some(expected));

    scratch.refresh().await?;
    let page = index.search(&scratch.name, &Query::new(10)).await?;
    assert_eq!(page.documents[1].get(), stored);
    assert!(scratch.get(&[]).await?.is_empty());
    scratch.remove().await
}

/// More operations than one request takes: outcomes in order, the last write of an id holds.
pub(super) async fn a_large_batch_is_answered_in_order(index: &Index) -> Result<()> {
    let scratch = ScratchIndex::new(index).await?;
    let filling = "x".repeat(3_000);
    let operation = |number: i64| {
        let id = number % 1000;
        let good = format!(r#"{{"id":"{id}","rank":{number},"body":"{filling}"}}"#);
        match number % 10 {
            3 => put(&number.to_string(), 1, r#"{"unknown":1}"#),
            _ => put(&id.to_string(), number, &good),
        }
    };
    let outcomes = scratch.apply((0..1_200).map(operation).collect()).await?;
    for (number, outcome) in outcomes.iter().enumerate() {
        let rejected = matches!(outcome, Outcome::Rejected { .. });
        assert_eq!(rejected, number % 10 == 3, "{number}: {outcome:?}");
    }
    scratch.refresh().await?;
    assert_eq!(index.count(&scratch.name).await?, 900);
    let last = scratch.get(&["150"]).await?.remove(0).expect("there");
    assert!(last.get().contains(r#""rank":1150"#));
    scratch.remove().await
}

/// An operation over the limit is told apart from a bad one.
pub(super) async fn a_document_over_the_limit_is_too_large(index: &Index) -> Result<()> {
    let scratch = ScratchIndex::new(index).await?;
    let of_size = |bytes: usize| {
        let filling = "x".repeat(bytes);
        put("a", 1, &format!(r#"{{"id":"a","body":"{filling}"}}"#))
    };
    let (over, below) = (
        of_size(MAX_OPERATION_BYTES),
        of_size(MAX_OPERATION_BYTES - 1_000),
    );
    let outcomes = scratch.apply(vec![over, below, put("b", 1, "{}")]).await?;
    assert_eq!(outcomes, [TooLarge, Done, Done]);
    scratch.remove().await
}

/// A write to an index that is not there fails and makes none; an alias is no index to write to.
pub(super) async fn a_missing_index_is_not_made_by_a_write(index: &Index) -> Result<()> {
    let scratch = ScratchIndex::new(index).await?;
    let (alias, missing) = (unique_name(), unique_name());
    index.swap(&alias, None, &scratch.name).await?;
    let delete = || Operation::delete("b", 1);
    for name in [&missing, &alias] {
        for operations in [vec![put("a", 1, "{}"), delete()], vec![delete()]] {
            let applied = index.apply(name, operations).await;
            assert_eq!(kind_of(applied), Some(NotFound), "{name}");
        }
    }
    assert!(index.list(&missing).await?.is_empty());
    let all = Query::new(1);
    let errors = [
        index.search(&missing, &all).await.err(),
        index.get(&missing, &["a"]).await.err(),
        index.count(&missing).await.err(),
        index.refresh(&missing).await.err(),
        index.values(&missing, "id", &all, 1).await.err(),
    ];
    for error in errors {
        let error = error.expect("no such index");
        assert_eq!(error.kind(), NotFound);
        assert!(error.to_string().contains(&missing), "{error}");
    }
    scratch.remove().await
}

/// A removed index is not written to again, not even by a writer that knew it.
pub(super) async fn a_removed_index_stays_removed(index: &Index) -> Result<()> {
    let name = unique_name();
    let write = async |version| {
        let document = put("a", version, r#"{"id":"a"}"#);
        index.apply(&name, vec![document]).await
    };
    index.create(&name, &mapping(), &BTreeMap::new()).await?;
    assert_eq!(write(1).await?, [Done]);
    index.remove(&name).await?;
    assert_eq!(kind_of(write(2).await), Some(NotFound));
    assert_eq!(kind_of(index.remove(&name).await), Some(NotFound));
    index.create(&name, &mapping(), &BTreeMap::new()).await?;
    assert_eq!(index.count(&name).await?, 0);
    index.remove(&name).await
}
