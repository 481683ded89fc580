//! Filters as SQL conditions.

use sixplay_core::Result;

use super::{
    shape::{SPAN, SlotKind},
    sql::{MatchingSql, invalid_search},
};
use crate::{Filter, Value};

/// What stands for a condition on a field that the mapping lacks.
const NEVER: &str = "0";

impl MatchingSql {
    /// Adds the filter's condition on a row of `scope`; null is as good as false.
    pub(super) fn push_filter(&mut self, scope: usize, filter: &Filter) -> Result<()> {
        match filter {
            Filter::Term(field, value) => {
                self.push_any_of(scope, field, std::slice::from_ref(value))
            }
            Filter::Terms(field, values) => self.push_any_of(scope, field, values),
            Filter::AtMost(field, bound) => self.push_range(scope, field, "a", "<=", *bound),
            Filter::Below(field, bound) => self.push_range(scope, field, "a", "<", *bound),
            Filter::AtLeast(field, bound) => self.push_range(scope, field, "b", ">=", *bound),
            Filter::Above(field, bound) => self.push_range(scope, field, "b", ">", *bound),
            Filter::Nested(path, filters) => self.push_nested(scope, path, filters),
            Filter::Not(inner) => self.push_negation(scope, inner),
            Filter::MissingOr(inner) => self.push_missing_or(scope, inner),
        }
    }

    /// The filter does not hold, or compares with nothing.
    fn push_negation(&mut self, scope: usize, filter: &Filter) -> Result<()> {
        // `NOT` would keep null
        self.text += "CASE WHEN ";
        self.push_filter(scope, filter)?;
        self.text += " THEN 0 ELSE 1 END";
        Ok(())
    }

    /// The filter's field has no value, or the filter holds.
    fn push_missing_or(&mut self, scope: usize, filter: &Filter) -> Result<()> {
        self.text += "(NOT ";
        self.push_presence(scope, filter.field());
        self.text += " OR ";
        self.push_filter(scope, filter)?;
        self.text += ")";
        Ok(())
    }

    /// The slot of a field; one that the mapping lacks, or that has no values to compare with, is a
    /// condition that never holds.
    fn slot_or_never(&mut self, scope: usize, field: &str) -> Option<(usize, SlotKind)> {
        let slot = self.shape.scopes[scope].slot_of(field);
        let slot = slot.filter(|(_, slot)| slot.kind.is_searchable());
        if slot.is_none() {
            self.text += NEVER;
        }
        slot.map(|(number, slot)| (number, slot.kind))
    }

    /// One of `values` is a value of the field.
    fn push_any_of(&mut self, scope: usize, field: &str, values: &[Value]) -> Result<()> {
        let Some((number, kind)) = self.slot_or_never(scope, field) else {
            return Ok(());
        };
        let values = values.iter().map(|value| fit_value(kind, field, value));
        self.push_terms(scope, number, &values.collect::<Result<Vec<_>>>()?);
        Ok(())
    }

    /// The row answers for its least and greatest value; only fields of more values need their
    /// terms.
    pub(super) fn push_terms(&mut self, scope: usize, field: usize, values: &[Value]) {
        let (row, table) = (row_alias(scope), self.shape.terms_table(scope));
        let (least, greatest) = (format!("{row}.a{field}"), format!("{row}.b{field}"));
        let list: Vec<String> = values.iter().map(|value| self.bind_value(value)).collect();
        let list = list.join(", ");
        let between = format!(
            "EXISTS (SELECT 1 FROM {table} t \
             WHERE t.num = {row}.num AND t.field = {field} AND t.term IN ({list}))"
        );
        self.text += &match values {
            // most rows are outside of the bounds: that is found out first
            [_] => format!(
                "({least} <= {list} AND {greatest} >= {list} \
                 AND ({least} = {list} OR {greatest} = {list} OR {between}))"
            ),
            _ => format!(
                "({least} IN ({list}) OR {greatest} IN ({list}) \
                 OR ({least} <> {greatest} AND {between}))"
            ),
        };
    }

    /// `end` is the column to compare: `a` has the least value, `b` the greatest.
    fn push_range(
        &mut self,
        scope: usize,
        field: &str,
        end: &str,
        comparison: &str,
        value: i64,
    ) -> Result<()> {
        let Some((number, kind)) = self.slot_or_never(scope, field) else {
            return Ok(());
        };
        if kind != SlotKind::Long {
            return Err(invalid_search("only long fields have ranges", field));
        }
        let (row, value) = (row_alias(scope), self.bind_value(&Value::Long(value)));
        self.text += &format!("{row}.{end}{number} {comparison} {value}");
        Ok(())
    }

    /// The field has a value.
    fn push_presence(&mut self, scope: usize, field: &str) {
        let row = row_alias(scope);
        let slot = self.shape.scopes[scope].slot_of(field);
        self.text += &match slot.map(|(number, slot)| (number, slot.kind)) {
            Some((_, SlotKind::Nested(nested))) => format!("EXISTS ({})", self.objects_of(nested)),
            Some((number, kind)) if kind.is_searchable() => format!("{row}.a{number} IS NOT NULL"),
            _ => NEVER.to_owned(),
        };
    }

    /// All filters hold for one of the field's objects.
    fn push_nested(&mut self, scope: usize, path: &str, filters: &[Filter]) -> Result<()> {
        let nested = self.require_nested(scope, path)?;
        self.text += &format!("EXISTS ({}", self.objects_of(nested));
        for filter in filters {
            self.text += " AND ";
            self.push_filter(nested, filter)?;
        }
        self.text += ")";
        Ok(())
    }

    /// The scope of the field's objects.
    fn require_nested(&self, scope: usize, path: &str) -> Result<usize> {
        match self.shape.scopes[scope].slot_of(path) {
            Some((_, slot)) => match slot.kind {
                SlotKind::Nested(nested) => Ok(nested),
                _ => Err(invalid_search("this field is not nested", path)),
            },
            None => {
                let message = "the mapping has no such nested field";
                Err(invalid_search(message, path))
            }
        }
    }

    /// The document's objects of a nested field.
    fn objects_of(&self, nested: usize) -> String {
        let table = self.shape.objects_table(nested);
        format!(
            "SELECT 1 FROM {table} o WHERE o.num >= r.num * {SPAN} AND o.num < (r.num + 1) * {SPAN}"
        )
    }
}

/// What the row of a scope is called in the statement.
fn row_alias(scope: usize) -> char {
    if scope == 0 { 'r' } else { 'o' }
}

/// The value as a field of that kind holds it.
pub(super) fn fit_value(kind: SlotKind, field: &str, value: &Value) -> Result<Value> {
    match (kind, value) {
        (SlotKind::Long, Value::Text(text)) => {
            let refused = |_| invalid_search("the field holds integers", field);
            text.parse().map(Value::Long).map_err(refused)
        }
        (SlotKind::Keyword | SlotKind::French, Value::Long(long)) => {
            Ok(Value::Text(long.to_string()))
        }
        (_, value) => Ok(value.clone()),
    }
}
