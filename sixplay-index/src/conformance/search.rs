//! Filters, order, pages, visibility, values.

use jiff::Timestamp;
use sixplay_core::{ErrorKind::Invalid, Result, Visible};

use super::{ScratchIndex, kind_of, put};
use crate::{Filter, Index, MAX_WINDOW, Outcome, Query};

/// Every filter, alone and negated.
pub(super) async fn every_filter_finds_what_it_says(index: &Index) -> Result<()> {
    let documents = [
        r#"{"id":"a","tags":["red","blue"],"rank":1}"#,
        r#"{"id":"b","tags":["blue"],"rank":5}"#,
        r#"{"id":"c","tags":["green"],"rank":[2,9]}"#,
        r#"{"id":"d","body":"x","loans":[{"branch":"x"}]}"#,
    ];
    let scratch = ScratchIndex::with(index, &documents).await?;
    let not_blue = || Filter::negate(Filter::term("tags", "blue"));
    let green = || Filter::term("tags", "green");
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
        (Filter::missing_or(not_blue()), "cd"),
        (not_blue(), "cd"),
        (Filter::negate(Filter::at_most("rank", 5)), "d"),
        (Filter::negate(Filter::negate(green())), "c"),
        (Filter::term("unknown", "x"), ""),
        (Filter::at_least("unknown", 1), ""),
        (Filter::negate(Filter::term("unknown", "x")), "abcd"),
        (Filter::missing_or(Filter::term("unknown", "x")), "abcd"),
        (Filter::term("body", "x"), ""),
        (Filter::terms("loans", ["x", "y"]), ""),
        (Filter::negate(Filter::term("body", "x")), "abcd"),
    ];
    for (filter, expected) in cases {
        let found = scratch.matching(filter.clone()).await?;
        assert_eq!(found, expected, "{filter:?}");
    }
    let blue = Query::new(10).filter(Filter::term("tags", "blue"));
    let both = blue.filter(Filter::above("rank", 1));
    assert_eq!(scratch.search(&both).await?, (vec!["b".to_owned()], 1));
    let no_number = Query::new(1).filter(Filter::term("rank", "five"));
    assert_eq!(scratch.refusal_of(&no_number).await, Some(Invalid));
    scratch.remove().await
}

