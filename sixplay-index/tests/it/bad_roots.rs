//! One bad root, row or answer stops none of its neighbours, and each is refused by its own reason.

use std::sync::Arc;

use async_trait::async_trait;
use sixplay_core::{
    CapturedTable, Error, Kind, Reading, Rendered, Result, Root, Source,
    conformance::{Backend, scratch},
};
use sixplay_index::Outcome;

use crate::{
    elasticsearch::{all_done, ids_in},
    embedded::url_in,
    model::{Model, book, book_root, run},
    stub::{Stub, StubRequest},
};

/// What a bad source does when it is asked for the book `b4`.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Corrupt,
    Refused,
    Panic,
    AnswersTooFew,
    /// The database refuses a statement, which ends PostgreSQL's transaction.
    BreaksTheSnapshot,
}

struct Faulty {
    inner: Arc<dyn Source>,
    fault: Fault,
    everywhere: bool,
}

fn faulty(inner: &Arc<dyn Source>, fault: Fault) -> Arc<dyn Source> {
    let (inner, everywhere) = (inner.clone(), false);
    Arc::new(Faulty {
        inner,
        fault,
        everywhere,
    })
}

#[async_trait]
impl Source for Faulty {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn kinds(&self) -> &[Kind] {
        self.inner.kinds()
    }

    fn tables(&self) -> &[CapturedTable] {
        self.inner.tables()
    }

    async fn render(
        &self,
        reading: &mut Reading,
        kind: &str,
        ids: &[String],
    ) -> Result<Vec<Rendered>> {
        let bad = self.everywhere || ids.iter().any(|id| id == "b4");
        if bad && kind == "book" {
            match self.fault {
                Fault::Corrupt => return Err(Error::corrupt("test.render", "a bad row")),
                Fault::Refused => return Err(Error::forbidden("test.render", "a bad row")),
                Fault::Panic => panic!("a bad row"),
                Fault::AnswersTooFew => {
                    let mut rendered = self.inner.render(reading, kind, ids).await?;
                    rendered.pop();
                    return Ok(rendered);
                }
                Fault::BreaksTheSnapshot => {
                    let sql = "SELECT a_bad_row FROM nowhere";
                    reading.fetch_sql(sql, Vec::new()).await?;
                }
            }
        }
        self.inner.render(reading, kind, ids).await
    }
}

const FAULTS: [Fault; 5] = [
    Fault::Corrupt,
    Fault::Refused,
    Fault::Panic,
    Fault::AnswersTooFew,
    Fault::BreaksTheSnapshot,
];

/// Nine books, one of them bad, through an indexer and through a rebuild.
async fn expect_one_refused(model: &Model, fault: Fault) {
    let source = faulty(&model.source, fault);
    let report = run(&model.rebuild_of(source.clone())).await;
    let report = report.expect("rebuilt");
    let refused: Vec<&Root> = report.rejected.iter().map(|(root, _)| root).collect();
    assert_eq!(
        (report.indexed, refused),
        (9, vec![&book_root(4)]),
        "{fault:?}"
    );

    let roots: Vec<Root> = (0..9).map(book_root).collect();
    let outcomes = model.indexer_of(source).apply(&roots).await;
    for (id, outcome) in outcomes.expect("an answer").into_iter().enumerate() {
        match id {
            4 => assert!(matches!(outcome, Outcome::Rejected { .. }), "{outcome:?}"),
            id => assert_eq!(outcome, Outcome::Done, "b{id} with {fault:?}"),
        }
    }
}

#[tokio::test]
async fn whatever_fails_at_one_root_is_refused_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::new(&url_in(&folder)).await;
    let books: Vec<_> = (0..9).map(|id| book(id, "Titre")).collect();
    model.write(&books).await;
    for fault in FAULTS {
        expect_one_refused(&model, fault).await;
    }
}

sixplay_core::on_every_database! {
    a_statement_that_is_refused_for_one_root_stops_no_other
    roots_that_nobody_can_carry_are_refused_alone
}

/// A refused statement ends a transaction of PostgreSQL.
async fn a_statement_that_is_refused_for_one_root_stops_no_other(backend: Backend) -> Result<()> {
    let Some(database) = scratch(backend).await? else {
        return Ok(());
    };
    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::over(database, &url_in(&folder)).await;
    let books: Vec<_> = (0..9).map(|id| book(id, "Titre")).collect();
    model.write(&books).await;
    expect_one_refused(&model, Fault::BreaksTheSnapshot).await;
    Ok(())
}

