//! The step that indexer and rebuild share: a reading, what the source renders from it, and the
//! operations that follow.

use std::collections::BTreeMap;

use sixplay_core::{Due, Error, Reading, Rendered, Result, Source, Store};

use crate::{Operation, Outcome};

/// What one reading says about some roots of a kind.
pub(super) struct RenderedBatch {
    pub operations: Vec<Operation>,
    /// Roots that cannot be rendered.
    pub refused: BTreeMap<String, Outcome>,
    /// How many of the operations are deletes.
    pub absent: u64,
}

/// Renders `ids` of `kind` from one reading and records when they change next by time alone.
///
/// # Errors
/// As [`Source::render`] and the store; `Unexpected` when the source does not answer every id.
pub(super) async fn render_batch(
    store: &Store,
    source: &dyn Source,
    kind: &str,
    ids: &[String],
) -> Result<RenderedBatch> {
    let mut rendering = Rendering::begin_reading(store, source, kind).await?;
    rendering.render_ids(ids).await?;
    let (rendered, refused, ticket) = rendering.end_reading();
    let dues: Vec<Due> = rendered
        .iter()
        .map(|root| root.due_record(kind, ticket))
        .collect();
    store.set_due(source.name(), &dues).await?;
    let absent = rendered.iter().filter(|root| root.is_absent()).count() as u64;
    let operations = rendered.into_iter();
    let operations = operations.map(|root| root.into_operation(ticket)).collect();
    Ok(RenderedBatch {
        operations,
        refused,
        absent,
    })
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

/// A reading, and what was rendered from it so far.
struct Rendering<'a> {
    source: &'a dyn Source,
    kind: &'a str,
    reading: Reading,
    rendered: Vec<RenderedRoot>,
    refused: BTreeMap<String, Outcome>,
}

impl<'a> Rendering<'a> {
    /// Takes the reading.
    async fn begin_reading(store: &Store, source: &'a dyn Source, kind: &'a str) -> Result<Self> {
        Ok(Self {
            source,
            kind,
            reading: store.reading().await?,
            rendered: Vec::new(),
            refused: BTreeMap::new(),
        })
    }

    /// Ends the snapshot; what is left is rendered and refused roots, and the ticket.
    fn end_reading(self) -> (Vec<RenderedRoot>, BTreeMap<String, Outcome>, i64) {
        (self.rendered, self.refused, self.reading.ticket())
    }

    /// Renders all, halving a batch that fails for good, so that one bad row stops none of its
    /// neighbours.
    async fn render_ids(&mut self, ids: &[String]) -> Result<()> {
        let error = match self.render_at_once(ids).await {
            Ok(()) => return Ok(()),
            Err(Failed::Batch(error)) => return Err(error),
            Err(Failed::Rows(error)) => error,
        };
        if let [id] = ids {
            let outcome = Outcome::rejected(error.to_string());
            self.refused.insert(id.clone(), outcome);
            return Ok(());
        }
        for half in ids.chunks(ids.len().div_ceil(2)) {
            Box::pin(self.render_ids(half)).await?;
        }
        Ok(())
    }

    /// Renders all ids by one call of the source.
    async fn render_at_once(&mut self, ids: &[String]) -> Result<(), Failed> {
        let rendering = self.source.render(&mut self.reading, self.kind, ids);
        let rendered = rendering.await.map_err(Failed::from)?;
        if rendered.len() != ids.len() {
            return Err(Failed::Batch(
                self.incomplete_answer(ids.len(), rendered.len()),
            ));
        }
        let roots = ids.iter().cloned().zip(rendered);
        let roots = roots.map(|(id, rendered)| RenderedRoot { id, rendered });
        self.rendered.extend(roots);
        Ok(())
    }

    fn incomplete_answer(&self, asked: usize, answered: usize) -> Error {
        Error::unexpected("source.render", "the source must answer every id")
            .with("kind", self.kind)
            .with("asked", asked)
            .with("answered", answered)
    }
}

/// Whom a failure to render concerns.
enum Failed {
    /// All roots, for now or because the source is defective.
    Batch(Error),
    /// Some row that cannot be read.
    Rows(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        match error.is_transient() {
            true => Self::Batch(error),
            false => Self::Rows(error),
        }
    }
}
