//! What the machinery of freshness needs to know of a relational model: its root documents, the
//! tables they are made of, and how to render one.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{reading::Reading, tables::MAX_ID_CHARS};
use crate::{Error, Mapping, Result, Visible};

/// A reference to one root document: what a change affects, a queue carries and an indexer renders.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Root {
    /// The kind's name, one of the source's [`Kind`]s.
    pub kind: String,
    /// The root's id, as text; also the document's id in the index.
    pub id: String,
}

impl Root {
    /// The longest id, in characters.
    pub const MAX_ID_CHARS: usize = MAX_ID_CHARS;

    /// A reference to `id` of `kind`.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
        }
    }

    /// Whether everything between the database and the index can carry the root: whoever handles
    /// many refuses alone the one that nobody can.
    ///
    /// ```
    /// use sixplay_core::Root;
    ///
    /// assert!(Root::new("book", "7").require_carried().is_ok());
    /// let error = Root::new("book", "7\0").require_carried().unwrap_err();
    /// assert!(error.to_string().contains("1 to 255 characters, none of them NUL"));
    /// ```
    ///
    /// # Errors
    /// `Invalid` for an id that is empty, longer than [`Root::MAX_ID_CHARS`], or has a NUL.
    pub fn require_carried(&self) -> Result<()> {
        require_carried_id(&self.id)
    }

    /// The id as errors and logs show it: an over-long one is cut.
    pub fn shown_id(&self) -> &str {
        shown_id(&self.id)
    }
}

/// As [`Root::require_carried`].
pub(super) fn require_carried_id(id: &str) -> Result<()> {
    let carried = !id.is_empty() && !id.contains('\0') && shown_id(id) == id;
    if carried {
        return Ok(());
    }
    let rule = "an id has 1 to 255 characters, none of them NUL";
    let error = Error::invalid("root.check", rule).with("id", shown_id(id).escape_debug());
    Err(error.with("bytes", id.len()))
}

fn shown_id(id: &str) -> &str {
    let end = id.char_indices().nth(Root::MAX_ID_CHARS);
    end.map_or(id, |(end, _)| &id[..end])
}

/// A kind of root document; each has an index of its own.
#[derive(Clone, Debug)]
pub struct Kind {
    /// The kind's name, lower case.
    pub name: &'static str,
    /// The table with one row a root; it must be captured, with a reach from `key` to this kind.
    pub table: &'static str,
    /// The column of `table` that holds the root's id.
    pub key: KeyColumn,
    /// How its documents are indexed.
    pub mapping: Mapping,
}

/// A column whose value identifies rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyColumn {
    /// A 64-bit integer.
    Int(&'static str),
    /// A string.
    Text(&'static str),
}

impl KeyColumn {
    /// The column's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Int(name) | Self::Text(name) => name,
        }
    }
}

/// A table whose changes are captured, and the roots that each change affects.
#[derive(Clone, Debug)]
pub struct CapturedTable {
    /// The table's name.
    pub name: &'static str,
    /// The columns logged with each change, old and new values: log a foreign key, and a row that
    /// moves reaches both its old and its new owner.
    pub keys: Vec<KeyColumn>,
    /// From which of them which roots follow.
    pub reaches: Vec<Reach>,
}

/// A path from a logged key to the ids of the roots it affects.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The kind of the roots.
    pub kind: &'static str,
    /// The logged key where the path begins.
    pub key: KeyColumn,
    /// The joins to the root's id; empty when the key is the root's id.
    pub hops: Vec<Hop>,
}

/// One join of a path: the rows of `table` whose `from` equals the value so far give `to`.
///
/// Paths are followed when the change is detected, in the tables as they are then.
///
/// ```
/// use sixplay_core::{CapturedTable, Hop, KeyColumn, Reach};
///
/// // a change of an author reaches the author's books; a deleted or moved book, its old author
/// let id = KeyColumn::Int("id");
/// let books = Hop { table: "book", from: "author_id", to: "id" };
/// let authors = CapturedTable {
///     name: "author",
///     keys: vec![id],
///     reaches: vec![
///         Reach { kind: "author", key: id, hops: vec![] },
///         Reach { kind: "book", key: id, hops: vec![books] },
///     ],
/// };
/// let owner = KeyColumn::Int("author_id");
/// let books = CapturedTable {
///     name: "book",
///     keys: vec![id, owner],
///     reaches: vec![
///         Reach { kind: "book", key: id, hops: vec![] },
///         Reach { kind: "author", key: owner, hops: vec![] },
///     ],
/// };
/// # assert_eq!((authors.reaches.len(), books.keys.len()), (2, 2));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hop {
    /// The table looked up.
    pub table: &'static str,
    /// The column compared.
    pub from: &'static str,
    /// The column taken on.
    pub to: &'static str,
}

