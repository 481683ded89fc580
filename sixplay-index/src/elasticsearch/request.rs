//! Bodies of requests: index settings and mappings, queries, alias actions.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Map, Value as Json, json};
use sixplay_core::{Field, FieldKind, Mapping, letter_folds};

use crate::{Filter, Query, Sort, Swap, Text};

const FRENCH: &str = "sixplay_french";
const ELISION: &str = "sixplay_french_elision";
const LETTERS: &str = "sixplay_french_letters";
const STEMMER: &str = "sixplay_french_stemmer";

/// The index's own alias, through which it is written.
pub(super) fn write_alias(name: &str) -> String {
    format!("{name}.write")
}

/// An index with its settings, its strict mapping and the alias to write through.
pub(super) fn create_index_body(
    name: &str,
    mapping: &Mapping,
    meta: &BTreeMap<String, String>,
    replicas: u32,
) -> Json {
    let properties = properties_of(&mapping.fields);
    json!({
        "settings": { "index": index_settings(replicas), "analysis": french_analysis() },
        "mappings": { "dynamic": "strict", "_meta": meta, "properties": properties },
        "aliases": { write_alias(name): {} },
    })
}

/// A small index, fresh at short intervals.
fn index_settings(replicas: u32) -> Json {
    json!({
        "number_of_shards": 1,
        "number_of_replicas": replicas,
        // an explicit interval also keeps an index that nobody searches from falling idle
        "refresh_interval": "200ms",
        // a deleted document's version outlives every job that may still write an older one
        "gc_deletes": "1h",
    })
}

/// The analyser of French fields, made of filters with settings of their own.
fn french_analysis() -> Json {
    let analyzer = json!({
        "type": "custom",
        "char_filter": [LETTERS],
        "tokenizer": "standard",
        "filter": [ELISION, "lowercase", STEMMER],
    });
    json!({
        "char_filter": { LETTERS: letter_filter() },
        "filter": { ELISION: elision_filter(), STEMMER: stemmer_filter() },
        "analyzer": { FRENCH: analyzer },
    })
}

/// The folding of letters that everything else here uses, too: the server's own leaves decomposed
/// letters as they are.
pub(super) fn letter_filter() -> Json {
    static MAPPINGS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let escaped = |letter| format!("\\u{:04x}", u32::from(letter));
        let rule = |(letter, folded)| format!("{} => {folded}", escaped(letter));
        letter_folds().map(rule).collect()
    });
    json!({ "type": "mapping", "mappings": *MAPPINGS })
}

/// Articles are taken off in any case.
pub(super) fn elision_filter() -> Json {
    let articles = [
        "l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu",
    ];
    json!({ "type": "elision", "articles_case": true, "articles": articles })
}

/// Plurals and feminines, and little else.
pub(super) fn stemmer_filter() -> Json {
    json!({ "type": "stemmer", "language": "light_french" })
}

fn properties_of(fields: &[Field]) -> Map<String, Json> {
    let property = |field: &Field| (field.name.to_owned(), property_of(&field.kind));
    fields.iter().map(property).collect()
}

/// Fields that are kept only are objects that the server does not look into.
fn property_of(kind: &FieldKind) -> Json {
    match kind {
        FieldKind::Keyword => json!({ "type": "keyword" }),
        FieldKind::Long => json!({ "type": "long" }),
        FieldKind::French => json!({ "type": "text", "analyzer": FRENCH }),
        FieldKind::Nested(fields) => {
            json!({ "type": "nested", "properties": properties_of(fields) })
        }
        _ => json!({ "type": "object", "enabled": false }),
    }
}

/// With `must_exist` the removal compares: when the alias is not on `from`, nothing at all is done.
pub(super) fn swap_body(swaps: &[Swap]) -> Json {
    let mut actions = Vec::new();
    for Swap { alias, from, to } in swaps {
        if let Some(from) = from {
            let removed = json!({ "index": from, "alias": alias, "must_exist": true });
            actions.push(json!({ "remove": removed }));
        }
        actions.push(json!({ "add": { "index": to, "alias": alias } }));
    }
    json!({ "actions": actions })
}

