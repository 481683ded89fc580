//! Documents by id, pages and values.

use serde_json::value::RawValue;
use sixplay_core::{Result, Row, sea_query::Value as SqlValue};

use super::{
    IndexReader, counted, json_value, raw_json,
    shape::{IndexShape, SlotKind},
    sql::{MatchingSql, invalid_search},
};
use crate::{Page, Query, Sort};

impl IndexReader {
    /// The documents with these ids, in their order, with their gaps.
    pub(super) async fn get_documents(
        &mut self,
        ids: &[&str],
    ) -> Result<Vec<Option<Box<RawValue>>>> {
        let table = self.shape.documents_table();
        let sql = format!(
            "SELECT d.body FROM json_each(?) j LEFT JOIN {table} d ON d.id = j.value ORDER BY j.key"
        );
        let rows = self.fetch(&sql, vec![json_value(&ids)?]).await?;
        rows.iter().map(|row| raw_json(row, "body")).collect()
    }

    /// One page, and the total of what is on all of them.
    pub(super) async fn search_page(&mut self, query: &Query) -> Result<Page> {
        let keys = sort_keys(&self.shape, query)?;
        let matching = self.matching(query).await?;
        let (sql, values) = page_statement(&matching, &keys, query);
        let rows = self.fetch(&sql, values).await?;
        let total = match rows.as_slice() {
            // nothing of the page says nothing of what is before it
            [] => self.count_matching(matching).await?,
            rows => counted(rows, "total")?,
        };
        let documents = self.documents_of(&rows).await?;
        Ok(Page { documents, total })
    }

    /// The total alone.
    async fn count_matching(&mut self, matching: MatchingSql) -> Result<u64> {
        let sql = format!("SELECT count(*) AS total {}", matching.text);
        counted(&self.fetch(&sql, matching.values).await?, "total")
    }

    /// The bodies of the documents whose numbers the rows have, in the rows' order.
    async fn documents_of(&mut self, rows: &[Row]) -> Result<Vec<Box<RawValue>>> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let numbers = rows.iter().map(|row| row.int("num"));
        let numbers = json_value(&numbers.collect::<Result<Vec<_>>>()?)?;
        let table = self.shape.documents_table();
        let sql = format!(
            "SELECT d.body FROM json_each(?) j JOIN {table} d ON d.num = j.value ORDER BY j.key"
        );
        let rows = self.fetch(&sql, vec![numbers]).await?;
        let bodies = rows.iter().map(|row| raw_json(row, "body"));
        bodies.filter_map(Result::transpose).collect()
    }

    /// Distinct values, skipping from one to the next.
    pub(super) async fn list_values(
        &mut self,
        field: &str,
        query: &Query,
        limit: u64,
    ) -> Result<Vec<String>> {
        let shape = self.shape.clone();
        let Some((number, slot)) = shape.root().slot_of(field) else {
            return Ok(Vec::new());
        };
        if slot.kind != SlotKind::Keyword {
            let message = "only keyword fields have values to list";
            return Err(invalid_search(message, field));
        }
        let (exists, mut values) = self.value_condition(query).await?;
        let (terms, limit) = (shape.terms_table(0), bind_count(&mut values, limit));
        let sql = format!(
            "SELECT DISTINCT v.term AS value FROM {terms} v
             WHERE v.field = {number} AND {exists} ORDER BY v.term LIMIT {limit}"
        );
        let rows = self.fetch(&sql, values).await?;
        rows.iter().map(|row| row.text("value")).collect()
    }

    /// Whether the query finds the document of a term `v`; when it finds all of them, none is
    /// looked at.
    async fn value_condition(&mut self, query: &Query) -> Result<(String, Vec<SqlValue>)> {
        if query.filters.is_empty() && query.text.is_none() {
            return Ok(("1".to_owned(), Vec::new()));
        }
        let MatchingSql { text, values, .. } = self.matching(query).await?;
        let exists = format!("EXISTS (SELECT 1 {text} AND r.num = v.num)");
        Ok((exists, values))
    }
}

/// The numbers of the page's documents, each with the total: the filters run once for both. All
/// pages of a list are one statement.
fn page_statement(
    matching: &MatchingSql,
    keys: &[SortKey],
    query: &Query,
) -> (String, Vec<SqlValue>) {
    let (mut columns, mut order) = (String::new(), String::new());
    for (position, SortKey { column, direction }) in keys.iter().enumerate() {
        columns += &format!(", r.{column} AS k{position}");
        order += &format!("k{position} {direction} NULLS LAST, ");
    }
    let mut values = matching.values.clone();
    let limit = bind_count(&mut values, query.limit);
    let offset = bind_count(&mut values, query.offset);
    let sql = format!(
        "WITH hit AS MATERIALIZED (SELECT r.num{columns} {})
         SELECT num, (SELECT count(*) FROM hit) AS total FROM hit
         ORDER BY {order} num LIMIT {limit} OFFSET {offset}",
        matching.text
    );
    (sql, values)
}

/// The placeholder of a number of rows, which is bound from now on.
fn bind_count(values: &mut Vec<SqlValue>, count: u64) -> String {
    values.push(i64::try_from(count).unwrap_or(i64::MAX).into());
    format!("?{}", values.len())
}

/// A column to sort by.
struct SortKey {
    column: String,
    direction: &'static str,
}

impl SortKey {
    /// The key of a field; of several values the least counts, descending the greatest.
    fn of_field(shape: &IndexShape, field: &str, descending: bool) -> Option<Self> {
        let (number, slot) = shape.root().slot_of(field)?;
        let sortable = matches!(slot.kind, SlotKind::Keyword | SlotKind::Long);
        let (end, direction) = if descending {
            ('b', "DESC")
        } else {
            ('a', "ASC")
        };
        let column = format!("{end}{number}");
        sortable.then_some(Self { column, direction })
    }

    /// The key of a field that the query names.
    fn require_field(shape: &IndexShape, Sort { field, descending }: &Sort) -> Result<Self> {
        let message = "only keyword and long fields of the mapping can be sorted by";
        Self::of_field(shape, field, *descending).ok_or_else(|| invalid_search(message, field))
    }
}

/// The keys of the query; ties go by the field `id`.
fn sort_keys(shape: &IndexShape, query: &Query) -> Result<Vec<SortKey>> {
    let keys = query
        .sort
        .iter()
        .map(|sort| SortKey::require_field(shape, sort));
    let ties = SortKey::of_field(shape, "id", false).map(Ok);
    keys.chain(ties).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sixplay_core::Field;

    use super::*;
    use crate::Filter;

    #[test]
    fn all_pages_of_a_list_are_one_statement() {
        let fields = [Field::keyword("id"), Field::long("batch")];
        let shape = Arc::new(IndexShape::from_fields(&fields));
        let statement = |limit, offset, batch| {
            let query = Query::new(limit).offset(offset);
            let query = query.filter(Filter::at_most("batch", batch));
            let mut matching = MatchingSql::every_document(shape.clone());
            matching.text += " AND ";
            matching.push_filter(0, &query.filters[0]).unwrap();
            page_statement(&matching, &sort_keys(&shape, &query).unwrap(), &query)
        };
        let (first, values) = statement(20, 0, 7);
        assert_eq!(values, [7i64.into(), 20i64.into(), 0i64.into()]);
        let (last, values) = statement(3, 9_980, 8);
        assert_eq!(values, [8i64.into(), 3i64.into(), 9_980i64.into()]);
        assert_eq!(first, last);
        let (_, values) = statement(u64::MAX, u64::MAX, 0);
        assert_eq!(values[1..], [i64::MAX.into(), i64::MAX.into()]);
    }
}
