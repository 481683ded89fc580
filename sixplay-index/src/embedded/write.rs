//! Applies operations within one transaction.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use sixplay_core::{Result, Transaction, sea_query::Value as SqlValue};

use super::{
    extract::ObjectValues,
    json_value,
    shape::{IndexShape, span_of},
};
use crate::{Outcome, Value, stored::CheckedOperation};

/// Writes to the tables of one index.
///
/// Documents are stored one by one, as each version is compared with what is there. Their objects
/// are kept until the end and written to the other tables at once, by a few statements a scope.
pub(super) struct IndexWriter<'a> {
    transaction: &'a mut Transaction,
    shape: &'a IndexShape,
    /// The objects of each stored document, by the document's number.
    objects: BTreeMap<i64, Vec<ObjectValues>>,
}

impl<'a> IndexWriter<'a> {
    /// A writer that has stored nothing yet.
    pub(super) fn new(transaction: &'a mut Transaction, shape: &'a IndexShape) -> Self {
        Self {
            transaction,
            shape,
            objects: BTreeMap::new(),
        }
    }

    /// Writes all operations that the mapping takes, in their order.
    pub(super) async fn apply(
        mut self,
        operations: &[CheckedOperation<'_>],
    ) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(operations.len());
        for operation in operations {
            outcomes.push(self.write_document(operation).await?);
        }
        if !self.objects.is_empty() {
            for scope in 0..self.shape.scopes.len() {
                self.delete_rows(scope).await?;
                self.insert_objects(scope).await?;
                self.insert_terms(scope).await?;
            }
        }
        Ok(outcomes)
    }

    /// Stores one document unless the mapping refuses it or a newer version is known.
    async fn write_document(&mut self, operation: &CheckedOperation<'_>) -> Result<Outcome> {
        let document = operation.document.as_ref();
        let objects = document.map_or(Ok(Vec::new()), |document| self.shape.take_apart(document));
        let objects = match objects {
            Ok(objects) => objects,
            Err(reason) => return Ok(Outcome::rejected(reason)),
        };
        let Some(number) = self.store_newest(operation).await? else {
            return Ok(Outcome::Superseded);
        };
        self.objects.insert(number, objects);
        Ok(Outcome::Done)
    }

    /// Stores version and body unless the known version is newer; answers the document's number if
    /// it did.
    async fn store_newest(&mut self, operation: &CheckedOperation<'_>) -> Result<Option<i64>> {
        let table = self.shape.documents_table();
        let sql = format!(
            "INSERT INTO {table}(id, version, body) VALUES (?, ?, ?)
             ON CONFLICT(id) DO UPDATE SET version = excluded.version, body = excluded.body
             WHERE excluded.version >= {table}.version RETURNING num"
        );
        let body = match &operation.document {
            Some(document) => json_value(document)?,
            None => SqlValue::String(None),
        };
        let values = vec![operation.id.into(), operation.version.into(), body];
        let rows = self.transaction.fetch_sql(&sql, values).await?;
        rows.first().map(|row| row.int("num")).transpose()
    }

    /// Deletes what the documents had in one scope, terms first: they are found by the objects.
    async fn delete_rows(&mut self, scope: usize) -> Result<()> {
        let (objects, span) = (self.shape.objects_table(scope), span_of(scope));
        let documents = json_value(&self.objects.keys().collect::<Vec<_>>())?;
        for table in [self.shape.terms_table(scope), objects.clone()] {
            let sql = format!(
                "DELETE FROM {table} WHERE num IN (
                     SELECT s.num FROM json_each(?) j JOIN {objects} s
                     ON s.num >= j.value * {span} AND s.num < (j.value + 1) * {span})"
            );
            let documents = vec![documents.clone()];
            self.transaction.execute_sql(&sql, documents).await?;
        }
        Ok(())
    }

    /// Inserts the least and greatest values of the documents' objects in one scope.
    async fn insert_objects(&mut self, scope: usize) -> Result<()> {
        let fields = &self.shape.scopes[scope];
        let columns: Vec<usize> = fields.column_numbers().collect();
        let objects = self.numbered_objects(scope);
        let rows = objects.map(|(number, object)| object.to_row(number, &columns));
        let rows = json_value(&rows.collect::<Vec<_>>())?;
        let table = self.shape.objects_table(scope);
        let table = format!("{table}(num{})", fields.column_list());
        self.insert_rows(&table, 1 + columns.len() * 2, rows).await
    }

    /// Inserts the values of the documents' objects in one scope that the objects' rows lack.
    async fn insert_terms(&mut self, scope: usize) -> Result<()> {
        let objects = self.numbered_objects(scope);
        let terms = objects.flat_map(|(number, object)| object.to_terms(number));
        let rows = json_value(&terms.collect::<Vec<_>>())?;
        let table = self.shape.terms_table(scope);
        let table = format!("{table}(field, term, num)");
        self.insert_rows(&table, 3, rows).await
    }

    /// The objects of one scope, each with its row number.
    fn numbered_objects(&self, scope: usize) -> impl Iterator<Item = (i64, &ObjectValues)> {
        self.objects.iter().flat_map(move |(document, objects)| {
            let objects = objects.iter().filter(move |object| object.scope == scope);
            (*document * span_of(scope)..).zip(objects)
        })
    }

    /// One statement, always the same, for any number of rows.
    async fn insert_rows(&mut self, table: &str, width: usize, rows: SqlValue) -> Result<()> {
        let column = |column| format!("json_extract(value, '$[{column}]')");
        let columns: Vec<String> = (0..width).map(column).collect();
        let columns = columns.join(", ");
        let sql = format!("INSERT INTO {table} SELECT {columns} FROM json_each(?)");
        self.transaction.execute_sql(&sql, vec![rows]).await?;
        Ok(())
    }
}

impl ObjectValues {
    /// The number, then the least and the greatest value of each field.
    fn to_row(&self, number: i64, columns: &[usize]) -> Vec<Json> {
        let mut row = vec![Json::from(number)];
        for field in columns {
            let values = self.values.get(field);
            let values = values.map(Vec::as_slice).unwrap_or_default();
            row.extend([values.first(), values.last()].map(json_of));
        }
        row
    }

    /// Field, value and number for each value by which the object is found.
    fn to_terms(&self, number: i64) -> impl Iterator<Item = (usize, &Value, i64)> {
        let fields = self.values.iter();
        fields.flat_map(move |(field, values)| {
            let terms = self.terms_among(values).iter();
            terms.map(move |term| (*field, term, number))
        })
    }

    /// Documents are found by all their values; of a nested object the row itself has the least and
    /// the greatest.
    fn terms_among<'v>(&self, values: &'v [Value]) -> &'v [Value] {
        match values {
            values if self.scope == 0 => values,
            [_, between @ .., _] => between,
            _ => &[],
        }
    }
}

fn json_of(value: Option<&Value>) -> Json {
    match value {
        Some(Value::Text(text)) => text.as_str().into(),
        Some(Value::Long(long)) => (*long).into(),
        None => Json::Null,
    }
}
