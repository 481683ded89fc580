//! One step of either writer: ticket, snapshot, render, and the operations that follow.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;
use sixplay_core::{
    Error, Result,
    source::{Publishable, Rendered, Source},
    store::{Due, Store, Transaction},
};

use crate::{Operation, Outcome};

/// What one snapshot says about some roots of a kind: the operations, and the outcome of those that
/// could not be rendered.
pub(super) struct Written {
    pub operations: Vec<Operation>,
    pub unrendered: BTreeMap<String, Outcome>,
    pub absent: u64,
}

/// Renders `ids` of `kind` from one snapshot and records their next boundaries.
pub(super) async fn write(
    store: &Store,
    source: &dyn Source,
    kind: &str,
    ids: &[String],
) -> Result<Written> {
    let ticket = store.ticket().await?;
    // the clock by which windows are due: with another, one might be rendered as still closed and
    // be due again at once
    let now = store.now().await?;
    let mut snapshot = store.snapshot().await?;
    let mut rendered = Vec::with_capacity(ids.len());
    let mut written = Written {
        operations: Vec::with_capacity(ids.len()),
        unrendered: BTreeMap::new(),
        absent: 0,
    };
    render(
        source,
        &mut snapshot,
        kind,
        ids,
        now,
        &mut rendered,
        &mut written.unrendered,
    )
    .await?;
    drop(snapshot);
    let due = |(id, root): &(String, Rendered)| Due {
        kind: kind.to_owned(),
        id: id.clone(),
        due_at: next_change(root),
        ticket,
    };
    store
        .set_due(source.name(), &rendered.iter().map(due).collect::<Vec<_>>())
        .await?;
    for (id, root) in rendered {
        written.absent += u64::from(matches!(root, Rendered::Absent { .. }));
        match operation(id.clone(), root, ticket) {
            Ok(operation) => written.operations.push(operation),
            Err(error) => drop(written.unrendered.insert(
                id,
                Outcome::Rejected {
                    reason: error.to_string(),
                },
            )),
        }
    }
    Ok(written)
}

/// Renders all, halving a batch that fails for good, so that one bad row stops none of its
/// neighbours.
async fn render(
    source: &dyn Source,
    snapshot: &mut Transaction,
    kind: &str,
    ids: &[String],
    now: Timestamp,
    rendered: &mut Vec<(String, Rendered)>,
    failed: &mut BTreeMap<String, Outcome>,
) -> Result<()> {
    match source.render(snapshot, kind, ids, now).await {
        Ok(roots) if roots.len() == ids.len() => rendered.extend(ids.iter().cloned().zip(roots)),
        Ok(roots) => {
            let error = Error::unexpected("source.render", "the source must answer every id");
            return Err(error
                .with("kind", kind)
                .with("asked", ids.len())
                .with("answered", roots.len()));
        }
        Err(error) if error.is_transient() => return Err(error),
        Err(error) if ids.len() == 1 => drop(failed.insert(
            ids[0].clone(),
            Outcome::Rejected {
                reason: error.to_string(),
            },
        )),
        Err(_) => {
            for half in ids.chunks(ids.len().div_ceil(2)) {
                Box::pin(render(source, snapshot, kind, half, now, rendered, failed)).await?;
            }
        }
    }
    Ok(())
}

fn next_change(root: &Rendered) -> Option<Timestamp> {
    match root {
        Rendered::Publishable(publishable) => publishable.next_change_at,
        Rendered::Absent { next_change_at, .. } => *next_change_at,
    }
}

fn operation(id: String, root: Rendered, version: i64) -> Result<Operation> {
    Ok(match root {
        Rendered::Publishable(publishable) => Operation::Put {
            id,
            version,
            document: guarded(&publishable)?,
        },
        Rendered::Absent { reason, .. } => {
            tracing::debug!(id, reason, "absent");
            Operation::Delete { id, version }
        }
    })
}

/// The document with the two fields by which readers hide it outside its time.
fn guarded(publishable: &Publishable) -> Result<Box<RawValue>> {
    let document = publishable.document.get().trim_start();
    let rest = document
        .strip_prefix('{')
        .map(str::trim_start)
        .ok_or_else(|| Error::corrupt("source.render", "a document must be a JSON object"))?;
    let from = publishable.visible_from.as_microsecond();
    let until = publishable
        .visible_until
        .map(|until| format!(",\"visible_until\":{}", until.as_microsecond()))
        .unwrap_or_default();
    let comma = if rest.starts_with('}') { "" } else { "," };
    RawValue::from_string(format!("{{\"visible_from\":{from}{until}{comma}{rest}")).map_err(
        |error| {
            Error::corrupt("source.render", "a document must be a JSON object").with_source(error)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use sixplay_core::ErrorKind;

    #[test]
    fn the_guard_fields_join_any_object() {
        let publishable = |document: &str| Publishable {
            document: RawValue::from_string(document.to_owned()).expect("valid JSON"),
            visible_from: Timestamp::from_microsecond(5).expect("in range"),
            visible_until: None,
            next_change_at: None,
        };
        assert_eq!(
            guarded(&publishable("{}")).expect("an object").get(),
            r#"{"visible_from":5}"#
        );
        assert_eq!(
            guarded(&publishable(r#"{"a":1}"#))
                .expect("an object")
                .get(),
            r#"{"visible_from":5,"a":1}"#
        );
        assert_eq!(
            guarded(&publishable("[1]")).expect_err("no object").kind(),
            ErrorKind::Corrupt
        );
    }
}
