//! Filters, order and pages as SQL.

use serde_json::value::RawValue;
use sixplay_core::{Error, Result, store::Transaction};

use super::{
    analysis::analyze,
    json, raw,
    shape::{Kind, SPAN, Shape},
};
use crate::{Filter, Page, Query, Text, Value};

pub(super) async fn get(
    tx: &mut Transaction,
    shape: &Shape,
    ids: &[&str],
) -> Result<Vec<Option<Box<RawValue>>>> {
    let table = shape.documents();
    let sql = format!(
        "SELECT d.body FROM json_each(?) j LEFT JOIN {table} d ON d.id = j.value ORDER BY j.key"
    );
    let rows = tx.fetch_sql(&sql, vec![json(&ids)?]).await?;
    rows.iter().map(|row| raw(row, "body")).collect()
}

pub(super) async fn search(tx: &mut Transaction, shape: &Shape, query: &Query) -> Result<Page> {
    let keys = keys(shape, query)?;
    let mut sql = Sql::new(shape);
    sql.matching(tx, &query.conditions(), query.text.as_ref())
        .await?;
    let columns: String = keys
        .iter()
        .enumerate()
        .map(|(position, (column, _))| format!(", r.{column} AS k{position}"))
        .collect();
    let order: String = keys
        .iter()
        .enumerate()
        .map(|(position, (_, direction))| format!("k{position} {direction} NULLS LAST, "))
        .collect();
    // the filters run once, for the page and the total
    let page = format!(
        "WITH hit AS MATERIALIZED (SELECT r.num{columns} {}) SELECT num, (SELECT count(*) FROM hit) AS total FROM hit
         ORDER BY {order} num LIMIT {} OFFSET {}",
        sql.text, query.limit, query.offset
    );
    let rows = tx.fetch_sql(&page, sql.values.clone()).await?;
    let numbers = rows
        .iter()
        .map(|row| row.int("num"))
        .collect::<Result<Vec<_>>>()?;
    let total = match rows.first() {
        Some(row) => row.int("total")?.unsigned_abs(),
        // nothing of the page says nothing of what is before it
        None => sql.count(tx).await?,
    };
    Ok(Page {
        documents: bodies(tx, shape, &numbers).await?,
        total,
    })
}

async fn bodies(
    tx: &mut Transaction,
    shape: &Shape,
    numbers: &[i64],
) -> Result<Vec<Box<RawValue>>> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT d.body FROM json_each(?) j JOIN {} d ON d.num = j.value ORDER BY j.key",
        shape.documents()
    );
    let rows = tx.fetch_sql(&sql, vec![json(&numbers)?]).await?;
    rows.iter()
        .filter_map(|row| raw(row, "body").transpose())
        .collect()
}

pub(super) async fn values(
    tx: &mut Transaction,
    shape: &Shape,
    field: &str,
    filters: &[Filter],
    limit: u64,
) -> Result<Vec<String>> {
    let Some((number, slot)) = shape.scopes[0].slot(field) else {
        return Ok(Vec::new());
    };
    if slot.kind != Kind::Keyword {
        return Err(invalid("only keyword fields have values to list", field));
    }
    let mut sql = Sql::new(shape);
    sql.matching(tx, filters, None).await?;
    let (terms, matching) = (shape.terms(0), &sql.text);
    // skips from one value to the next; without a filter no value needs a look at its documents
    let exists = if filters.is_empty() {
        "1".to_owned()
    } else {
        format!("EXISTS (SELECT 1 {matching} AND r.num = v.num)")
    };
    let statement = format!(
        "SELECT DISTINCT v.term AS value FROM {terms} v WHERE v.field = {number} AND {exists} ORDER BY v.term LIMIT {limit}"
    );
    let rows = tx
        .fetch_sql(
            &statement,
            if filters.is_empty() {
                Vec::new()
            } else {
                sql.values
            },
        )
        .await?;
    rows.iter().map(|row| row.text("value")).collect()
}

/// The columns to sort by, with their directions; ties go by the field `id`.
fn keys(shape: &Shape, query: &Query) -> Result<Vec<(String, &'static str)>> {
    let key = |field: &str, descending| match shape.scopes[0].slot(field) {
        Some((number, slot)) if matches!(slot.kind, Kind::Keyword | Kind::Long) => {
            Some(if descending {
                (format!("b{number}"), "DESC")
            } else {
                (format!("a{number}"), "ASC")
            })
        }
        _ => None,
    };
    let sorted = query.sort.iter().map(|sort| {
        key(&sort.field, sort.descending).ok_or_else(|| {
            invalid(
                "only keyword and long fields of the mapping can be sorted by",
                &sort.field,
            )
        })
    });
    sorted.chain(key("id", false).map(Ok)).collect()
}

