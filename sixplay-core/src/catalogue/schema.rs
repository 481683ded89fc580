//! How a table is declared: one list of columns serves the schema, loading, rendering, import and
//! export.

use sea_query::Value;

/// A table; its columns name the keys of the wire object it becomes.
pub(super) struct Table {
    pub name: &'static str,
    /// How many of the first columns make the primary key.
    pub primary: usize,
    pub columns: &'static [Column],
}

#[derive(Clone, Copy)]
pub(super) struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub wire: Wire,
    pub required: bool,
    pub default: Option<i64>,
    /// The table whose first primary column this one refers to.
    pub to: Option<&'static str>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    /// 0 or 1; `true` or `false` on the wire.
    Bool,
    Real,
    /// A string of at most so many characters.
    Code(u32),
    Text,
    /// Microseconds since the epoch; local time of Paris on the wire.
    Instant,
    /// JSON that nothing interprets.
    Json,
}

/// Where the wire object shows a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// Nowhere by itself.
    Hidden,
    /// Always, null included.
    Always,
    /// When it is not null.
    Filled,
    /// In a program's detail, when it is not null.
    Detail,
}

const fn column(name: &'static str, kind: Kind) -> Column {
    Column {
        name,
        kind,
        wire: Wire::Always,
        required: false,
        default: None,
        to: None,
    }
}

pub(super) const fn int(name: &'static str) -> Column {
    column(name, Kind::Int)
}

pub(super) const fn bool(name: &'static str) -> Column {
    column(name, Kind::Bool)
}

pub(super) const fn real(name: &'static str) -> Column {
    column(name, Kind::Real)
}

pub(super) const fn code(name: &'static str) -> Column {
    column(name, Kind::Code(64))
}

pub(super) const fn line(name: &'static str) -> Column {
    column(name, Kind::Code(255))
}

pub(super) const fn text(name: &'static str) -> Column {
    column(name, Kind::Text)
}

pub(super) const fn instant(name: &'static str) -> Column {
    column(name, Kind::Instant)
}

pub(super) const fn json(name: &'static str) -> Column {
    column(name, Kind::Json)
}

/// A position within a list.
pub(super) const fn position() -> Column {
    column("position", Kind::Int).hidden().required()
}

/// Switch of the back office.
pub(super) const fn enabled() -> Column {
    column("enabled", Kind::Bool).hidden().preset(1)
}

/// What the wire object holds beyond the columns.
pub(super) const fn extra() -> Column {
    column("extra", Kind::Json).hidden()
}

impl Column {
    pub const fn hidden(mut self) -> Self {
        self.wire = Wire::Hidden;
        self
    }

    pub const fn filled(mut self) -> Self {
        self.wire = Wire::Filled;
        self
    }

    pub const fn detail(mut self) -> Self {
        self.wire = Wire::Detail;
        self
    }

    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub const fn preset(mut self, value: i64) -> Self {
        self.required = true;
        self.default = Some(value);
        self
    }

    /// Refers to another table; such columns are shown as objects or not at all, never as they are.
    pub const fn to(mut self, table: &'static str) -> Self {
        self.to = Some(table);
        self.hidden()
    }

    pub fn null(&self) -> Value {
        match self.kind {
            Kind::Int | Kind::Bool | Kind::Instant => Value::BigInt(None),
            Kind::Real => Value::Double(None),
            Kind::Code(_) | Kind::Text | Kind::Json => Value::String(None),
        }
    }
}

impl Table {
    pub fn key(&self) -> &'static [Column] {
        self.columns.get(..self.primary).unwrap_or_default()
    }

    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}
