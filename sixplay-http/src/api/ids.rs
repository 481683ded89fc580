//! The ids of a page of the store's programs and videos.

use sixplay_core::{Result, store::Store};

/// A page, both numbers checked not to be negative.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub limit: i64,
    pub offset: i64,
}

/// Programs, by id.
pub(super) async fn programs(store: &Store, page: Page) -> Result<Vec<i64>> {
    let Page { limit, offset } = page;
    let sql = format!("SELECT id FROM programs ORDER BY id LIMIT {limit} OFFSET {offset}");
    store
        .snapshot()
        .await?
        .fetch_sql(&sql, Vec::new())
        .await?
        .iter()
        .map(|row| row.int("id"))
        .collect()
}

/// The videos of a program, by id.
pub(super) async fn videos(store: &Store, program: i64, page: Page) -> Result<Vec<String>> {
    let Page { limit, offset } = page;
    let sql = format!(
        "SELECT id FROM videos WHERE program_id = {program} ORDER BY id LIMIT {limit} OFFSET {offset}"
    );
    store
        .snapshot()
        .await?
        .fetch_sql(&sql, Vec::new())
        .await?
        .iter()
        .map(|row| row.text("id"))
        .collect()
}