/// A statement in the making: `r` is the document's row, `o` a nested object's.
struct Sql<'a> {
    shape: &'a Shape,
    text: String,
    values: Vec<sea_query::Value>,
}

/// A term that a document must have.
#[derive(Clone)]
struct Required {
    field: usize,
    value: Value,
}

/// Beyond so many documents, reading all rows is faster than looking each up.
const FEW: i64 = 5_000;

impl<'a> Sql<'a> {
    fn new(shape: &'a Shape) -> Self {
        Self {
            shape,
            text: String::new(),
            values: Vec::new(),
        }
    }

    async fn count(self, tx: &mut Transaction) -> Result<u64> {
        let rows = tx
            .fetch_sql(
                &format!("SELECT count(*) AS total {}", self.text),
                self.values,
            )
            .await?;
        Ok(rows
            .first()
            .map_or(Ok(0), |row| row.int("total"))?
            .unsigned_abs())
    }

    /// `FROM` and `WHERE` of the documents for which all holds.
    async fn matching(
        &mut self,
        tx: &mut Transaction,
        filters: &[Filter],
        text: Option<&Text>,
    ) -> Result<()> {
        self.text += &format!("FROM {} r WHERE 1", self.shape.objects(0));
        let words = text.map(|text| self.words(text)).unwrap_or_default();
        if text.is_some() && words.is_empty() {
            self.text += " AND 0";
        }
        let terms = filters
            .iter()
            .filter_map(|filter| self.required(filter))
            .chain(words.iter().cloned());
        if let Some(rarest) = rarest(tx, self.shape, terms.collect()).await? {
            let value = self.bind(&rarest.value);
            let (table, field) = (self.shape.terms(0), rarest.field);
            self.text += &format!(
                " AND r.num IN (SELECT num FROM {table} WHERE field = {field} AND term = {value})"
            );
        }
        for word in &words {
            self.text += " AND ";
            self.terms(0, word.field, std::slice::from_ref(&word.value));
        }
        for filter in filters {
            self.text += " AND ";
            self.filter(0, filter)?;
        }
        Ok(())
    }

