//! The explicit mapping of an index: which fields of a document can be searched, and how.

/// How the documents of one kind are indexed; fields not named here are refused by the index.
///
/// ```
/// use sixplay_core::{Field, FieldKind, Mapping};
///
/// let edition = vec![Field::keyword("isbn"), Field::long("year")];
/// let mapping = Mapping {
///     fields: vec![
///         Field::keyword("id"),
///         Field::french("title"),
///         Field::nested("editions", edition),
///         Field::stored("cover"),
///     ],
/// };
/// assert_eq!(mapping.fields[1].kind, FieldKind::French);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The fields, in any order.
    pub fields: Vec<Field>,
}

/// One searchable or stored field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's name, the key in the document.
    pub name: &'static str,
    /// How it is indexed.
    pub kind: FieldKind,
}

/// How a field is indexed; every kind but `Stored` and `Nested` also takes an array of values.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldKind {
    /// An exact string.
    Keyword,
    /// A 64-bit integer: numbers and instants (Unix microseconds).
    Long,
    /// French text: elision, lower case, ASCII folding, light stemming.
    French,
    /// Kept as it came, never searched: any JSON.
    Stored,
    /// An array of objects; a filter on it must hold within one of them.
    Nested(Vec<Field>),
}

impl Field {
    /// An exact string.
    pub fn keyword(name: &'static str) -> Self {
        Self {
            name,
            kind: FieldKind::Keyword,
        }
    }

    /// A 64-bit integer.
    pub fn long(name: &'static str) -> Self {
        Self {
            name,
            kind: FieldKind::Long,
        }
    }

    /// French text.
    pub fn french(name: &'static str) -> Self {
        Self {
            name,
            kind: FieldKind::French,
        }
    }

    /// Any JSON, kept and never searched.
    pub fn stored(name: &'static str) -> Self {
        Self {
            name,
            kind: FieldKind::Stored,
        }
    }

    /// An array of objects filtered one by one.
    pub fn nested(name: &'static str, fields: Vec<Field>) -> Self {
        Self {
            name,
            kind: FieldKind::Nested(fields),
        }
    }
}
