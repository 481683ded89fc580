//! What is asked of an index.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

/// A search for documents: all filters hold, in the order of `sort`, one page.
///
/// Documents that lack a sort field come last; equal ones are ordered by the field `id` when the
/// mapping has it. There is no relevance: a `text` search filters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
    /// Only documents with `visible_from <= at` whose `visible_until` is missing or later.
    pub at: Option<Timestamp>,
}

/// The most that `offset + limit` of a [`Query`] and the limit of [`crate::Index::values`] may be.
pub const MAX_WINDOW: u64 = 10_000;

/// Words in a French field: every word of the query must occur, whatever its elision, case, accents
/// or ending.
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

/// A condition on a document, or on one object of a nested field.
///
/// A field that the mapping lacks is missing in every document. Among several values of a field one
/// must match.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Filter {
    /// The field has this value.
    Term(String, Value),
    /// The field has one of these values.
    Terms(String, Vec<Value>),
    /// The long field has a value `<=` this.
    AtMost(String, i64),
    /// The long field has a value `>=` this.
    AtLeast(String, i64),
    /// The long field has a value `>` this.
    Above(String, i64),
    /// The long field has a value `<` this.
    Below(String, i64),
    /// The filter's field has no value, or the filter holds.
    MissingOr(Box<Filter>),
    /// The filter does not hold.
    Not(Box<Filter>),
    /// All filters hold within one object of the nested field; their fields are named without the
    /// path.
    Nested(String, Vec<Filter>),
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// For keyword fields.
    Text(String),
    /// For long fields.
    Long(i64),
}

/// One page of what a [`Query`] found.
#[derive(Clone, Debug)]
pub struct Page {
    /// The documents of the page, as they were put.
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
        self.text = Some(Text {
            field: field.into(),
            query: query.into(),
        });
        self
    }

    /// Adds a less significant sort field, least first.
    #[must_use]
    pub fn ascending(mut self, field: impl Into<String>) -> Self {
        self.sort.push(Sort {
            field: field.into(),
            descending: false,
        });
        self
    }

    /// Adds a less significant sort field, greatest first.
    #[must_use]
    pub fn descending(mut self, field: impl Into<String>) -> Self {
        self.sort.push(Sort {
            field: field.into(),
            descending: true,
        });
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

    /// All filters, those of `at` included.
    pub fn conditions(&self) -> Vec<Filter> {
        let at = self.at.map(Timestamp::as_microsecond);
        let guard = at.map(|at| {
            [
                Filter::at_most(crate::VISIBLE_FROM, at),
                Filter::missing_or(Filter::above(crate::VISIBLE_UNTIL, at)),
            ]
        });
        self.filters
            .iter()
            .cloned()
            .chain(guard.into_iter().flatten())
            .collect()
    }
}

impl Filter {
    /// [`Filter::Term`].
    pub fn term(field: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Term(field.into(), value.into())
    }

    /// [`Filter::Terms`].
    pub fn terms<V: Into<Value>>(
        field: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self::Terms(field.into(), values.into_iter().map(Into::into).collect())
    }

    /// [`Filter::AtMost`].
    pub fn at_most(field: impl Into<String>, value: i64) -> Self {
        Self::AtMost(field.into(), value)
    }

    /// [`Filter::AtLeast`].
    pub fn at_least(field: impl Into<String>, value: i64) -> Self {
        Self::AtLeast(field.into(), value)
    }

    /// [`Filter::Above`].
    pub fn above(field: impl Into<String>, value: i64) -> Self {
        Self::Above(field.into(), value)
    }

    /// [`Filter::Below`].
    pub fn below(field: impl Into<String>, value: i64) -> Self {
        Self::Below(field.into(), value)
    }

    /// [`Filter::MissingOr`].
    pub fn missing_or(filter: Self) -> Self {
        Self::MissingOr(Box::new(filter))
    }

    /// [`Filter::Not`].
    pub fn negate(filter: Self) -> Self {
        Self::Not(Box::new(filter))
    }

    /// [`Filter::Nested`].
    pub fn nested(path: impl Into<String>, filters: impl IntoIterator<Item = Self>) -> Self {
        Self::Nested(path.into(), filters.into_iter().collect())
    }

    /// The field that the filter reads; a nested filter's path.
    pub fn field(&self) -> &str {
        match self {
            Self::Term(field, _) | Self::Terms(field, _) | Self::Nested(field, _) => field,
            Self::AtMost(field, _)
            | Self::AtLeast(field, _)
            | Self::Above(field, _)
            | Self::Below(field, _) => field,
            Self::MissingOr(filter) | Self::Not(filter) => filter.field(),
        }
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Long(value)
    }
}