    fn words(&self, text: &Text) -> Vec<Required> {
        match self.shape.scopes[0].slot(&text.field) {
            Some((field, slot)) if slot.kind == Kind::French => analyze(&text.query)
                .into_iter()
                .map(|word| Required {
                    field,
                    value: Value::Text(word),
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    fn required(&self, filter: &Filter) -> Option<Required> {
        let Filter::Term(name, value) = filter else {
            return None;
        };
        let (field, slot) = self.shape.scopes[0].slot(name)?;
        Some(Required {
            field,
            value: fitting(slot.kind, name, value).ok()?,
        })
    }

    fn bind(&mut self, value: &Value) -> String {
        self.values.push(bound(value));
        format!("?{}", self.values.len())
    }

    fn filter(&mut self, scope: usize, filter: &Filter) -> Result<()> {
        match filter {
            Filter::Term(field, value) => self.any(scope, field, std::slice::from_ref(value)),
            Filter::Terms(field, values) => self.any(scope, field, values),
            Filter::AtMost(field, bound) => self.range(scope, field, 'a', "<=", *bound),
            Filter::Below(field, bound) => self.range(scope, field, 'a', "<", *bound),
            Filter::AtLeast(field, bound) => self.range(scope, field, 'b', ">=", *bound),
            Filter::Above(field, bound) => self.range(scope, field, 'b', ">", *bound),
            Filter::Nested(path, filters) => self.nested(scope, path, filters),
            Filter::Not(inner) => {
                // null is as good as false; `NOT` would keep it null
                self.text += "CASE WHEN ";
                self.filter(scope, inner)?;
                self.text += " THEN 0 ELSE 1 END";
                Ok(())
            }
            Filter::MissingOr(inner) => {
                self.text += "(NOT ";
                self.present(scope, inner.field());
                self.text += " OR ";
                self.filter(scope, inner)?;
                self.text += ")";
                Ok(())
            }
        }
    }

    /// One of `values` is a value of the field.
    fn any(&mut self, scope: usize, field: &str, values: &[Value]) -> Result<()> {
        let Some((number, slot)) = self.shape.scopes[scope].slot(field) else {
            self.text += "0";
            return Ok(());
        };
        let kind = slot.kind;
        let values = values
            .iter()
            .map(|value| fitting(kind, field, value))
            .collect::<Result<Vec<_>>>()?;
        self.terms(scope, number, &values);
        Ok(())
    }

    /// The row answers for its least and greatest value; only fields of more values need their
    /// terms.
    fn terms(&mut self, scope: usize, field: usize, values: &[Value]) {
        let (row, table) = (alias(scope), self.shape.terms(scope));
        let (least, greatest) = (format!("{row}.a{field}"), format!("{row}.b{field}"));
        let list: Vec<String> = values.iter().map(|value| self.bind(value)).collect();
        let between = |list: &str| {
            format!(
                "EXISTS (SELECT 1 FROM {table} t WHERE t.num = {row}.num AND t.field = {field} AND t.term IN ({list}))"
            )
        };
        self.text += &match &list[..] {
            // most rows are outside of the bounds: that is found out first
            [value] => {
                let within = format!("{least} <= {value} AND {greatest} >= {value}");
                format!(
                    "({within} AND ({least} = {value} OR {greatest} = {value} OR {}))",
                    between(value)
                )
            }
            list => {
                let list = list.join(", ");
                format!(
                    "({least} IN ({list}) OR {greatest} IN ({list}) OR ({least} <> {greatest} AND {}))",
                    between(&list)
                )
            }
        };
    }

    fn range(
        &mut self,
        scope: usize,
        field: &str,
        end: char,
        comparison: &str,
        value: i64,
    ) -> Result<()> {
        match self.shape.scopes[scope].slot(field) {
            Some((number, slot)) if slot.kind == Kind::Long => {
                let value = self.bind(&Value::Long(value));
                self.text += &format!("{}.{end}{number} {comparison} {value}", alias(scope));
                Ok(())
            }
            Some(_) => Err(invalid("only long fields have ranges", field)),
            None => {
                self.text += "0";
                Ok(())
            }
        }
    }

    fn present(&mut self, scope: usize, field: &str) {
        let row = alias(scope);
        self.text += &match self.shape.scopes[scope]
            .slot(field)
            .map(|(number, slot)| (number, slot.kind))
        {
            Some((number, Kind::Keyword | Kind::Long | Kind::French)) => {
                format!("{row}.a{number} IS NOT NULL")
            }
            Some((_, Kind::Nested(nested))) => format!("EXISTS ({})", self.objects(nested)),
            _ => "0".to_owned(),
        };
    }

    fn nested(&mut self, scope: usize, path: &str, filters: &[Filter]) -> Result<()> {
        let Some((_, slot)) = self.shape.scopes[scope].slot(path) else {
            return Err(invalid("the mapping has no such nested field", path));
        };
        let Kind::Nested(nested) = slot.kind else {
            return Err(invalid("this field is not nested", path));
        };
        self.text += &format!("EXISTS ({}", self.objects(nested));
        for filter in filters {
            self.text += " AND ";
            self.filter(nested, filter)?;
        }
        self.text += ")";
        Ok(())
    }

    fn objects(&self, nested: usize) -> String {
        format!(
            "SELECT 1 FROM {} o WHERE o.num >= r.num * {SPAN} AND o.num < (r.num + 1) * {SPAN}",
            self.shape.objects(nested)
        )
    }
}

/// The term with the fewest documents, if they are few.
async fn rarest(
    tx: &mut Transaction,
    shape: &Shape,
    terms: Vec<Required>,
) -> Result<Option<Required>> {
    if terms.is_empty() {
        return Ok(None);
    }
    let table = shape.terms(0);
    let count = |field| {
        format!(
            "SELECT count(*) AS few FROM (SELECT 1 FROM {table} WHERE field = {field} AND term = ? LIMIT {FEW})"
        )
    };
    let counts: Vec<String> = terms.iter().map(|term| count(term.field)).collect();
    let rows = tx
        .fetch_sql(
            &counts.join(" UNION ALL "),
            terms.iter().map(|term| bound(&term.value)).collect(),
        )
        .await?;
    let counts = rows
        .iter()
        .map(|row| row.int("few"))
        .collect::<Result<Vec<_>>>()?;
    let rarest = counts
        .into_iter()
        .zip(terms)
        .min_by_key(|(count, _)| *count);
    Ok(rarest
        .filter(|(count, _)| *count < FEW)
        .map(|(_, term)| term))
}

fn alias(scope: usize) -> char {
    if scope == 0 { 'r' } else { 'o' }
}

/// The value as the field holds it.
fn fitting(kind: Kind, field: &str, value: &Value) -> Result<Value> {
    match (kind, value) {
        (Kind::Long, Value::Text(text)) => text
            .parse()
            .map(Value::Long)
            .map_err(|_| invalid("the field holds integers", field)),
        (Kind::Keyword | Kind::French, Value::Long(long)) => Ok(Value::Text(long.to_string())),
        (_, value) => Ok(value.clone()),
    }
}

fn bound(value: &Value) -> sea_query::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Long(long) => (*long).into(),
    }
}

fn invalid(message: &'static str, field: &str) -> Error {
    Error::invalid("index.search", message).with("field", field)
}
