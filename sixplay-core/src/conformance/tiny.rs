//! A second source, for tests and for reading: authors and their books. A book is
//! visible within its window.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use sea_query::{ColumnDef, Expr, ExprTrait, OnConflict, Query, Table as Definition};
use serde_json::{json, value::RawValue};

use crate::{
    CapturedTable, Dialect, Error, Field, Hop, KeyColumn, Kind, Mapping, Publishable, Reach,
    Reading, Rendered, Result, Row, Source, Store, Transaction, Visible,
};

/// The source `tiny` with the kinds `author` and `book`.
///
/// An author's document is `{id, name, titles}` with the titles of all its books; a book's is `{id,
/// title, author, body}` with the author's name, and absent without one.
#[derive(Debug)]
pub struct Tiny {
    kinds: Vec<Kind>,
    tables: Vec<CapturedTable>,
}

const AUTHOR: KeyColumn = KeyColumn::Int("id");
const BOOK: KeyColumn = KeyColumn::Text("id");

impl Tiny {
    /// The source, as the detector and the indexer take it.
    pub fn new() -> Arc<Self> {
        let author = Mapping {
            fields: vec![
                Field::long("id"),
                Field::keyword("name"),
                Field::keyword("titles"),
            ],
        };
        let book = Mapping {
            fields: vec![
                Field::keyword("id"),
                Field::french("title"),
                Field::keyword("author"),
                Field::stored("body"),
            ],
        };
        let books = Hop {
            table: "tiny_book",
            from: "author_id",
            to: "id",
        };
        let written_by = KeyColumn::Int("author_id");
        let reach = |kind, key, hops| Reach { kind, key, hops };
        Arc::new(Self {
            kinds: vec![
                Kind {
                    name: "author",
                    table: "tiny_author",
                    key: AUTHOR,
                    mapping: author,
                },
                Kind {
                    name: "book",
                    table: "tiny_book",
                    key: BOOK,
                    mapping: book,
                },
            ],
            tables: vec![
                CapturedTable {
                    name: "tiny_author",
                    keys: vec![AUTHOR],
                    reaches: vec![
                        reach("author", AUTHOR, vec![]),
                        reach("book", AUTHOR, vec![books]),
                    ],
                },
                CapturedTable {
                    name: "tiny_book",
                    keys: vec![BOOK, written_by],
                    reaches: vec![
                        reach("book", BOOK, vec![]),
                        reach("author", written_by, vec![]),
                    ],
                },
            ],
        })
    }
}

/// Creates the two tables.
///
/// # Errors
/// `Unavailable`, `Timeout`; `Unexpected` when they exist.
pub async fn migrate(store: &Store) -> Result<()> {
    let mut author = Definition::create();
    author
        .table("tiny_author")
        .col(ColumnDef::new("id").integer().not_null().primary_key());
    author.col(ColumnDef::new("name").string_len(100).not_null());
    let mut book = Definition::create();
    book.table("tiny_book").col(
        ColumnDef::new("id")
            .string_len(100)
            .not_null()
            .primary_key(),
    );
    book.col(ColumnDef::new("author_id").integer().not_null())
        .col(ColumnDef::new("title").string_len(200).not_null());
    book.col(ColumnDef::new("open_from_us").big_integer().not_null())
        .col(ColumnDef::new("open_until_us").big_integer());
    let mut session = store.autocommit().await?;
    for table in [&mut author, &mut book] {
        if store.dialect() == Dialect::Mysql {
            table.character_set("utf8mb4").collate("utf8mb4_bin");
        }
        session.define(table).await?;
    }
    session
        .batch("CREATE INDEX tiny_book_author ON tiny_book (author_id)")
        .await
}

/// Creates the two tables and installs the machinery; returns the source.
///
/// # Errors
/// As [`migrate`] and [`Store::install`].
pub async fn install(store: &Store) -> Result<Arc<Tiny>> {
    migrate(store).await?;
    let tiny = Tiny::new();
    store.install(tiny.as_ref()).await?;
    Ok(tiny)
}

/// A row of `tiny_book`.
#[derive(Clone, Debug)]
pub struct Book {
    /// Its id.
    pub id: String,
    /// Its author's id; the author need not exist.
    pub author: i64,
    /// Its title.
    pub title: String,
    /// Visible from then on.
    pub open_from: Timestamp,
    /// Visible until then; `None`: for ever.
    pub open_until: Option<Timestamp>,
}

impl Book {
    /// A book that is always visible.
    pub fn new(id: impl Into<String>, author: i64, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            author,
            title: title.into(),
            open_from: Timestamp::UNIX_EPOCH,
            open_until: None,
        }
    }

    /// The book within a window.
    #[must_use]
    pub fn open(self, open_from: Timestamp, open_until: Option<Timestamp>) -> Self {
        Self {
            open_from,
            open_until,
            ..self
        }
    }
}

/// Inserts the author or changes the name.
///
/// # Errors
/// As [`Transaction::execute`].
pub async fn put_author(transaction: &mut Transaction, id: i64, name: &str) -> Result<()> {
    let mut insert = Query::insert();
    insert
        .into_table("tiny_author")
        .columns(["id", "name"])
        .values_panic([id.into(), name.into()]);
    transaction
        .execute(insert.on_conflict(OnConflict::column("id").update_column("name").to_owned()))
        .await
        .map(drop)
}

