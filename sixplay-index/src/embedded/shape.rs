//! How a mapping is laid out in tables.

use serde::{Deserialize, Serialize};
use sixplay_core::{Field, FieldKind};

/// The objects of a document take this many row numbers of each nested scope.
pub(super) const SPAN: i64 = 1 << 14;

/// The scopes of an index: first the documents themselves, then the objects of each nested field.
///
/// Kept as JSON with the index; its names are the format of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct IndexShape {
    /// The index's number, which names its tables.
    #[serde(default)]
    pub number: i64,
    pub scopes: Vec<FieldScope>,
}

/// The fields of documents or of nested objects; a field's position is its number.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct FieldScope {
    pub fields: Vec<Slot>,
}

/// A field's place in its scope.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Slot {
    pub name: String,
    pub kind: SlotKind,
}

/// How a field's values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SlotKind {
    Keyword,
    Long,
    French,
    Stored,
    /// The scope of the field's objects.
    Nested(usize),
}

impl IndexShape {
    /// The layout of a mapping's fields.
    pub(super) fn from_fields(fields: &[Field]) -> Self {
        let mut scopes = vec![FieldScope::default()];
        for field in fields {
            let slot = Slot::from_field(field, &mut scopes);
            scopes[0].fields.push(slot);
        }
        Self { number: 0, scopes }
    }

    /// The fields of the documents themselves.
    pub(super) fn root(&self) -> &FieldScope {
        &self.scopes[0]
    }

    /// The table of ids, versions and bodies.
    pub(super) fn documents_table(&self) -> String {
        format!("sixplay_index_d{}", self.number)
    }

    /// The table of a scope's objects, with their least and greatest values.
    pub(super) fn objects_table(&self, scope: usize) -> String {
        format!("sixplay_index_s{}_{scope}", self.number)
    }

    /// The table of all values of a scope's objects.
    pub(super) fn terms_table(&self, scope: usize) -> String {
        format!("sixplay_index_t{}_{scope}", self.number)
    }
}

impl FieldScope {
    /// The field's number and layout.
    pub(super) fn slot_of(&self, name: &str) -> Option<(usize, &Slot)> {
        let mut slots = self.fields.iter().enumerate();
        slots.find(|(_, slot)| slot.name == name)
    }

    /// The numbers of the fields that have columns: `a…` for the least, `b…` for the greatest
    /// value.
    pub(super) fn column_numbers(&self) -> impl Iterator<Item = usize> {
        let slots = self.fields.iter().enumerate();
        slots
            .filter(|(_, slot)| slot.kind.is_searchable())
            .map(|(number, _)| number)
    }

    /// The columns as they follow the number in a list.
    pub(super) fn column_list(&self) -> String {
        let columns = |field| format!(", a{field}, b{field}");
        self.column_numbers().map(columns).collect()
    }
}

impl Slot {
    /// The slot of `field`; that of a nested field comes with a new scope.
    fn from_field(field: &Field, scopes: &mut Vec<FieldScope>) -> Self {
        let name = field.name.to_owned();
        let kind = match &field.kind {
            FieldKind::Keyword => SlotKind::Keyword,
            FieldKind::Long => SlotKind::Long,
            FieldKind::French => SlotKind::French,
            FieldKind::Nested(inner) => {
                let slots = inner.iter().map(|field| Self::from_field(field, scopes));
                let fields = slots.collect();
                scopes.push(FieldScope { fields });
                SlotKind::Nested(scopes.len() - 1)
            }
            _ => SlotKind::Stored,
        };
        Self { name, kind }
    }
}

impl SlotKind {
    /// Whether the field has columns and terms.
    pub(super) fn is_searchable(self) -> bool {
        matches!(self, Self::Keyword | Self::Long | Self::French)
    }
}

/// The row numbers of a document's objects are `number * span` and those after.
pub(super) fn span_of(scope: usize) -> i64 {
    if scope == 0 { 1 } else { SPAN }
}