/// What a root is at one instant.
#[derive(Clone, Debug)]
pub enum Rendered {
    /// The root has a document.
    Publishable(Publishable),
    /// The root must not be in the index.
    Absent {
        /// Why, in a word that operators search for (`no_row`, `disabled`, `not_yet`, `expired`).
        reason: &'static str,
        /// The next instant at which this may change without any write.
        next_change_at: Option<Timestamp>,
    },
}

/// A document and the time for which it holds.
#[derive(Clone, Debug)]
pub struct Publishable {
    /// The document, a JSON object whose keys are the fields of the kind's mapping.
    pub document: Box<RawValue>,
    /// When readers see it.
    pub visible: Visible,
    /// The next instant after the reading's clock at which rendering may give another result
    /// without any write.
    pub next_change_at: Option<Timestamp>,
}

/// A relational model seen as root documents.
///
/// Rules: `tables` names every table and path that a document reads, so that no change is missed;
/// `render` depends on nothing but the reading, its rows and its clock, and answers every id it is
/// asked for, [`Rendered::Absent`] for unknown ones.
///
/// ```
/// use async_trait::async_trait;
/// use sixplay_core::{
///     CapturedTable, Field, KeyColumn, Kind, Mapping, Publishable, Reach, Reading, Rendered,
///     Result, Source, Visible,
/// };
///
/// const ID: KeyColumn = KeyColumn::Int("id");
///
/// struct Authors {
///     kinds: Vec<Kind>,
///     tables: Vec<CapturedTable>,
/// }
///
/// impl Authors {
///     fn new() -> Self {
///         let mapping = Mapping { fields: vec![Field::long("id"), Field::keyword("name")] };
///         let itself = Reach { kind: "author", key: ID, hops: vec![] };
///         Self {
///             kinds: vec![Kind { name: "author", table: "author", key: ID, mapping }],
///             tables: vec![CapturedTable {
///                 name: "author",
///                 keys: vec![ID],
///                 reaches: vec![itself],
///             }],
///         }
///     }
/// }
///
/// #[async_trait]
/// impl Source for Authors {
///     fn name(&self) -> &'static str {
///         "authors"
///     }
///
///     fn kinds(&self) -> &[Kind] {
///         &self.kinds
///     }
///
///     fn tables(&self) -> &[CapturedTable] {
///         &self.tables
///     }
///
///     async fn render(
///         &self,
///         reading: &mut Reading,
///         _kind: &str,
///         ids: &[String],
///     ) -> Result<Vec<Rendered>> {
///         let mut rendered = Vec::new();
///         for id in ids {
///             let by_id = "SELECT json_object('id', id, 'name', name) AS document \
///                          FROM author WHERE id = ?";
///             let rows = reading.fetch_sql(by_id, vec![id.as_str().into()]).await?;
///             rendered.push(match rows.first() {
///                 None => Rendered::Absent { reason: "no_row", next_change_at: None },
///                 Some(row) => Rendered::Publishable(Publishable {
///                     document: serde_json::from_str(&row.text("document")?).unwrap(),
///                     visible: Visible::ALWAYS,
///                     next_change_at: None,
///                 }),
///             });
///         }
///         Ok(rendered)
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// # let scratch = sixplay_core::conformance::scratch_file().await?;
/// # let store = scratch.store().clone();
/// let mut transaction = store.write().await?;
/// transaction.batch("CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT NOT NULL)").await?;
/// transaction.batch("INSERT INTO author VALUES (1, 'Ada')").await?;
/// transaction.commit().await?;
/// store.install(&Authors::new()).await?;
///
/// let ids = ["1".to_owned(), "2".to_owned()];
/// let rendered = Authors::new().render(&mut store.reading().await?, "author", &ids).await?;
/// let Rendered::Publishable(ada) = &rendered[0] else { panic!("no document") };
/// assert_eq!(ada.document.get(), r#"{"id":1,"name":"Ada"}"#);
/// assert!(matches!(rendered[1], Rendered::Absent { reason: "no_row", .. }));
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Source: Send + Sync + 'static {
    /// The source's name; separates its change log from other sources' in the same database.
    fn name(&self) -> &'static str;

    /// The kinds of root documents.
    fn kinds(&self) -> &[Kind];

    /// The captured tables with the dependency graph.
    fn tables(&self) -> &[CapturedTable];

    /// Renders `ids` of `kind` as they are in the reading's snapshot at its clock, in the order of
    /// `ids`.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` when the database fails, `Corrupt` when a row cannot be read.
    async fn render(
        &self,
        reading: &mut Reading,
        kind: &str,
        ids: &[String],
    ) -> Result<Vec<Rendered>>;
}
