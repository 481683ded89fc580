//! Pages of the store's lists, cut from what the client sees.

use sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, Value};
use sixplay_catalogue::{TableSchema, documents, tables};
use sixplay_core::Result;

use crate::view::{ListedItem, StoreView};

/// How many ids are read at once in search of published ones.
const CHUNK: usize = 200;

/// A list of the store, ordered by id.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Listing {
    Programs,
    /// The videos of a program.
    VideosOf(i64),
}

/// The part of a list that a client asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageRequest {
    pub(crate) limit: u64,
    pub(crate) offset: u64,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// How many others of it cannot be read.
    pub(crate) left_out: u64,
}

/// The items of a page: as many as its limit says, fewer only where the list ends or the view left
/// some out.
pub(crate) async fn list_items(
    view: &mut StoreView<'_>,
    listing: Listing,
    page: PageRequest,
) -> Result<Vec<ListedItem>> {
    if view.sees_published_only(listing.kind()) {
        return list_published(view, listing, page).await;
    }
    let mut query = listing.select_ids();
    query.limit(page.limit).offset(page.offset);
    let items = fetch_items(view, listing, &query).await?.items;
    items.iter().for_each(|item| view.note(item));
    Ok(items)
}

/// Walks the list from its beginning: the walk alone tells which items are to be skipped.
async fn list_published(
    view: &mut StoreView<'_>,
    listing: Listing,
    page: PageRequest,
) -> Result<Vec<ListedItem>> {
    let (mut cut, mut ids) = (PageCut::of(page), listing.select_ids());
    loop {
        let chunk = fetch_items(view, listing, ids.limit(CHUNK as u64)).await?;
        cut.add_published(chunk.items, view);
        match chunk
            .last_id
            .filter(|_| chunk.rows == CHUNK && !cut.is_full())
        {
            Some(last_id) => ids = listing.select_ids_after(&last_id),
            None => return Ok(cut.kept),
        }
    }
}

/// Some of a list.
struct ListChunk {
    items: Vec<ListedItem>,
    /// How many rows there were, readable or not.
    rows: usize,
    /// The last id that can be read.
    last_id: Option<String>,
}

async fn fetch_items(
    view: &mut StoreView<'_>,
    listing: Listing,
    ids: &SelectStatement,
) -> Result<ListChunk> {
    let rows = listing.table().name_rows(view.fetch(ids).await?);
    let mut ids = Vec::with_capacity(rows.len());
    for row in &rows {
        ids.extend(view.leave_out(row.key("id"))?);
    }
    let last_id = ids.last().cloned();
    Ok(ListChunk {
        items: view.list_readable_states(listing.kind(), ids).await?,
        rows: rows.len(),
        last_id,
    })
}

/// A page that is cut out of a list as it comes, chunk by chunk.
struct PageCut {
    to_skip: usize,
    limit: usize,
    kept: Vec<ListedItem>,
}

impl PageCut {
    fn of(page: PageRequest) -> Self {
        let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            to_skip: number(page.offset),
            limit: number(page.limit),
            kept: Vec::new(),
        }
    }

    /// Takes what is published until the page is full; what is passed over may open, and then the
    /// page is another.
    fn add_published(&mut self, chunk: Vec<ListedItem>, view: &mut StoreView<'_>) {
        for item in chunk {
            if self.is_full() {
                return;
            }
            view.note(&item);
            match item.state.is_published() {
                true if self.to_skip > 0 => self.to_skip -= 1,
                true => self.kept.push(item),
                false => {}
            }
        }
    }

    fn is_full(&self) -> bool {
        self.kept.len() >= self.limit
    }
}

impl Listing {
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Programs => documents::PROGRAM,
            Self::VideosOf(_) => documents::VIDEO,
        }
    }

    fn table(self) -> &'static TableSchema {
        match self {
            Self::Programs => &tables::PROGRAMS,
            Self::VideosOf(_) => &tables::VIDEOS,
        }
    }

    fn select_ids(self) -> SelectStatement {
        let mut query = Query::select();
        let ids = query.column("id").from(self.table().name);
        if let Self::VideosOf(program) = self {
            ids.and_where(Expr::col("program_id").eq(program));
        }
        ids.order_by("id", Order::Asc);
        query
    }

    fn select_ids_after(self, id: &str) -> SelectStatement {
        let mut query = self.select_ids();
        query.and_where(Expr::col("id").gt(self.key_of(id)));
        query
    }

    /// The id as a value of its column.
    fn key_of(self, id: &str) -> Value {
        match self {
            Self::Programs => id.parse::<i64>().ok().into(),
            Self::VideosOf(_) => id.into(),
        }
    }
}
