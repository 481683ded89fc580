//! `FROM` and `WHERE` of the documents that a query finds, beginning with its rarest term.

use sixplay_core::Result;

use super::{
    IndexReader,
    analysis::analyze_french,
    condition::fit_value,
    shape::{IndexShape, SlotKind},
    sql::{MatchingSql, sql_value},
};
use crate::{Filter, Query, Text, Value};

/// Beyond so many documents, reading all rows is faster than looking each up.
const FEW: i64 = 5_000;

/// A term that a document must have.
#[derive(Clone)]
struct RequiredTerm {
    field: usize,
    value: Value,
}

impl IndexReader {
    /// The documents for which all filters of `query` hold and in which all its words occur.
    pub(super) async fn matching(&mut self, query: &Query) -> Result<MatchingSql> {
        let words = query.text.as_ref().map(|text| words_of(&self.shape, text));
        let mut sql = MatchingSql::every_document(self.shape.clone());
        if words.as_ref().is_some_and(Vec::is_empty) {
            sql.text += " AND 0";
        }
        let words = words.unwrap_or_default();
        let terms = query.filters.iter();
        let terms = terms.filter_map(|filter| term_of(&self.shape, filter));
        let terms: Vec<RequiredTerm> = terms.chain(words.iter().cloned()).collect();
        if let Some(term) = self.rarest_term_of(&terms).await? {
            sql.push_rarest(term);
        }
        sql.push_conditions(&words, &query.filters)?;
        Ok(sql)
    }

    /// The term with the fewest documents, if they are few.
    async fn rarest_term_of<'t>(
        &mut self,
        terms: &'t [RequiredTerm],
    ) -> Result<Option<&'t RequiredTerm>> {
        if terms.is_empty() {
            return Ok(None);
        }
        let counts = self.count_documents_with(terms).await?.into_iter();
        let rarest = counts.zip(terms).min_by_key(|(count, _)| *count);
        let rarest = rarest.filter(|(count, _)| *count < FEW);
        Ok(rarest.map(|(_, term)| term))
    }

    /// How many documents each term has, none more than [`FEW`].
    async fn count_documents_with(&mut self, terms: &[RequiredTerm]) -> Result<Vec<i64>> {
        let table = self.shape.terms_table(0);
        let count = |RequiredTerm { field, .. }: &RequiredTerm| {
            let found = format!("SELECT 1 FROM {table} WHERE field = {field} AND term = ?");
            format!("SELECT count(*) AS few FROM ({found} LIMIT {FEW})")
        };
        let counts: Vec<String> = terms.iter().map(count).collect();
        let values = terms.iter().map(|term| sql_value(&term.value)).collect();
        let rows = self.fetch(&counts.join(" UNION ALL "), values).await?;
        rows.iter().map(|row| row.int("few")).collect()
    }
}

impl MatchingSql {
    /// Narrows the search to the documents that have the term, found by its index.
    fn push_rarest(&mut self, term: &RequiredTerm) {
        let value = self.bind_value(&term.value);
        let (table, field) = (self.shape.terms_table(0), term.field);
        self.text += &format!(
            " AND r.num IN (SELECT num FROM {table} WHERE field = {field} AND term = {value})"
        );
    }

    /// Adds what must hold of each document.
    fn push_conditions(&mut self, words: &[RequiredTerm], filters: &[Filter]) -> Result<()> {
        for word in words {
            self.text += " AND ";
            self.push_terms(0, word.field, std::slice::from_ref(&word.value));
        }
        for filter in filters {
            self.text += " AND ";
            self.push_filter(0, filter)?;
        }
        Ok(())
    }
}

/// The words of a text search; none when the field is not French text.
fn words_of(shape: &IndexShape, text: &Text) -> Vec<RequiredTerm> {
    let slot = shape.root().slot_of(&text.field);
    let Some((field, _)) = slot.filter(|(_, slot)| slot.kind == SlotKind::French) else {
        return Vec::new();
    };
    let words = analyze_french(&text.query).into_iter().map(Value::Text);
    words.map(|value| RequiredTerm { field, value }).collect()
}

/// The term without which the filter does not hold.
fn term_of(shape: &IndexShape, filter: &Filter) -> Option<RequiredTerm> {
    let Filter::Term(name, value) = filter else {
        return None;
    };
    let slot = shape.root().slot_of(name);
    let (field, slot) = slot.filter(|(_, slot)| slot.kind.is_searchable())?;
    let value = fit_value(slot.kind, name, value).ok()?;
    Some(RequiredTerm { field, value })
}
