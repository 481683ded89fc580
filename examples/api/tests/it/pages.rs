//! Pages: one reading each, few statements, and cut from what the client sees.

use http::Method;
use serde_json::Value;
use sixplay_catalogue::{Catalogue, documents, publication_states};
use sixplay_core::{
    Rendered, Result, Source, Store,
    conformance::{Backend, Scratch},
    jiff::Timestamp,
};
use sixplay_http::{DomainUserService, Routes};

use super::{generated, service, statements::count_statements};
use crate::ask::ask;

sixplay_core::on_every_database! {
    filtered_pages_hold_what_is_published_in_order_and_are_full_but_the_last
}

const BACK_OFFICE: &str = "bo.api.localhost";
const FILTERED: &str = "pc.api.localhost";
/// Of a page of a hundred, however far the list is walked for it here.
const MOST_STATEMENTS: usize = 45;

type Service = DomainUserService<Routes>;

async fn get(service: &Service, host: &str, path: &str) -> Value {
    let answer = ask(service, Method::GET, host, path).await;
    assert_eq!(answer.status, 200, "{host}{path}: {}", answer.body);
    answer.json()
}

fn items_of(page: &Value) -> &Vec<Value> {
    page["items"].as_array().expect("a page has items")
}

/// All items of a list; all pages but the last are full.
async fn walk(service: &Service, host: &str, list: &str, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let path = format!("{list}?limit={limit}&offset={}", all.len());
        let page = get(service, host, &path).await;
        all.extend(items_of(&page).iter().cloned());
        if items_of(&page).len() < limit {
            return all;
        }
    }
}

/// A catalogue of 300 programs, the first of which has the videos of the first fifteen, some 270;
/// and the list of these videos.
async fn large_catalogue(backend: Backend) -> Result<Option<(Scratch, String)>> {
    let Some(scratch) = generated(backend, 300, 6).await? else {
        return Ok(None);
    };
    let mut transaction = scratch.store().write().await?;
    let ids = "SELECT id FROM programs ORDER BY id LIMIT 15";
    let ids = transaction.fetch_sql(ids, Vec::new()).await?;
    let (first, last) = (ids[0].int("id")?, ids[14].int("id")?);
    for update in [
        format!("UPDATE programs SET enabled = 1 WHERE id = {first}"),
        format!("UPDATE videos SET program_id = {first} WHERE program_id <= {last}"),
    ] {
        transaction.execute_sql(&update, Vec::new()).await?;
    }
    transaction.commit().await?;
    Ok(Some((scratch, format!("/v1/programs/{first}/videos"))))
}

async fn filtered_pages_hold_what_is_published_in_order_and_are_full_but_the_last(
    backend: Backend,
) -> Result<()> {
    let Some((scratch, videos)) = large_catalogue(backend).await? else {
        return Ok(());
    };
    let service = service(scratch.store());
    for list in ["/v1/programs", &videos] {
        let everything = walk(&service, BACK_OFFICE, list, 100).await;
        let published = everything.iter().filter(|item| item["published"] == true);
        let published: Vec<Value> = published.cloned().collect();
        assert!(
            published.len() > 2 && published.len() < everything.len(),
            "{list}"
        );
        for limit in [9, 64, 100] {
            let seen = walk(&service, FILTERED, list, limit).await;
            assert_eq!(seen, published, "{list} by {limit}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_page_of_a_hundred_takes_few_statements() -> Result<()> {
    let Some((scratch, videos)) = large_catalogue(Backend::Sqlite).await? else {
        return Ok(());
    };
    let store = scratch.store();
    let service = service(store);
    let (rows, one) = count_statements(store.now()).await;
    assert!(rows.is_ok() && one == 1, "{one}");
    for list in ["/v1/programs", &videos] {
        for host in [BACK_OFFICE, FILTERED] {
            for offset in [0, 100, 200] {
                let path = format!("{list}?limit=100&offset={offset}");
                let (page, statements) = count_statements(get(&service, host, &path)).await;
                let items = items_of(&page).len();
                println!("{host}{path}: {items} items, {statements} statements");
                assert!(
                    (4..=MOST_STATEMENTS).contains(&statements),
                    "{host}{path}: {statements}"
                );
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_is_published_is_what_has_a_document() -> Result<()> {
    let Some(scratch) = generated(Backend::Sqlite, 40, 6).await? else {
        return Ok(());
    };
    let (store, source, now) = (scratch.store(), Catalogue::new(), Timestamp::now());
    for kind in source.kinds() {
        if ![documents::PROGRAM, documents::VIDEO].contains(&kind.name) {
            continue;
        }
        let mut ids = store.roots(kind, None, 10_000).await?;
        ids.push("0".to_owned());
        let mut snapshot = store.read().await?;
        let rendered = source
            .render_at(&mut snapshot, kind.name, &ids, now)
            .await?;
        let states = publication_states(&mut snapshot, kind.name, &ids, now).await?;
        for ((id, rendered), state) in ids.iter().zip(&rendered).zip(states) {
            let expected = match rendered {
                Rendered::Publishable(publishable) => (None, publishable.next_change_at),
                Rendered::Absent {
                    reason,
                    next_change_at,
                } => (Some(*reason), *next_change_at),
            };
            assert_eq!(
                (state.reason, state.next_change_at),
                expected,
                "{} {id}",
                kind.name
            );
        }
        assert!(rendered.len() > 40, "{}", kind.name);
    }
    Ok(())
}

#[tokio::test]
async fn no_read_takes_a_ticket() -> Result<()> {
    let Some(scratch) = generated(Backend::Sqlite, 6, 6).await? else {
        return Ok(());
    };
    let store = scratch.store();
    let service = service(store);
    let before = store.reading().await?.ticket();
    for host in [BACK_OFFICE, FILTERED] {
        let programs = get(&service, host, "/v1/programs").await;
        let program = format!("/v1/programs/{}", items_of(&programs)[0]["id"]);
        get(&service, host, &program).await;
        let videos = get(&service, host, &format!("{program}/videos")).await;
        let video = items_of(&videos)[0]["id"].as_str().expect("an id");
        get(&service, host, &format!("/v1/videos/{video}")).await;
    }
    assert_eq!(store.reading().await?.ticket(), before + 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_items_of_a_page_are_of_one_instant() -> Result<()> {
    let Some(scratch) = generated(Backend::Sqlite, 40, 6).await? else {
        return Ok(());
    };
    let store = scratch.store().clone();
    let service = service(&store);
    rename_all(&store, 0).await?;
    let writer = tokio::spawn(async move {
        for number in 1..=40 {
            rename_all(&store, number).await?;
        }
        Ok(())
    });
    while !writer.is_finished() {
        for host in [BACK_OFFICE, FILTERED] {
            let page = get(&service, host, "/v1/programs?limit=100").await;
            let mut titles = items_of(&page).iter().map(|item| &item["title"]);
            let first = titles.next().expect("a program");
            assert!(titles.all(|title| title == first), "{page}");
        }
    }
    writer.await.expect("the writer ends")
}

/// Gives all programs one title, in one transaction.
async fn rename_all(store: &Store, number: i64) -> Result<()> {
    let mut transaction = store.write().await?;
    let update = format!("UPDATE programs SET title = 'title {number}'");
    transaction.execute_sql(&update, Vec::new()).await?;
    transaction.commit().await
}