async fn roots_that_nobody_can_carry_are_refused_alone(backend: Backend) -> Result<()> {
    let Some(database) = scratch(backend).await? else {
        return Ok(());
    };
    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::over(database, &url_in(&folder)).await;
    model.write(&[book(1, "Un")]).await;
    model.rebuild().await;
    model.write(&[book(1, "Premier")]).await;
    let digits = "9".repeat(300);
    let bad = [
        Root::new("book", &digits),
        Root::new("author", &digits),
        Root::new("book", "b1\0"),
        Root::new("book", ""),
        Root::new("chapter".repeat(100), "1"),
    ];
    let roots: Vec<Root> = bad.iter().cloned().chain([book_root(1)]).collect();
    let outcomes = model.indexer().apply(&roots).await?;
    for (root, outcome) in roots.iter().zip(&outcomes).take(bad.len()) {
        assert!(
            matches!(outcome, Outcome::Rejected { .. }),
            "{root:?}: {outcome:?}"
        );
    }
    assert_eq!(outcomes.last(), Some(&Outcome::Done));
    assert_eq!(model.title("b1").await.as_deref(), Some("Premier"));
    Ok(())
}

#[tokio::test]
async fn rows_whose_ids_cannot_be_carried_or_read_are_listed_by_a_rebuild() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::new(&url_in(&folder)).await;
    model.write(&[book(1, "Un"), book(2, "Deux")]).await;
    let ids = [
        "'long_' || hex(zeroblob(130))",
        "CAST(x'54E97661' AS TEXT)",
        "x'00FF'",
    ];
    for id in ids {
        let insert = "INSERT INTO tiny_book (id, author_id, title, open_from_us) VALUES";
        let sql = format!("{insert} ({id}, 1, 'x', 0)");
        let mut transaction = model.store().write().await.expect("a transaction");
        transaction.batch(&sql).await.expect("inserted");
        transaction.commit().await.expect("committed");
    }
    let report = model.rebuild().await;
    assert_eq!(
        (report.indexed, report.rejected.len()),
        (3, 3),
        "{report:?}"
    );
    let named = report.rejected.iter();
    assert!(named.clone().all(|(root, _)| root.kind == "book"));
    let named = named.filter(|(root, _)| root.id.starts_with("long_"));
    assert_eq!(named.count(), 1);
    assert!(model.title("b2").await.is_some());
}

#[tokio::test]
async fn what_fails_at_every_root_is_no_roots_fault_and_comes_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let model = Model::new(&url_in(&folder)).await;
    model.write(&[book(1, "Un"), book(2, "Deux")]).await;
    model.rebuild().await;
    let broken: Arc<dyn Source> = Arc::new(Faulty {
        inner: model.source.clone(),
        fault: Fault::Refused,
        everywhere: true,
    });
    let roots = [book_root(1), book_root(2), Root::new("author", "1")];
    let outcomes = model.indexer_of(broken).apply(&roots).await;
    let outcomes = outcomes.expect("an answer");
    assert!(matches!(outcomes[0], Outcome::Retry { .. }), "{outcomes:?}");
    assert!(matches!(outcomes[1], Outcome::Retry { .. }), "{outcomes:?}");
    assert_eq!(outcomes[2], Outcome::Done, "another kind goes on");
}

/// A server that refuses the whole of a request with one bad document, as it does a body that it
/// cannot parse.
fn refuse_bad_bulks(request: &StubRequest, is_bad: fn(&str) -> bool) -> Option<(u16, String)> {
    let (head, body) = request;
    if head.starts_with("GET") {
        return Some((200, r#"{"books-1": {}}"#.to_owned()));
    }
    match ids_in(body).iter().any(|id| is_bad(id)) {
        true => Some((
            400,
            r#"{"error":{"type":"parse","reason":"bad"}}"#.to_owned(),
        )),
        false => all_done(request),
    }
}

#[tokio::test]
async fn a_request_that_the_index_refuses_whole_is_halved_down_to_the_one_root() {
    let stub = Stub::new(|request| refuse_bad_bulks(request, |id| id == "b4"));
    let model = Model::new(&stub.url).await;
    let books: Vec<_> = (0..9).map(|id| book(id, "Titre")).collect();
    model.write(&books).await;
    let roots: Vec<Root> = (0..9).map(book_root).collect();
    let outcomes = model.indexer().apply(&roots).await.expect("an answer");
    for (id, outcome) in outcomes.into_iter().enumerate() {
        match id {
            4 => assert!(matches!(outcome, Outcome::Rejected { .. }), "{outcome:?}"),
            id => assert_eq!(outcome, Outcome::Done, "b{id}"),
        }
    }
}

#[tokio::test]
async fn an_index_that_refuses_everything_buries_no_root() {
    let stub = Stub::new(|request| refuse_bad_bulks(request, |_| true));
    let model = Model::new(&stub.url).await;
    model.write(&[book(1, "Un"), book(2, "Deux")]).await;
    let roots = [book_root(1), book_root(2)];
    for roots in [&roots[..], &roots[..1]] {
        let outcomes = model.indexer().apply(roots).await.expect("an answer");
        let again = |outcome: &Outcome| matches!(outcome, Outcome::Retry { .. });
        assert!(outcomes.iter().all(again), "{outcomes:?}");
    }
}
