//! Rows that cannot be read, as SQLite lets anybody write them.

use http::Method;
use serde_json::Value;
use sixplay_core::{Result, conformance::Backend};

use super::{generated, service};
use crate::ask::ask;

const BACK_OFFICE: &str = "bo.api.localhost";
const FILTERED: &str = "pc.api.localhost";
/// `Téva` in Latin-1.
const LATIN_1: &str = "CAST(x'54E97661' AS TEXT)";

fn ids_of(page: &Value) -> Vec<Value> {
    let items = page["items"].as_array().expect("items");
    items.iter().map(|item| item["id"].clone()).collect()
}

#[tokio::test]
async fn a_page_leaves_out_what_cannot_be_read_and_says_so() -> Result<()> {
    let Some(scratch) = generated(Backend::Sqlite, 8, 6).await? else {
        return Ok(());
    };
    let service = service(scratch.store());
    let get = async |host: &str, path: &str| ask(&service, Method::GET, host, path).await;
    let before = get(BACK_OFFICE, "/v1/programs").await.json();
    let mut expected = ids_of(&before);
    assert_eq!(expected.len(), 8);
    assert!(before.get("left_out").is_none(), "{before}");

    let (title, switch) = (expected.remove(5), expected.remove(2));
    let broken = format!("UPDATE programs SET title = {LATIN_1} WHERE id = {title}");
    scratch.run(&broken).await?;
    let broken = format!("UPDATE programs SET enabled = 'yes' WHERE id = {switch}");
    scratch.run(&broken).await?;
    let page = get(BACK_OFFICE, "/v1/programs").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let page = page.json();
    assert_eq!(ids_of(&page), expected);
    assert_eq!(page["left_out"], 2);
    let alone = get(BACK_OFFICE, &format!("/v1/programs/{title}")).await;
    assert_eq!(alone.status, 500, "{}", alone.body);

    let filtered = get(FILTERED, "/v1/programs").await;
    assert_eq!(filtered.status, 200, "{}", filtered.body);
    let filtered = filtered.json();
    assert!(filtered.get("left_out").is_none(), "{filtered}");
    assert!(!ids_of(&filtered).contains(&title));
    Ok(())
}

#[tokio::test]
async fn a_list_of_videos_goes_on_past_those_that_cannot_be_read() -> Result<()> {
    let Some(scratch) = generated(Backend::Sqlite, 2, 6).await? else {
        return Ok(());
    };
    let service = service(scratch.store());
    let get = async |path: &str| ask(&service, Method::GET, BACK_OFFICE, path).await;
    let program = ids_of(&get("/v1/programs").await.json()).remove(0);
    let list = format!("/v1/programs/{program}/videos?limit=100");
    let mut expected = ids_of(&get(&list).await.json());
    let (title, duration) = (expected.remove(3), expected.remove(1));
    let broken = format!(
        "UPDATE videos SET title = {LATIN_1} WHERE id = '{}'",
        text(&title)
    );
    scratch.run(&broken).await?;
    let broken = format!(
        "UPDATE videos SET duration = '22:30' WHERE id = '{}'",
        text(&duration)
    );
    scratch.run(&broken).await?;
    let page = get(&list).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let page = page.json();
    assert_eq!(ids_of(&page), expected);
    assert_eq!(page["left_out"], 2);
    Ok(())
}

fn text(id: &Value) -> &str {
    id.as_str().expect("a text")
}
