//! Filters, order, pages, visibility, values.

use jiff::Timestamp;
use sixplay_core::ErrorKind;

use super::{Scratch, put};
use crate::{Filter, Index, MAX_WINDOW, Outcome, Query};

/// Every filter, alone and negated.
pub async fn every_filter_finds_what_it_says(index: &Index) {
    let scratch = Scratch::new(index).await;
    scratch
        .put(&[
            r#"{"id":"a","tags":["red","blue"],"rank":1}"#,
            r#"{"id":"b","tags":["blue"],"rank":5}"#,
            r#"{"id":"c","tags":["green"],"rank":[2,9]}"#,
            r#"{"id":"d"}"#,
        ])
        .await;
    let cases = [
        (Filter::term("tags", "blue"), "ab"),
        (Filter::term("tags", "Blue"), ""),
        (Filter::term("rank", 5), "b"),
        (Filter::term("rank", 9), "c"),
        (Filter::term("rank", "5"), "b"),
        (Filter::terms("tags", ["red", "green"]), "ac"),
        (Filter::terms("rank", [1, 2]), "ac"),
        (Filter::terms::<i64>("rank", []), ""),
        (Filter::at_most("rank", 2), "ac"),
        (Filter::below("rank", 2), "a"),
        (Filter::at_least("rank", 5), "bc"),
        (Filter::above("rank", 5), "c"),
        (Filter::missing_or(Filter::term("tags", "red")), "ad"),
        (Filter::missing_or(Filter::above("rank", 5)), "cd"),
        (
            Filter::missing_or(Filter::negate(Filter::term("tags", "blue"))),
            "cd",
        ),
        (Filter::negate(Filter::term("tags", "blue")), "cd"),
        (Filter::negate(Filter::at_most("rank", 5)), "d"),
        (
            Filter::negate(Filter::negate(Filter::term("tags", "green"))),
            "c",
        ),
        (Filter::term("unknown", "x"), ""),
        (Filter::at_least("unknown", 1), ""),
        (Filter::negate(Filter::term("unknown", "x")), "abcd"),
        (Filter::missing_or(Filter::term("unknown", "x")), "abcd"),
    ];
    for (filter, expected) in cases {
        assert_eq!(
            scratch.matching(filter.clone()).await.concat(),
            expected,
            "{filter:?}"
        );
    }
    let both = Query::new(10)
        .filter(Filter::term("tags", "blue"))
        .filter(Filter::above("rank", 1));
    assert_eq!(scratch.search(&both).await, (vec!["b".to_owned()], 1));
    assert_eq!(
        scratch
            .refused(&Query::new(1).filter(Filter::term("rank", "five")))
            .await,
        ErrorKind::Invalid
    );
    scratch.remove().await;
}

