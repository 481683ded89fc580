//! Bodies of requests: index settings and mappings, queries, alias actions.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use sixplay_core::mapping::{Field, FieldKind, Mapping};

use crate::{Filter, Query, Sort, Swap, Text};

/// What an index's own alias adds to its name.
pub(super) const WRITE: &str = ".write";

const FRENCH: &str = "sixplay_french";
const ELISION: &str = "sixplay_french_elision";
const STEMMER: &str = "sixplay_french_stemmer";

pub(super) fn write_alias(name: &str) -> String {
    format!("{name}{WRITE}")
}

pub(super) fn create(
    name: &str,
    mapping: &Mapping,
    meta: &BTreeMap<String, String>,
    replicas: u32,
) -> Json {
    json!({
        "settings": {
            "index": {
                "number_of_shards": 1,
                "number_of_replicas": replicas,
                // an explicit interval also keeps an index that nobody searches from falling idle
                "refresh_interval": "200ms",
                // a deleted document's version outlives every job that may still write an older one
                "gc_deletes": "1h",
            },
            "analysis": {
                "filter": { ELISION: elision(), STEMMER: stemmer() },
                "analyzer": {
                    FRENCH: { "type": "custom", "tokenizer": "standard", "filter": [ELISION, "lowercase", "asciifolding", STEMMER] },
                },
            },
        },
        "mappings": { "dynamic": "strict", "_meta": meta, "properties": properties(&mapping.fields) },
        "aliases": { write_alias(name): {} },
    })
}

fn elision() -> Json {
    let articles = [
        "l", "m", "t", "qu", "n", "s", "j", "d", "c", "jusqu", "quoiqu", "lorsqu", "puisqu",
    ];
    json!({ "type": "elision", "articles_case": true, "articles": articles })
}

fn stemmer() -> Json {
    json!({ "type": "stemmer", "language": "light_french" })
}

pub(super) fn analyze(text: &str) -> Json {
    json!({ "tokenizer": "standard", "filter": [elision(), "lowercase", "asciifolding", stemmer()], "text": text })
}

fn properties(fields: &[Field]) -> Map<String, Json> {
    fields
        .iter()
        .map(|field| (field.name.to_owned(), property(&field.kind)))
        .collect()
}

fn property(kind: &FieldKind) -> Json {
    match kind {
        FieldKind::Keyword => json!({ "type": "keyword" }),
        FieldKind::Long => json!({ "type": "long" }),
        FieldKind::French => json!({ "type": "text", "analyzer": FRENCH }),
        FieldKind::Nested(fields) => json!({ "type": "nested", "properties": properties(fields) }),
        _ => json!({ "type": "object", "enabled": false }),
    }
}

/// With `must_exist` the removal compares: when the alias is not on `from`, nothing at all is done.
pub(super) fn swap(swaps: &[Swap]) -> Json {
    let actions = swaps.iter().flat_map(|Swap { alias, from, to }| {
        let remove = from
            .as_ref()
            .map(|from| json!({ "remove": { "index": from, "alias": alias, "must_exist": true } }));
        remove
            .into_iter()
            .chain([json!({ "add": { "index": to, "alias": alias } })])
    });
    json!({ "actions": actions.collect::<Vec<_>>() })
}

/// Takes back what [`swap`] did.
pub(super) fn unswap(swaps: &[Swap]) -> Json {
    let actions = swaps.iter().flat_map(|Swap { alias, from, to }| {
        let add = from
            .as_ref()
            .map(|from| json!({ "add": { "index": from, "alias": alias } }));
        [json!({ "remove": { "index": to, "alias": alias } })]
            .into_iter()
            .chain(add)
    });
    json!({ "actions": actions.collect::<Vec<_>>() })
}

pub(super) fn search(query: &Query) -> Json {
    json!({
        "query": matching(&query.conditions(), query.text.as_ref()),
        "sort": query.sort.iter().map(order).chain([ties()]).collect::<Vec<_>>(),
        "from": query.offset,
        "size": query.limit,
        "track_total_hits": true,
    })
}

pub(super) fn values(field: &str, filters: &[Filter], limit: u64) -> Json {
    json!({
        "query": matching(filters, None),
        "size": 0,
        "aggs": { "values": { "terms": { "field": field, "size": limit, "order": { "_key": "asc" } } } },
    })
}

fn order(sort: &Sort) -> Json {
    json!({ sort.field.as_str(): { "order": if sort.descending { "desc" } else { "asc" }, "missing": "_last" } })
}

fn ties() -> Json {
    json!({ "id": { "order": "asc", "missing": "_last", "unmapped_type": "keyword" } })
}

fn matching(filters: &[Filter], text: Option<&Text>) -> Json {
    let words = text.map(|text| json!({ "match": { text.field.as_str(): { "query": text.query, "operator": "and" } } }));
    all(words
        .into_iter()
        .chain(filters.iter().map(|filter| condition(filter, "")))
        .collect())
}

fn all(conditions: Vec<Json>) -> Json {
    json!({ "bool": { "filter": conditions } })
}

fn none(condition: Json) -> Json {
    json!({ "bool": { "must_not": [condition] } })
}

fn nested(path: &str, query: Json) -> Json {
    json!({ "nested": { "path": path, "query": query } })
}

/// `within` is the path of the nested field with a dot, or nothing.
fn condition(filter: &Filter, within: &str) -> Json {
    let name = format!("{within}{}", filter.field());
    match filter {
        Filter::Term(_, value) => json!({ "term": { name: value } }),
        Filter::Terms(_, values) => json!({ "terms": { name: values } }),
        Filter::AtMost(_, bound) => json!({ "range": { name: { "lte": bound } } }),
        Filter::AtLeast(_, bound) => json!({ "range": { name: { "gte": bound } } }),
        Filter::Above(_, bound) => json!({ "range": { name: { "gt": bound } } }),
        Filter::Below(_, bound) => json!({ "range": { name: { "lt": bound } } }),
        Filter::Not(inner) => none(condition(inner, within)),
        Filter::MissingOr(inner) => {
            json!({ "bool": { "should": [none(present(inner, within)), condition(inner, within)], "minimum_should_match": 1 } })
        }
        Filter::Nested(_, filters) => {
            let inner = format!("{name}.");
            nested(
                &name,
                all(filters
                    .iter()
                    .map(|filter| condition(filter, &inner))
                    .collect()),
            )
        }
    }
}

fn present(filter: &Filter, within: &str) -> Json {
    let name = format!("{within}{}", filter.field());
    match filter {
        Filter::MissingOr(inner) | Filter::Not(inner) => present(inner, within),
        Filter::Nested(..) => nested(&name, json!({ "match_all": {} })),
        _ => json!({ "exists": { "field": name } }),
    }
}
