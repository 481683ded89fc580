//! Conditions on documents.

use jiff::Timestamp;
use serde::Serialize;

/// A condition on a document, or on one object of a nested field.
///
/// A field that the mapping lacks is missing in every document; a stored field has no values to
/// compare with, nor has a nested one outside of [`Filter::Nested`]. Among several values of a
/// field one must match. Text is compared byte by byte.
///
/// ```
/// use sixplay_index::{Filter, jiff::Timestamp};
///
/// let by_ada = Filter::term("author", "Ada");
/// let recent = Filter::missing_or(Filter::at_least("year", 2000));
/// assert_eq!(recent.field(), "year");
///
/// // lent out at this instant, by one and the same loan
/// let loan = Filter::open_at("from", "until", Timestamp::UNIX_EPOCH);
/// let until = Filter::missing_or(Filter::above("until", 0));
/// assert_eq!(loan, [Filter::at_most("from", 0), until]);
/// assert_eq!(Filter::nested("loans", loan).field(), "loans");
/// # drop(by_ada);
/// ```
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

/// A value to compare with; made from text and from integers by `into()`.
///
/// Text that is a number finds it in a long field; a number finds its digits in a keyword field.
///
/// ```
/// use sixplay_index::Value;
///
/// assert_eq!(Value::from("Ada"), Value::Text("Ada".to_owned()));
/// assert_eq!(Value::from(1875), Value::Long(1875));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// For keyword fields.
    Text(String),
    /// For long fields.
    Long(i64),
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

    /// The half-open window of two long fields in Unix microseconds is open at `at`: `from_field`
    /// is at most `at`, `until_field` is missing or later.
    ///
    /// [`Query::at`](crate::Query::at) is this rule for the document's own time; within
    /// [`Filter::nested`] it serves the windows that a document lists.
    pub fn open_at(
        from_field: impl Into<String>,
        until_field: impl Into<String>,
        at: Timestamp,
    ) -> [Self; 2] {
        let at = at.as_microsecond();
        let not_over = Self::missing_or(Self::above(until_field, at));
        [Self::at_most(from_field, at), not_over]
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

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Long(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Long(value.into())
    }
}