/// What a nested filter asks holds within one object.
pub async fn nested_filters_hold_within_one_object(index: &Index) {
    let scratch = Scratch::new(index).await;
    scratch
        .put(&[
            r#"{"id":"a","windows":[{"platform":"web","services":["m6","w9"],"from":10,"until":20},{"platform":"tv","services":["m6"],"from":30}]}"#,
            r#"{"id":"b","windows":[{"platform":"web","services":["w9"],"from":30,"until":40}]}"#,
            r#"{"id":"c","windows":{"platform":"tv","services":"w9","from":10}}"#,
            r#"{"id":"d","windows":[]}"#,
        ])
        .await;
    let open = |platform: &str, service: &str, now: i64| {
        let until = Filter::missing_or(Filter::above("until", now));
        Filter::nested(
            "windows",
            [
                Filter::term("platform", platform),
                Filter::term("services", service),
                Filter::at_most("from", now),
                until,
            ],
        )
    };
    let cases = [
        (open("web", "m6", 15), "a"),
        (open("web", "w9", 15), "a"),
        (open("web", "w9", 35), "b"),
        (open("tv", "m6", 15), ""),
        (open("tv", "m6", 99), "a"),
        (open("tv", "w9", 99), "c"),
        (open("web", "m6", 20), ""),
        (open("web", "m6", 10), "a"),
        (Filter::nested("windows", []), "abc"),
        (
            Filter::negate(Filter::nested("windows", [Filter::term("platform", "tv")])),
            "bd",
        ),
        (
            Filter::nested("windows", [Filter::negate(Filter::term("platform", "tv"))]),
            "ab",
        ),
        (
            Filter::missing_or(Filter::nested("windows", [Filter::term("platform", "web")])),
            "abd",
        ),
        (
            Filter::nested(
                "windows",
                [
                    Filter::terms("services", ["m6", "none"]),
                    Filter::at_least("from", 30),
                ],
            ),
            "a",
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(
            scratch.matching(filter.clone()).await.concat(),
            expected,
            "{filter:?}"
        );
    }
    assert_eq!(
        scratch
            .refused(&Query::new(1).filter(Filter::nested("unknown", [])))
            .await,
        ErrorKind::Invalid
    );
    assert_eq!(
        scratch.apply(vec![put("a", 2, r#"{"id":"a"}"#)]).await,
        [Outcome::Done]
    );
    scratch
        .index
        .refresh(&scratch.name)
        .await
        .expect("refreshed");
    assert_eq!(scratch.matching(open("web", "m6", 15)).await.concat(), "");
    scratch.remove().await;
}

/// Missing values last in both directions, ties by id, of several values the least or greatest.
pub async fn missing_values_sort_last(index: &Index) {
    let scratch = Scratch::new(index).await;
    scratch
        .put(&[
            r#"{"id":"c","rank":2,"tags":"b"}"#,
            r#"{"id":"a","tags":"a"}"#,
            r#"{"id":"e","rank":[1,9],"tags":["é","c"]}"#,
            r#"{"id":"b","rank":2,"tags":"Z"}"#,
            r#"{"id":"d"}"#,
        ])
        .await;
    let cases = [
        (Query::new(9), "abcde"),
        (Query::new(9).ascending("rank"), "ebcad"),
        (Query::new(9).descending("rank"), "ebcad"),
        (Query::new(9).ascending("tags"), "baced"),
        (Query::new(9).descending("tags"), "ecabd"),
        (Query::new(9).ascending("rank").descending("id"), "ecbda"),
    ];
    for (query, expected) in cases {
        assert_eq!(
            scratch.search(&query).await.0.concat(),
            expected,
            "{query:?}"
        );
    }
    for field in ["unknown", "title"] {
        assert_eq!(
            scratch.refused(&Query::new(1).ascending(field)).await,
            ErrorKind::Invalid,
            "{field}"
        );
    }
    scratch.remove().await;
}

/// Pages join without gap or repeat, the total is exact on each, also beyond the end and without
/// documents.
pub async fn pages_join_and_totals_are_exact(index: &Index) {
    let scratch = Scratch::new(index).await;
    let document = |number: i64| {
        put(
            &format!("{number:05}"),
            1,
            &format!(r#"{{"id":"{number:05}","rank":{},"tags":"t"}}"#, number % 3),
        )
    };
    let outcomes = scratch.apply((0..10_050).map(document).collect()).await;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done));
    scratch
        .index
        .refresh(&scratch.name)
        .await
        .expect("refreshed");
    let query = |offset| {
        Query::new(700)
            .filter(Filter::term("rank", 1))
            .descending("rank")
            .offset(offset)
    };
    let mut seen = Vec::new();
    for offset in (0..3_500).step_by(700) {
        let (ids, total) = scratch.search(&query(offset)).await;
        assert_eq!(total, 3_350);
        seen.extend(ids);
    }
    let expected: Vec<String> = (0..10_050)
        .filter(|number| number % 3 == 1)
        .map(|number| format!("{number:05}"))
        .collect();
    assert_eq!(seen, expected);
    assert_eq!(
        scratch
            .search(&Query::new(0).filter(Filter::term("tags", "t")))
            .await,
        (Vec::new(), 10_050)
    );
    assert_eq!(scratch.search(&query(5_000)).await, (Vec::new(), 3_350));
    scratch.remove().await;
}

/// A page may end at 10,000 and not after.
pub async fn pages_end_at_ten_thousand(index: &Index) {
    let scratch = Scratch::new(index).await;
    scratch.put(&[r#"{"id":"a"}"#]).await;
    assert_eq!(
        scratch
            .search(&Query::new(10).offset(MAX_WINDOW - 10))
            .await,
        (Vec::new(), 1)
    );
    assert_eq!(
        scratch.search(&Query::new(MAX_WINDOW)).await,
        (vec!["a".to_owned()], 1)
    );
    for query in [
        Query::new(10).offset(MAX_WINDOW - 9),
        Query::new(MAX_WINDOW + 1),
        Query::new(1).offset(u64::MAX),
    ] {
        let error = scratch
            .index
            .search(&scratch.name, &query)
            .await
            .expect_err("too far");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains("10000"), "{error}");
    }
    scratch.remove().await;
}

/// `visible_from <= at < visible_until`, and no end when there is none.
pub async fn visibility_is_half_open(index: &Index) {
    let scratch = Scratch::new(index).await;
    scratch
        .put(&[
            r#"{"id":"a","visible_from":1000,"visible_until":2000}"#,
            r#"{"id":"b","visible_from":1500}"#,
            r#"{"id":"c"}"#,
            r#"{"id":"d","visible_from":-5,"visible_until":0}"#,
        ])
        .await;
    let cases = [
        (-6, ""),
        (-5, "d"),
        (-1, "d"),
        (0, ""),
        (999, ""),
        (1000, "a"),
        (1499, "a"),
        (1500, "ab"),
        (1999, "ab"),
        (2000, "b"),
    ];
    for (at, expected) in cases {
        let query = Query::new(10).at(Timestamp::from_microsecond(at).expect("in range"));
        assert_eq!(scratch.search(&query).await.0.concat(), expected, "{at}");
    }
    assert_eq!(scratch.search(&Query::new(10)).await.0.concat(), "abcd");
    scratch.remove().await;
}

/// Distinct, sorted by bytes, only of the documents for which the filters hold.
pub async fn values_are_distinct_and_sorted(index: &Index) {
    let scratch = Scratch::new(index).await;
    scratch
        .put(&[
            r#"{"id":"a","tags":["m","z"],"rank":1,"title":"x"}"#,
            r#"{"id":"b","tags":["é","B"],"rank":1}"#,
            r#"{"id":"c","tags":"m","rank":2}"#,
        ])
        .await;
    let values = async |field: &str, filters: &[Filter], limit| {
        index.values(&scratch.name, field, filters, limit).await
    };
    assert_eq!(
        values("tags", &[], 10).await.expect("listed"),
        ["B", "m", "z", "é"]
    );
    assert_eq!(values("tags", &[], 2).await.expect("listed"), ["B", "m"]);
    assert_eq!(
        values("tags", &[Filter::term("rank", 2)], 10)
            .await
            .expect("listed"),
        ["m"]
    );
    assert_eq!(
        values(
            "tags",
            &[
                Filter::term("rank", 1),
                Filter::negate(Filter::term("tags", "m"))
            ],
            10
        )
        .await
        .expect("listed"),
        ["B", "é"]
    );
    assert!(
        values("tags", &[Filter::term("rank", 3)], 10)
            .await
            .expect("listed")
            .is_empty()
    );
    assert!(values("unknown", &[], 10).await.expect("listed").is_empty());
    assert!(values("tags", &[], 0).await.expect("listed").is_empty());
    for (field, limit) in [("rank", 10), ("title", 10), ("tags", MAX_WINDOW + 1)] {
        assert_eq!(
            values(field, &[], limit).await.expect_err("refused").kind(),
            ErrorKind::Invalid,
            "{field}"
        );
    }
    scratch.remove().await;
}
