//! Compares a whole index with what the store renders now.

use std::collections::BTreeMap;

use serde_json::Value;
use sixplay_catalogue::Catalogue;
use sixplay_core::{Rendered, Source, Store};
use sixplay_index::Index;

use crate::line::{Line, block_on};

/// What differs between store and index, one line a root; empty when they agree.
pub(crate) fn differences(line: &Line) -> Vec<String> {
    block_on(async {
        let (store, index) = (
            Store::connect(&line.store).await.expect("the store"),
            Index::connect(&line.index).await.expect("the index"),
        );
        let (source, mut found) = (Catalogue::new(), Vec::new());
        for kind in source.kinds() {
            let alias = format!("{}-{}", line.prefix, kind.name);
            let (mut after, mut publishable) = (None, 0);
            loop {
                let ids = store.roots(kind, after.as_deref(), 200).await.expect("ids");
                let Some(last) = ids.last() else { break };
                after = Some(last.clone());
                let rendered = render(&store, &source, kind.name, &ids).await;
                let held = index
                    .get(&alias, &ids.iter().map(String::as_str).collect::<Vec<_>>())
                    .await
                    .expect("documents");
                for ((id, expected), held) in ids.iter().zip(rendered).zip(held) {
                    publishable += u64::from(expected.is_some());
                    let held = held.map(|document| plain(document.get()));
                    if held != expected {
                        found.push(format!(
                            "{} {id}: {}",
                            kind.name,
                            if held.is_some() == expected.is_some() {
                                "stale"
                            } else {
                                "missing or left over"
                            }
                        ));
                    }
                }
            }
            index.refresh(&alias).await.expect("a refresh");
            let count = index.count(&alias).await.expect("a count");
            if count != publishable {
                found.push(format!(
                    "{}: the index holds {count}, the store {publishable}",
                    kind.name
                ));
            }
        }
        store.close().await;
        found
    })
}

/// The document of one root in the index, `None` when there is none.
pub(crate) fn document(line: &Line, kind: &str, id: &str) -> Option<Value> {
    block_on(async {
        let index = Index::connect(&line.index).await.expect("the index");
        let found = index
            .get(&format!("{}-{kind}", line.prefix), &[id])
            .await
            .expect("an answer");
        found
            .into_iter()
            .next()
            .flatten()
            .map(|document| plain(document.get()))
    })
}

async fn render(
    store: &Store,
    source: &Catalogue,
    kind: &str,
    ids: &[String],
) -> Vec<Option<Value>> {
    let mut reading = store.reading().await.expect("a reading");
    let rendered = source.render(&mut reading, kind, ids).await;
    let rendered = rendered.expect("documents");
    let document = |root| match root {
        Rendered::Publishable(publishable) => Some(plain(publishable.document.get())),
        Rendered::Absent { .. } => None,
    };
    rendered.into_iter().map(document).collect()
}

/// The document without the guard that the indexer adds.
fn plain(document: &str) -> Value {
    let mut fields: BTreeMap<String, Value> = serde_json::from_str(document).expect("an object");
    fields.remove("visible_from");
    fields.remove("visible_until");
    fields.into_iter().collect::<serde_json::Map<_, _>>().into()
}