/// Takes back what [`swap_body`] did.
pub(super) fn undo_swap_body(swaps: &[Swap]) -> Json {
    let mut actions = Vec::new();
    for Swap { alias, from, to } in swaps {
        actions.push(json!({ "remove": { "index": to, "alias": alias } }));
        if let Some(from) = from {
            actions.push(json!({ "add": { "index": from, "alias": alias } }));
        }
    }
    json!({ "actions": actions })
}

/// One page and the exact total.
pub(super) fn search_body(query: &Query) -> Json {
    let sort = query.sort.iter().map(sort_order_of).chain([ties_by_id()]);
    json!({
        "query": matching_query(query),
        "sort": sort.collect::<Vec<_>>(),
        "from": query.offset,
        "size": query.limit,
        "track_total_hits": true,
    })
}

/// The distinct values of a field, sorted.
pub(super) fn values_body(field: &str, query: &Query, limit: u64) -> Json {
    let terms = json!({ "field": field, "size": limit, "order": { "_key": "asc" } });
    json!({ "query": matching_query(query), "size": 0, "aggs": { "values": { "terms": terms } } })
}

fn sort_order_of(sort: &Sort) -> Json {
    let order = if sort.descending { "desc" } else { "asc" };
    json!({ sort.field.as_str(): { "order": order, "missing": "_last" } })
}

/// A mapping without the field `id` leaves ties as they come.
fn ties_by_id() -> Json {
    json!({ "id": { "order": "asc", "missing": "_last", "unmapped_type": "keyword" } })
}

/// Filters alone: nothing is scored.
fn matching_query(query: &Query) -> Json {
    let conditions = query.filters.iter();
    let conditions = conditions.map(|filter| condition_of(filter, ""));
    let words = query.text.as_ref().map(all_words);
    all_of(words.into_iter().chain(conditions).collect())
}

fn all_words(text: &Text) -> Json {
    let words = json!({ "query": text.query, "operator": "and" });
    json!({ "match": { text.field.as_str(): words } })
}

fn all_of(conditions: Vec<Json>) -> Json {
    json!({ "bool": { "filter": conditions } })
}

fn none_of(condition: Json) -> Json {
    json!({ "bool": { "must_not": [condition] } })
}

fn nested_query(path: &str, query: Json) -> Json {
    json!({ "nested": { "path": path, "query": query } })
}

/// `within` is the path of the nested field with a dot, or nothing.
fn condition_of(filter: &Filter, within: &str) -> Json {
    let name = format!("{within}{}", filter.field());
    match filter {
        Filter::Term(_, value) => json!({ "term": { name: value } }),
        Filter::Terms(_, values) => json!({ "terms": { name: values } }),
        Filter::AtMost(_, bound) => range_query(&name, "lte", *bound),
        Filter::AtLeast(_, bound) => range_query(&name, "gte", *bound),
        Filter::Above(_, bound) => range_query(&name, "gt", *bound),
        Filter::Below(_, bound) => range_query(&name, "lt", *bound),
        Filter::Not(inner) => none_of(condition_of(inner, within)),
        Filter::MissingOr(inner) => missing_or(inner, within),
        Filter::Nested(_, filters) => nested_objects(&name, filters),
    }
}

fn range_query(name: &str, comparison: &str, bound: i64) -> Json {
    json!({ "range": { name: { comparison: bound } } })
}

/// No value, or the filter holds.
fn missing_or(filter: &Filter, within: &str) -> Json {
    let missing = none_of(presence_of(filter, within));
    let either = [missing, condition_of(filter, within)];
    json!({ "bool": { "should": either, "minimum_should_match": 1 } })
}

/// One object of the field for which all filters hold.
fn nested_objects(path: &str, filters: &[Filter]) -> Json {
    let within = format!("{path}.");
    let conditions = filters.iter().map(|filter| condition_of(filter, &within));
    nested_query(path, all_of(conditions.collect()))
}

/// The filter's field has a value.
fn presence_of(filter: &Filter, within: &str) -> Json {
    let name = format!("{within}{}", filter.field());
    match filter {
        Filter::MissingOr(inner) | Filter::Not(inner) => presence_of(inner, within),
        Filter::Nested(..) => nested_query(&name, json!({ "match_all": {} })),
        _ => json!({ "exists": { "field": name } }),
    }
}
