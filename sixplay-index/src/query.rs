//! What is asked of an index, and one page of the answer.

use jiff::Timestamp;
use serde_json::value::RawValue;
use sixplay_core::{Error, Result};

use crate::{Filter, VISIBLE_FROM, VISIBLE_UNTIL};

/// The most that `offset + limit` of a [`Query`], the limit of
/// [`Index::values`](crate::Index::values) and the ids of [`Index::get`](crate::Index::get) may be.
pub const MAX_WINDOW: u64 = 10_000;

/// A search for documents: all filters hold, in the order of `sort`, one page.
///
/// Documents that lack a sort field come last; equal ones are ordered by the field `id` when the
/// mapping has it. There is no relevance: a `text` search filters.
///
/// ```
/// use sixplay_core::{Field, Mapping, Visible};
/// use sixplay_index::{Filter, Index, Operation, Query, RawValue, jiff::Timestamp};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let index = Index::connect(&format!("sqlite:{}/index.db", folder.path().display())).await?;
/// # let fields = vec![Field::keyword("id"), Field::long("year")];
/// # index.create("books", &Mapping { fields }, &Default::default()).await?;
/// let book = |json: &str| RawValue::from_string(json.to_owned());
/// let forever = Operation::put("b1", 1, book(r#"{"id": "b1", "year": 1875}"#)?);
/// let past = Visible::from_micros(0, Some(1_000_000));
/// let withdrawn = Operation::put("b2", 1, book(r#"{"id": "b2", "year": 1864}"#)?).visible(past);
/// index.apply("books", vec![forever, withdrawn]).await?;
/// index.refresh("books").await?;
///
/// let query = Query::new(10).filter(Filter::below("year", 1900)).descending("year");
/// assert_eq!(index.search("books", &query).await?.total, 2);
/// let page = index.search("books", &query.at(Timestamp::now())).await?;
/// assert_eq!(page.total, 1, "the other is hidden since 1970");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Query {
    /// What must hold, all of it.
    pub filters: Vec<Filter>,
    /// Words that must occur.
    pub text: Option<Text>,
    /// The order, most significant field first.
    pub sort: Vec<Sort>,
    /// Documents to skip; with `limit` at most [`MAX_WINDOW`].
    pub offset: u64,
    /// Documents to return; 0 returns the total alone.
    pub limit: u64,
    /// Only documents whose [`Visible`](sixplay_core::Visible) is open at this instant.
    pub at: Option<Timestamp>,
}

/// Words in a French field: every word of the query must occur, whatever its elision, case, accents
/// or ending. There are no stop words, so that `les` is looked for too; a field that is not French,
/// or not at the top of the document, holds no words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// A field mapped as French text.
    pub field: String,
    /// The words; a query without any finds nothing.
    pub query: String,
}

/// A field to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sort {
    /// A keyword or long field; of several values the least counts, of a descending sort the
    /// greatest.
    pub field: String,
    /// Greatest first.
    pub descending: bool,
}

/// One page of what a [`Query`] found.
///
/// ```
/// use serde::Deserialize;
/// use sixplay_index::Page;
///
/// #[derive(Deserialize)]
/// struct Book {
///     title: String,
/// }
///
/// fn titles(page: &Page) -> serde_json::Result<Vec<String>> {
///     let read = |document: &Box<_>| serde_json::from_str::<Book>(RawValue::get(document));
///     page.documents.iter().map(|document| read(document).map(|book| book.title)).collect()
/// }
/// # use sixplay_index::{Index, Operation, Query, RawValue};
/// # use sixplay_core::{Field, Mapping};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let index = Index::connect(&format!("sqlite:{}/index.db", folder.path().display())).await?;
/// # let mapping = Mapping { fields: vec![Field::french("title")] };
/// # index.create("books", &mapping, &Default::default()).await?;
/// # let book = RawValue::from_string(r#"{"title": "Émile"}"#.to_owned())?;
/// # index.apply("books", vec![Operation::put("b1", 1, book)]).await?;
/// # index.refresh("books").await?;
/// let page = index.search("books", &Query::new(1)).await?;
/// assert_eq!((titles(&page)?, page.total), (vec!["Émile".to_owned()], 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    /// The documents of the page, as they were put, with the fields of their visible time.
    pub documents: Vec<Box<RawValue>>,
    /// How many documents the query finds in all, exact.
    pub total: u64,
}

impl Query {
    /// Every document, the first `limit` of them.
    pub fn new(limit: u64) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Adds a condition.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Sets the words that must occur in `field`.
    #[must_use]
    pub fn text(mut self, field: impl Into<String>, query: impl Into<String>) -> Self {
        let (field, query) = (field.into(), query.into());
        self.text = Some(Text { field, query });
        self
    }

    /// Adds a less significant sort field, least first.
    #[must_use]
    pub fn ascending(self, field: impl Into<String>) -> Self {
        self.sorted_by(field.into(), false)
    }

    /// Adds a less significant sort field, greatest first.
    #[must_use]
    pub fn descending(self, field: impl Into<String>) -> Self {
        self.sorted_by(field.into(), true)
    }

    /// Adds the least significant field.
    fn sorted_by(mut self, field: String, descending: bool) -> Self {
        self.sort.push(Sort { field, descending });
        self
    }

    /// Skips `offset` documents.
    #[must_use]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// Hides what is not visible at `at`.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// The query with what `at` asks among its filters: backends look at those alone.
    pub(crate) fn with_at_as_filters(&self) -> Self {
        let mut query = self.clone();
        if let Some(at) = query.at.take() {
            let visible = Filter::open_at(VISIBLE_FROM, VISIBLE_UNTIL, at);
            query.filters.extend(visible);
        }
        query
    }

    /// Refuses a page that ends beyond [`MAX_WINDOW`].
    pub(crate) fn require_window(&self) -> Result<()> {
        require_window("index.search", self.offset.saturating_add(self.limit))
    }
}

/// Refuses to look beyond [`MAX_WINDOW`], which servers refuse or answer slowly.
pub(crate) fn require_window(operation: &'static str, end: u64) -> Result<()> {
    if end <= MAX_WINDOW {
        return Ok(());
    }
    let message = "offset and limit together reach at most 10000";
    Err(Error::invalid(operation, message).with("asked", end))
}
