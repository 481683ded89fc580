//! The step that indexer and rebuild share: a reading, what the source renders from it, and the
//! operations that follow.

use std::{any::Any, panic::AssertUnwindSafe};

use futures_util::FutureExt;
use sixplay_core::{Due, Error, ErrorKind, Reading, Rendered, Result, Source, Store};

use crate::Operation;

/// What one reading says about some roots of a kind.
pub(super) struct RenderedBatch {
    pub operations: Vec<Operation>,
    /// How many of the operations are deletes.
    pub absent: u64,
}

/// Why a batch failed as a whole.
pub(super) struct BatchFailure {
    pub error: Error,
    /// Whether a root of the batch is at fault for sure; else it may be whoever was asked.
    pub of_root: bool,
}

impl From<Error> for BatchFailure {
    fn from(error: Error) -> Self {
        let of_root = false;
        Self { error, of_root }
    }
}

/// Renders `ids` of `kind` from one reading and records when they change next by time alone.
pub(super) async fn render_batch(
    store: &Store,
    source: &dyn Source,
    kind: &str,
    ids: &[String],
) -> Result<RenderedBatch, BatchFailure> {
    let mut reading = store.reading().await?;
    let rendered = render_all(source, &mut reading, kind, ids).await?;
    let ticket = reading.ticket();
    drop(reading);
    let roots = ids.iter().cloned().zip(rendered);
    let roots = roots.map(|(id, rendered)| RenderedRoot { id, rendered });
    let rendered: Vec<RenderedRoot> = roots.collect();
    let dues = rendered.iter().map(|root| root.due_record(kind, ticket));
    let dues: Vec<Due> = dues.collect();
    store.set_due(source.name(), &dues).await?;
    let absent = rendered.iter().filter(|root| root.is_absent()).count() as u64;
    let operations = rendered.into_iter();
    let operations = operations.map(|root| root.into_operation(ticket)).collect();
    Ok(RenderedBatch { operations, absent })
}

/// What the source says of each id; a panic of the source is a failure as any other.
async fn render_all(
    source: &dyn Source,
    reading: &mut Reading,
    kind: &str,
    ids: &[String],
) -> Result<Vec<Rendered>, BatchFailure> {
    let rendering = async { source.render(reading, kind, ids).await };
    // nothing that the panic left half done is used again: the reading is dropped
    let rendered = AssertUnwindSafe(rendering).catch_unwind().await;
    let failed_at_a_row = |error| BatchFailure {
        error,
        of_root: true,
    };
    match rendered {
        Ok(Ok(rendered)) if rendered.len() == ids.len() => Ok(rendered),
        Ok(Ok(rendered)) => Err(failed_at_a_row(incomplete_answer(kind, ids, &rendered))),
        Ok(Err(error)) if is_of_row(&error) => Err(failed_at_a_row(error)),
        Ok(Err(error)) => Err(error.into()),
        Err(panic) => Err(failed_at_a_row(describe_panic(kind, panic.as_ref()))),
    }
}

/// Whether the error tells of a row, not of the database.
fn is_of_row(error: &Error) -> bool {
    use ErrorKind as Kind;
    matches!(error.kind(), Kind::Corrupt | Kind::Invalid | Kind::TooLarge)
}

fn incomplete_answer(kind: &str, ids: &[String], rendered: &[Rendered]) -> Error {
    Error::unexpected("source.render", "the source must answer every id")
        .with("kind", kind)
        .with("asked", ids.len())
        .with("answered", rendered.len())
}

fn describe_panic(kind: &str, panic: &(dyn Any + Send)) -> Error {
    let literal = panic.downcast_ref::<&str>().copied();
    let text = literal.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::unexpected("source.render", "the source panicked")
        .with("kind", kind)
        .with("panic", text.unwrap_or("no text"))
}

/// A root of the batch and what the source says of it.
struct RenderedRoot {
    id: String,
    rendered: Rendered,
}

impl RenderedRoot {
    fn is_absent(&self) -> bool {
        matches!(self.rendered, Rendered::Absent { .. })
    }

    /// When time alone changes the root; a root that nothing changes is recorded as well.
    fn due_record(&self, kind: &str, ticket: i64) -> Due {
        let due_at = match &self.rendered {
            Rendered::Publishable(publishable) => publishable.next_change_at,
            Rendered::Absent { next_change_at, .. } => *next_change_at,
        };
        Due {
            kind: kind.to_owned(),
            id: self.id.clone(),
            due_at,
            ticket,
        }
    }

    /// What the index has to do; the ticket is the version.
    fn into_operation(self, version: i64) -> Operation {
        let id = self.id;
        match self.rendered {
            Rendered::Publishable(found) => {
                Operation::put(id, version, found.document).visible(found.visible)
            }
            Rendered::Absent { reason, .. } => {
                tracing::debug!(id, reason, "absent");
                Operation::delete(id, version)
            }
        }
    }
}
