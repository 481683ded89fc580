//! All roots of a kind, page by page, for a rebuild.

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, Value};

use super::{
    keys::{KeyCursor, KeyValue},
    source::Kind,
};
use crate::{
    Error, Result,
    store::{Snapshot, Store},
};

/// Where a page of roots begins; the default is the first.
///
/// ```
/// use sixplay_core::{RootCursor, Source, conformance::tiny};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> sixplay_core::Result<()> {
/// # let scratch = sixplay_core::conformance::scratch_file().await?;
/// # let store = scratch.store().clone();
/// let source = tiny::install(&store).await?;
/// # scratch.run("INSERT INTO tiny_author (id, name) VALUES (1, 'Ada'), (2, 'Ben')").await?;
/// # let source: &dyn Source = source.as_ref();
/// let (kind, mut found) = (&source.kinds()[0], Vec::new());
/// let mut next = Some(RootCursor::default());
/// while let Some(cursor) = next {
///     let page = store.root_page(kind, cursor, 1).await?;
///     found.extend(page.ids);
///     next = page.next;
/// }
/// assert_eq!(found, ["1", "2"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct RootCursor(KeyCursor);

/// Some roots of a kind.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RootPage {
    /// Their ids, in key order.
    pub ids: Vec<String>,
    /// Why rows have no id that can be read: `Corrupt`, with table, column and what is there. Each
    /// row is told once.
    pub unreadable: Vec<Error>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<RootCursor>,
}

impl Store {
    /// Up to `limit` ids of `kind` after `after`, in key order.
    ///
    /// # Errors
    /// `Invalid` when `after` is no id of the kind; `Corrupt` for an id that cannot be read;
    /// `Unavailable`, `Timeout`.
    pub async fn roots(&self, kind: &Kind, after: Option<&str>, limit: u64) -> Result<Vec<String>> {
        self.read_once().await?.roots(kind, after, limit).await
    }

    /// A page of up to `size` roots of `kind`; a row whose id cannot be read hides no other.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`.
    pub async fn root_page(
        &self,
        kind: &Kind,
        RootCursor(cursor): RootCursor,
        size: usize,
    ) -> Result<RootPage> {
        let size = Ord::max(size, 1);
        let query = select_roots(kind, cursor.after.clone(), cursor.limit(size) as u64);
        let rows = self.read_once().await?.fetch(&query).await?;
        let page = cursor.page_of(kind.key, &rows, size);
        let unreadable = page.unreadable.into_iter();
        Ok(RootPage {
            ids: page.ids,
            unreadable: unreadable.map(|error| in_table(kind, error)).collect(),
            next: page.next.map(RootCursor),
        })
    }
}

/// Names the place of a row without a readable id.
fn in_table(kind: &Kind, error: Error) -> Error {
    error.with("table", kind.table).with("key", kind.key.name())
}

impl Snapshot {
    /// As [`Store::roots`], within the snapshot.
    ///
    /// # Errors
    /// As [`Store::roots`].
    pub async fn roots(
        &mut self,
        kind: &Kind,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<String>> {
        let after = after.map(|after| parse_id(kind, after)).transpose()?;
        let rows = self.fetch(&select_roots(kind, after, limit)).await?;
        let id = |row: &crate::Row| row.key("id").map_err(|error| in_table(kind, error));
        rows.iter().map(id).collect()
    }
}

fn parse_id(kind: &Kind, id: &str) -> Result<KeyValue> {
    let wrong = || Error::invalid("store.roots", "not an id of the kind");
    let key = KeyValue::parse(kind.key, id);
    key.ok_or_else(|| wrong().with("kind", kind.name).with("id", id))
}

fn select_roots(kind: &Kind, after: Option<KeyValue>, limit: u64) -> SelectStatement {
    let key = kind.key.name();
    let mut query = Query::select();
    query
        .expr_as(Expr::col(key), "id")
        .from(kind.table)
        .order_by(key, Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        query.and_where(Expr::col(key).gt(Value::from(after)));
    }
    query
}
