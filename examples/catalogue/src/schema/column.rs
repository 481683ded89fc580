//! Columns: what they hold, where the wire shows them, and the words in which tables declare them.

use sea_query::Value;
use sixplay_core::KeyColumn;

use super::TableSchema;

/// A column of a table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ColumnSchema {
    /// The column's name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Where the wire object shows it.
    pub wire: WireExposure,
    /// Whether null is refused.
    pub required: bool,
    /// The value of a row that is inserted without one.
    pub default: Option<i64>,
    /// The table to whose first key column this one refers.
    pub parent: Option<&'static TableSchema>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// A 64-bit integer.
    Int,
    /// 0 or 1; `true` or `false` on the wire.
    Bool,
    /// A 64-bit floating-point number.
    Real,
    /// A string of at most so many characters.
    Code(u32),
    /// A text of up to 65,000 bytes.
    Text,
    /// Unix time in microseconds; local time of Paris on the wire.
    Instant,
    /// JSON, as text, that nothing interprets.
    Json,
}

/// Where the wire object shows a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireExposure {
    /// Nowhere by itself.
    Hidden,
    /// Always, null included.
    Always,
    /// When it is not null.
    Filled,
    /// In a program's detail, when it is not null.
    Detail,
}

impl ColumnSchema {
    const fn new(name: &'static str, kind: ColumnKind) -> Self {
        Self {
            name,
            kind,
            wire: WireExposure::Always,
            required: false,
            default: None,
            parent: None,
        }
    }

    pub(super) const fn hidden(mut self) -> Self {
        self.wire = WireExposure::Hidden;
        self
    }

    pub(super) const fn filled(mut self) -> Self {
        self.wire = WireExposure::Filled;
        self
    }

    pub(super) const fn detail(mut self) -> Self {
        self.wire = WireExposure::Detail;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn preset(mut self, value: i64) -> Self {
        self.required = true;
        self.default = Some(value);
        self
    }

    /// Refers to another table; such columns are shown as objects or not at all, never as they are.
    pub(super) const fn to(mut self, parent: &'static TableSchema) -> Self {
        self.parent = Some(parent);
        self.hidden()
    }

    /// The null of the column's type.
    pub fn null(&self) -> Value {
        match self.kind {
            ColumnKind::Int | ColumnKind::Bool | ColumnKind::Instant => Value::BigInt(None),
            ColumnKind::Real => Value::Double(None),
            ColumnKind::Code(_) | ColumnKind::Text | ColumnKind::Json => Value::String(None),
        }
    }

    /// The column as change capture logs it.
    pub(crate) fn key_column(&self) -> KeyColumn {
        match self.kind {
            ColumnKind::Code(_) | ColumnKind::Text => KeyColumn::Text(self.name),
            _ => KeyColumn::Int(self.name),
        }
    }
}

pub(super) const fn int(name: &'static str) -> ColumnSchema {
    ColumnSchema::new(name, ColumnKind::Int)
}

pub(super) const fn flag(name: &'static str) -> ColumnSchema {
    ColumnSchema::new(name, ColumnKind::Bool)
}

pub(super) const fn real(name: &'static str) -> ColumnSchema {
    ColumnSchema::new(name, ColumnKind::Real)
}

pub(super) const fn code(name: &'static str) -> ColumnSchema {
    ColumnSchema::new(name, ColumnKind::Code(64))
}

pub(super) const fn line(name: &'static str) -> ColumnSchema {
    ColumnSchema::new(name, ColumnKind::Code(255))
}

pub(super) const fn text(name: &'static str) -> ColumnSchema {
    ColumnSchema::new(name, ColumnKind::Text)
}

pub(super) const fn instant(name: &'static str) -> ColumnSchema {
    ColumnSchema::new(name, ColumnKind::Instant)
}

pub(super) const fn json(name: &'static str) -> ColumnSchema {
    ColumnSchema::new(name, ColumnKind::Json)
}

/// A place within a list.
pub(super) const fn position() -> ColumnSchema {
    int("position").hidden().required()
}

/// The switch of the back office, on unless a row says otherwise.
pub(super) const fn enabled() -> ColumnSchema {
    flag("enabled").hidden().preset(1)
}

/// What the wire object holds beyond the columns.
pub(super) const fn extra() -> ColumnSchema {
    json("extra").hidden()
}
