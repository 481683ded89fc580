//! Versions and outcomes.

use sixplay_core::ErrorKind;

use super::{Scratch, delete, mapping, put, raw, unique_name};
use crate::{Index, MAX_OPERATION_BYTES, Operation, Outcome, Query};

/// The newest version wins in whatever order writes come; equal ones are accepted; a delete is
/// remembered.
pub async fn the_newest_version_wins(index: &Index) {
    let scratch = Scratch::new(index).await;
    let write = |version| put("a", version, &format!(r#"{{"id":"a","rank":{version}}}"#));
    assert_eq!(scratch.apply(vec![write(5)]).await, [Outcome::Done]);
    assert_eq!(
        scratch
            .apply(vec![write(4), write(5), write(7), write(6)])
            .await,
        [
            Outcome::Superseded,
            Outcome::Done,
            Outcome::Done,
            Outcome::Superseded
        ]
    );
    assert_eq!(
        scratch
            .apply(vec![delete("a", 6), delete("a", 8), delete("b", 3)])
            .await,
        [Outcome::Superseded, Outcome::Done, Outcome::Done]
    );
    assert_eq!(
        scratch
            .apply(vec![write(7), put("b", 2, r#"{"id":"b"}"#)])
            .await,
        [Outcome::Superseded, Outcome::Superseded]
    );
    assert!(
        scratch
            .index
            .get(&scratch.name, &["a", "b"])
            .await
            .expect("read")
            .iter()
            .all(Option::is_none)
    );
    assert_eq!(scratch.apply(vec![write(8)]).await, [Outcome::Done]);
    scratch
        .index
        .refresh(&scratch.name)
        .await
        .expect("refreshed");
    assert_eq!(
        scratch.index.count(&scratch.name).await.expect("counted"),
        1
    );
    scratch.remove().await;
}

/// A document that the mapping refuses, a bad id, version or document: each gets its own outcome,
/// the neighbours are written.
pub async fn one_bad_document_stops_none_of_its_neighbours(index: &Index) {
    let scratch = Scratch::new(index).await;
    let good = |id: &str| put(id, 1, &format!(r#"{{"id":"{id}"}}"#));
    let bad = [
        r#"{"id":"x","unknown":1}"#,
        r#"{"id":"x","rank":"many"}"#,
        r#"{"id":"x","rank":true}"#,
        r#"{"id":"x","rank":1e30}"#,
        r#"{"id":{"x":1}}"#,
        r#"{"id":"x","windows":3}"#,
        r#"{"id":"x","windows":[{"unknown":"p"}]}"#,
        r#"[{"id":"x"}]"#,
    ];
    let mut operations = vec![
        good("first"),
        put("", 1, "{}"),
        put("x", -1, "{}"),
        put(&"i".repeat(513), 1, "{}"),
    ];
    operations.extend(bad.iter().map(|document| put("x", 1, document)));
    operations.extend([delete("none", 1), good("last")]);
    let outcomes = scratch.apply(operations).await;
    let (first, rest) = outcomes.split_first().expect("outcomes");
    assert_eq!(first, &Outcome::Done);
    let (refused, done) = rest.split_at(3 + bad.len());
    for (position, outcome) in refused.iter().enumerate() {
        assert!(
            matches!(outcome, Outcome::Rejected { reason } if !reason.is_empty()),
            "{position}: {outcome:?}"
        );
    }
    assert_eq!(done, [Outcome::Done, Outcome::Done]);
    assert!(
        scratch
            .index
            .get(&scratch.name, &["x"])
            .await
            .expect("read")[0]
            .is_none()
    );
    scratch.remove().await;
}

/// What fits the mapping in another spelling is taken as servers take it.
pub async fn values_are_read_leniently(index: &Index) {
    let scratch = Scratch::new(index).await;
    scratch
        .put(&[
            r#"{"id":"a","rank":"12","tags":[5,true,null,["x"]],"windows":{"platform":"p"}}"#,
            r#"{"id":"b","rank":12.7,"tags":null,"windows":[null,{"platform":null}],"body":7}"#,
            r#"{"id":"c","rank":[3,"12"],"tags":[],"windows":[],"body":[1,{"any":"thing"}]}"#,
            r#"{"id":"d","rank":"","body":null}"#,
        ])
        .await;
    let twelve = crate::Filter::term("rank", 12);
    assert_eq!(scratch.matching(twelve).await, ["a", "b", "c"]);
    for tag in ["5", "true", "x"] {
        assert_eq!(
            scratch.matching(crate::Filter::term("tags", tag)).await,
            ["a"],
            "{tag}"
        );
    }
    assert_eq!(
        scratch
            .matching(crate::Filter::nested(
                "windows",
                [crate::Filter::term("platform", "p")]
            ))
            .await,
        ["a"]
    );
    scratch.remove().await;
}

/// Ids in order, with repeats and gaps, at once, and the bytes as they came.
pub async fn documents_come_back_in_order_at_once(index: &Index) {
    let scratch = Scratch::new(index).await;
    let document = r#"{ "id" : "b", "rank":1.50e1, "body":{"é":"\u00e9\/", "big":123456789012345678901234567890} }"#;
    let lines = "{\"id\":\"lines\",\n\"rank\":\r\n1}";
    assert_eq!(
        scratch
            .apply(vec![
                put("b", 1, document),
                put("a", 1, r#"{"id":"a"}"#),
                put("lines", 1, lines)
            ])
            .await,
        [Outcome::Done, Outcome::Done, Outcome::Done]
    );
    let found = scratch
        .index
        .get(&scratch.name, &["none", "b", "a", "b", "lines"])
        .await
        .expect("read");
    let found: Vec<_> = found
        .iter()
        .map(|document| document.as_deref().map(serde_json::value::RawValue::get))
        .collect();
    assert_eq!(
        found[..4],
        [None, Some(document), Some(r#"{"id":"a"}"#), Some(document)]
    );
    assert!(found[4].is_some_and(|document| document.contains("lines")));
    scratch
        .index
        .refresh(&scratch.name)
        .await
        .expect("refreshed");
    let page = scratch
        .index
        .search(&scratch.name, &Query::new(10))
        .await
        .expect("searched");
    assert_eq!(page.documents[1].get(), document);
    assert!(
        scratch
            .index
            .get(&scratch.name, &[])
            .await
            .expect("nothing to read")
            .is_empty()
    );
    scratch.remove().await;
}

/// More operations than one request takes: outcomes in order, the last write of an id holds.
pub async fn a_large_batch_is_answered_in_order(index: &Index) {
    let scratch = Scratch::new(index).await;
    let filling = "x".repeat(3_000);
    let operation = |number: usize| match number % 10 {
        3 => put(&format!("{number}"), 1, r#"{"unknown":1}"#),
        _ => put(
            &format!("{}", number % 1000),
            number as i64,
            &format!(
                r#"{{"id":"{}","rank":{number},"body":"{filling}"}}"#,
                number % 1000
            ),
        ),
    };
    let outcomes = scratch.apply((0..1_200).map(operation).collect()).await;
    for (number, outcome) in outcomes.iter().enumerate() {
        assert_eq!(
            matches!(outcome, Outcome::Rejected { .. }),
            number % 10 == 3,
            "{number}: {outcome:?}"
        );
    }
    scratch
        .index
        .refresh(&scratch.name)
        .await
        .expect("refreshed");
    assert_eq!(
        scratch.index.count(&scratch.name).await.expect("counted"),
        900
    );
    let last = scratch
        .index
        .get(&scratch.name, &["150"])
        .await
        .expect("read")
        .remove(0)
        .expect("there");
    assert!(last.get().contains(r#""rank":1150"#));
    scratch.remove().await;
}

/// An operation over the limit is told apart from a bad one.
pub async fn a_document_over_the_limit_is_too_large(index: &Index) {
    let scratch = Scratch::new(index).await;
    let of = |bytes: usize| {
        put(
            "a",
            1,
            &format!(r#"{{"id":"a","body":"{}"}}"#, "x".repeat(bytes)),
        )
    };
    let outcomes = scratch
        .apply(vec![
            of(MAX_OPERATION_BYTES),
            of(MAX_OPERATION_BYTES - 1_000),
            put("b", 1, "{}"),
        ])
        .await;
    assert_eq!(outcomes, [Outcome::TooLarge, Outcome::Done, Outcome::Done]);
    scratch.remove().await;
}

/// A write to an index that is not there fails and makes none; an alias is no index to write to.
pub async fn a_missing_index_is_not_made_by_a_write(index: &Index) {
    let scratch = Scratch::new(index).await;
    let (alias, missing) = (unique_name(), unique_name());
    index
        .swap(&alias, None, &scratch.name)
        .await
        .expect("aliased");
    for name in [&missing, &alias] {
        let write = vec![
            Operation::Put {
                id: "a".to_owned(),
                version: 1,
                document: raw("{}"),
            },
            delete("b", 1),
        ];
        assert_eq!(
            index
                .apply(name, write)
                .await
                .expect_err("no such index")
                .kind(),
            ErrorKind::NotFound
        );
        assert_eq!(
            index
                .apply(name, vec![delete("b", 1)])
                .await
                .expect_err("no such index")
                .kind(),
            ErrorKind::NotFound
        );
    }
    assert!(index.list(&missing).await.expect("listed").is_empty());
    for error in [
        index
            .search(&missing, &Query::new(1))
            .await
            .expect_err("no such index"),
        index
            .get(&missing, &["a"])
            .await
            .expect_err("no such index"),
        index.count(&missing).await.expect_err("no such index"),
        index.refresh(&missing).await.expect_err("no such index"),
        index
            .values(&missing, "id", &[], 1)
            .await
            .expect_err("no such index"),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(&missing), "{error}");
    }
    scratch.remove().await;
}

/// A removed index is not written to again, not even by a writer that knew it.
pub async fn a_removed_index_stays_removed(index: &Index) {
    let name = unique_name();
    index
        .create(&name, &mapping(), &Default::default())
        .await
        .expect("created");
    index
        .apply(&name, vec![put("a", 1, r#"{"id":"a"}"#)])
        .await
        .expect("applied");
    index.remove(&name).await.expect("removed");
    assert_eq!(
        index
            .apply(&name, vec![put("a", 2, "{}")])
            .await
            .expect_err("gone")
            .kind(),
        ErrorKind::NotFound
    );
    assert_eq!(
        index.remove(&name).await.expect_err("gone").kind(),
        ErrorKind::NotFound
    );
    index
        .create(&name, &mapping(), &Default::default())
        .await
        .expect("created again");
    assert_eq!(index.count(&name).await.expect("counted"), 0);
    index.remove(&name).await.expect("removed");
}