/// What a nested filter asks holds within one object.
pub(super) async fn nested_filters_hold_within_one_object(index: &Index) -> Result<()> {
    let documents = [
        r#"{"id":"a","loans":[{"branch":"north","readers":["ada","bob"],"from":10,"until":20},
            {"branch":"south","readers":["ada"],"from":30}]}"#,
        r#"{"id":"b","loans":[{"branch":"north","readers":["bob"],"from":30,"until":40}]}"#,
        r#"{"id":"c","loans":{"branch":"south","readers":"bob","from":10}}"#,
        r#"{"id":"d","loans":[]}"#,
    ];
    let scratch = ScratchIndex::with(index, &documents).await?;
    let loans = |filters: &[Filter]| Filter::nested("loans", filters.to_vec());
    let branch = |name: &str| Filter::term("branch", name);
    let open = |name: &str, reader: &str, at: i64| {
        let at = Timestamp::from_microsecond(at).expect("in range");
        let [from, until] = Filter::open_at("from", "until", at);
        loans(&[branch(name), Filter::term("readers", reader), from, until])
    };
    let late = [
        Filter::terms("readers", ["ada", "none"]),
        Filter::at_least("from", 30),
    ];
    let cases = [
        (open("north", "ada", 15), "a"),
        (open("north", "bob", 15), "a"),
        (open("north", "bob", 35), "b"),
        (open("south", "ada", 15), ""),
        (open("south", "ada", 99), "a"),
        (open("south", "bob", 99), "c"),
        (open("north", "ada", 20), ""),
        (open("north", "ada", 10), "a"),
        (loans(&[]), "abc"),
        (Filter::negate(loans(&[branch("south")])), "bd"),
        (loans(&[Filter::negate(branch("south"))]), "ab"),
        (Filter::missing_or(loans(&[branch("north")])), "abd"),
        (loans(&late), "a"),
    ];
    for (filter, expected) in cases {
        let found = scratch.matching(filter.clone()).await?;
        assert_eq!(found, expected, "{filter:?}");
    }
    let unknown = Query::new(1).filter(Filter::nested("unknown", []));
    assert_eq!(scratch.refusal_of(&unknown).await, Some(Invalid));
    let without = scratch.apply(vec![put("a", 2, r#"{"id":"a"}"#)]).await?;
    assert_eq!(without, [Outcome::Done]);
    scratch.refresh().await?;
    assert_eq!(scratch.matching(open("north", "ada", 15)).await?, "");
    scratch.remove().await
}

/// Missing values last in both directions, ties by id, of several values the least or greatest.
pub(super) async fn missing_values_sort_last(index: &Index) -> Result<()> {
    let documents = [
        r#"{"id":"c","rank":2,"tags":"b"}"#,
        r#"{"id":"a","tags":"a"}"#,
        r#"{"id":"e","rank":[1,9],"tags":["é","c"]}"#,
        r#"{"id":"b","rank":2,"tags":"Z"}"#,
        r#"{"id":"d"}"#,
    ];
    let scratch = ScratchIndex::with(index, &documents).await?;
    let all = || Query::new(9);
    let cases = [
        (all(), "abcde"),
        (all().ascending("rank"), "ebcad"),
        (all().descending("rank"), "ebcad"),
        (all().ascending("tags"), "baced"),
        (all().descending("tags"), "ecabd"),
        (all().ascending("rank").descending("id"), "ecbda"),
    ];
    for (query, expected) in cases {
        assert_eq!(scratch.ids(&query).await?, expected, "{query:?}");
    }
    for field in ["unknown", "title"] {
        let refusal = scratch.refusal_of(&all().ascending(field)).await;
        assert_eq!(refusal, Some(Invalid), "{field}");
    }
    scratch.remove().await
}

/// Pages join without gap or repeat, the total is exact on each, also beyond the end and without
/// documents.
pub(super) async fn pages_join_and_totals_are_exact(index: &Index) -> Result<()> {
    let scratch = ScratchIndex::new(index).await?;
    let operation = |number: i64| {
        let (id, rank) = (format!("{number:05}"), number % 3);
        put(
            &id,
            1,
            &format!(r#"{{"id":"{id}","rank":{rank},"tags":"t"}}"#),
        )
    };
    let outcomes = scratch.apply((0..10_050).map(operation).collect()).await?;
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done));
    scratch.refresh().await?;
    let of_one = || Query::new(700).filter(Filter::term("rank", 1));
    let page = |offset| of_one().descending("rank").offset(offset);
    let mut seen = Vec::new();
    for offset in (0..3_500).step_by(700) {
        let (ids, total) = scratch.search(&page(offset)).await?;
        assert_eq!(total, 3_350);
        seen.extend(ids);
    }
    let expected = (1..10_050).step_by(3);
    let expected: Vec<String> = expected.map(|number| format!("{number:05}")).collect();
    assert_eq!(seen, expected);
    let none = Query::new(0).filter(Filter::term("tags", "t"));
    assert_eq!(scratch.search(&none).await?, (Vec::new(), 10_050));
    assert_eq!(scratch.search(&page(5_000)).await?, (Vec::new(), 3_350));
    scratch.remove().await
}

/// A page may end at 10,000 and not after.
pub(super) async fn pages_end_at_ten_thousand(index: &Index) -> Result<()> {
    let scratch = ScratchIndex::with(index, &[r#"{"id":"a"}"#]).await?;
    let last = Query::new(10).offset(MAX_WINDOW - 10);
    assert_eq!(scratch.search(&last).await?, (Vec::new(), 1));
    let longest = Query::new(MAX_WINDOW);
    assert_eq!(scratch.search(&longest).await?, (vec!["a".to_owned()], 1));
    for query in [
        Query::new(10).offset(MAX_WINDOW - 9),
        Query::new(MAX_WINDOW + 1),
        Query::new(1).offset(u64::MAX),
    ] {
        let searched = index.search(&scratch.name, &query).await;
        let error = searched.expect_err("too far");
        assert_eq!(error.kind(), Invalid);
        assert!(error.message().contains("10000"), "{error}");
    }
    scratch.remove().await
}

/// `from <= at < until`, and no end when there is none; the type decides, not what the document
/// says of itself.
pub(super) async fn visibility_is_half_open(index: &Index) -> Result<()> {
    let scratch = ScratchIndex::new(index).await?;
    let own = r#"{"id":"e","visible_from":-90,"visible_until":90}"#;
    let until = |from, until| Visible::from_micros(from, Some(until));
    let outcomes = scratch.apply(vec![
        put("a", 1, r#"{"id":"a"}"#).visible(until(1000, 2000)),
        put("b", 1, r#"{"id":"b"}"#).visible(Visible::from_micros(1500, None)),
        put("c", 1, r#"{"id":"c"}"#),
        put("d", 1, r#"{"id":"d"}"#).visible(until(-5, 0)),
        put("e", 1, own).visible(until(1999, 2000)),
    ]);
    assert_eq!(outcomes.await?, vec![Outcome::Done; 5]);
    scratch.refresh().await?;
    let cases = [
        (-6, ""),
        (-5, "d"),
        (-1, "d"),
        (0, "c"),
        (999, "c"),
        (1000, "ac"),
        (1499, "ac"),
        (1500, "abc"),
        (1999, "abce"),
        (2000, "bc"),
    ];
    for (at, expected) in cases {
        let query = Query::new(10).at(Timestamp::from_microsecond(at).expect("in range"));
        assert_eq!(scratch.ids(&query).await?, expected, "{at}");
        let values = index.values(&scratch.name, "id", &query, 10).await?;
        assert_eq!(values.concat(), expected, "{at}");
    }
    assert_eq!(scratch.ids(&Query::new(10)).await?, "abcde");
    let found = scratch.get(&["d"]).await?;
    let document = found[0].as_ref().map(|document| document.get());
    let expected = r#"{"visible_from":-5,"visible_until":0,"id":"d"}"#;
    assert_eq!(document, Some(expected));
    scratch.remove().await
}

/// Distinct, sorted by bytes, only of the documents that the query finds, whatever its page.
pub(super) async fn values_are_distinct_and_sorted(index: &Index) -> Result<()> {
    let documents = [
        r#"{"id":"a","tags":["m","z"],"rank":1,"title":"x"}"#,
        r#"{"id":"b","tags":["é","B"],"rank":1}"#,
        r#"{"id":"c","tags":"m","rank":2}"#,
    ];
    let scratch = ScratchIndex::with(index, &documents).await?;
    let values = async |field: &str, query: &Query, limit| {
        index.values(&scratch.name, field, query, limit).await
    };
    let all = Query::new(0).offset(7);
    let of_rank = |rank: i64| Query::new(1).filter(Filter::term("rank", rank));
    let not_m = of_rank(1).filter(Filter::negate(Filter::term("tags", "m")));
    assert_eq!(values("tags", &all, 10).await?, ["B", "m", "z", "é"]);
    assert_eq!(values("tags", &all, 2).await?, ["B", "m"]);
    assert_eq!(values("tags", &of_rank(2), 10).await?, ["m"]);
    assert_eq!(values("tags", &not_m, 10).await?, ["B", "é"]);
    assert!(values("tags", &of_rank(3), 10).await?.is_empty());
    assert!(values("unknown", &all, 10).await?.is_empty());
    assert!(values("tags", &all, 0).await?.is_empty());
    for (field, limit) in [("rank", 10), ("title", 10), ("tags", MAX_WINDOW + 1)] {
        let refused = values(field, &all, limit).await;
        assert_eq!(kind_of(refused), Some(Invalid), "{field}");
    }
    scratch.remove().await
}