/// Inserts books, or changes those that exist, by one statement.
///
/// # Errors
/// As [`Transaction::execute`].
pub async fn put_books(transaction: &mut Transaction, books: &[Book]) -> Result<()> {
    let columns = ["author_id", "title", "open_from_us", "open_until_us"];
    let mut insert = Query::insert();
    insert
        .into_table("tiny_book")
        .columns(["id"].into_iter().chain(columns));
    for book in books {
        let until = book.open_until.map(Timestamp::as_microsecond);
        let (id, title) = (book.id.as_str(), book.title.as_str());
        insert.values_panic([
            id.into(),
            book.author.into(),
            title.into(),
            book.open_from.as_microsecond().into(),
            until.into(),
        ]);
    }
    transaction
        .execute(insert.on_conflict(OnConflict::column("id").update_columns(columns).to_owned()))
        .await
        .map(drop)
}

/// Deletes the author, not the books.
///
/// # Errors
/// As [`Transaction::execute`].
pub async fn remove_author(transaction: &mut Transaction, id: i64) -> Result<()> {
    transaction
        .execute(
            Query::delete()
                .from_table("tiny_author")
                .and_where(Expr::col("id").eq(id)),
        )
        .await
        .map(drop)
}

/// Deletes the book.
///
/// # Errors
/// As [`Transaction::execute`].
pub async fn remove_book(transaction: &mut Transaction, id: &str) -> Result<()> {
    transaction
        .execute(
            Query::delete()
                .from_table("tiny_book")
                .and_where(Expr::col("id").eq(id)),
        )
        .await
        .map(drop)
}

#[async_trait]
impl Source for Tiny {
    fn name(&self) -> &'static str {
        "tiny"
    }

    fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    fn tables(&self) -> &[CapturedTable] {
        &self.tables
    }

    async fn render(
        &self,
        reading: &mut Reading,
        kind: &str,
        ids: &[String],
    ) -> Result<Vec<Rendered>> {
        let mut found = match kind {
            "author" => authors(reading, ids).await?,
            "book" => books(reading, ids).await?,
            _ => HashMap::new(),
        };
        let rendered = |id: &String| found.remove(id).unwrap_or_else(|| absent("no_row", None));
        Ok(ids.iter().map(rendered).collect())
    }
}

fn absent(reason: &'static str, next_change_at: Option<Timestamp>) -> Rendered {
    Rendered::Absent {
        reason,
        next_change_at,
    }
}

async fn authors(reading: &mut Reading, ids: &[String]) -> Result<HashMap<String, Rendered>> {
    let ids: Vec<i64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let mut titles = titles_by_author(reading, &ids).await?;
    let mut authors = Query::select();
    authors
        .columns(["id", "name"])
        .from("tiny_author")
        .and_where(Expr::col("id").is_in(ids));
    let mut rendered = HashMap::new();
    for row in reading.fetch(&authors).await? {
        let (id, name) = (row.int("id")?, row.text("name")?);
        let titles = titles.remove(&id).unwrap_or_default();
        let document = raw(&json!({"id": id, "name": name, "titles": titles}))?;
        let author = Publishable {
            document,
            visible: Visible::ALWAYS,
            next_change_at: None,
        };
        rendered.insert(id.to_string(), Rendered::Publishable(author));
    }
    Ok(rendered)
}

async fn titles_by_author(
    reading: &mut Reading,
    authors: &[i64],
) -> Result<HashMap<i64, Vec<String>>> {
    let mut books = Query::select();
    books
        .columns(["author_id", "title"])
        .from("tiny_book")
        .and_where(Expr::col("author_id").is_in(authors.iter().copied()))
        .order_by("id", sea_query::Order::Asc);
    let mut titles: HashMap<i64, Vec<String>> = HashMap::new();
    for row in reading.fetch(&books).await? {
        let of_author = titles.entry(row.int("author_id")?).or_default();
        of_author.push(row.text("title")?);
    }
    Ok(titles)
}

async fn books(reading: &mut Reading, ids: &[String]) -> Result<HashMap<String, Rendered>> {
    let author = sea_query::TableRef::from("tiny_author").alias("a");
    let mut books = Query::select();
    books
        .columns(["id", "title", "open_from_us", "open_until_us"].map(|column| ("b", column)))
        .column(("a", "name"))
        .from_as("tiny_book", "b")
        .left_join(author, Expr::col(("a", "id")).equals(("b", "author_id")))
        .and_where(Expr::col(("b", "id")).is_in(ids));
    let (rows, now) = (reading.fetch(&books).await?, reading.now());
    rows.iter()
        .map(|row| Ok((row.text("id")?, book(row, now)?)))
        .collect()
}

fn book(row: &Row, now: Timestamp) -> Result<Rendered> {
    let until = row.opt_int("open_until_us")?;
    let visible = Visible::from_micros(row.int("open_from_us")?, until);
    let Some(author) = row.opt_text("name")? else {
        return Ok(absent("no_author", None));
    };
    if visible.is_over(now) {
        return Ok(absent("expired", None));
    }
    if !visible.is_open(now) {
        return Ok(absent("not_yet", Some(visible.from)));
    }
    let (id, title) = (row.text("id")?, row.text("title")?);
    let body = json!({"title": title});
    let document = raw(&json!({"id": id, "title": title, "author": author, "body": body}))?;
    Ok(Rendered::Publishable(Publishable {
        document,
        visible,
        next_change_at: visible.until,
    }))
}

fn raw(document: &serde_json::Value) -> Result<Box<RawValue>> {
    serde_json::value::to_raw_value(document)
        .map_err(|error| Error::unexpected("tiny.render", "no JSON").with_source(error))
}
