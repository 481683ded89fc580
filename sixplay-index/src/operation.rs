//! What is written to an index, and what became of it.

use serde_json::value::RawValue;
use sixplay_core::Visible;

/// The most bytes that one operation may take in a bulk request, its document included.
pub const MAX_OPERATION_BYTES: usize = 2 << 20;

/// The longest id, in bytes.
pub const MAX_ID_BYTES: usize = 512;

/// One versioned write.
///
/// The version rule is the same for both: the write holds when its version is at least the newest
/// one that the index saw for the id, deletes included. So the last version wins in whatever order
/// writes arrive, and a repeated write does no harm.
///
/// ```
/// use sixplay_core::{Field, Mapping, Visible};
/// use sixplay_index::{Index, Operation, Outcome, RawValue};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let index = Index::connect(&format!("sqlite:{}/index.db", folder.path().display())).await?;
/// # let mapping = Mapping { fields: vec![Field::keyword("name")] };
/// # index.create("authors", &mapping, &Default::default()).await?;
/// let json = |text: &str| RawValue::from_string(text.to_owned());
/// let late = Visible::from_micros(5, None);
/// let operations = vec![
///     Operation::put("ada", 4, json(r#"{"name": "Ada"}"#)?),
///     Operation::put("bob", 4, json(r#"{"age": 7}"#)?),
///     Operation::put("ada", 3, json(r#"{"name": "Adam"}"#)?),
///     Operation::put("eve", 4, json(r#"{"name": "Eve"}"#)?).visible(late),
///     Operation::delete("joe", 4),
/// ];
/// let outcomes = index.apply("authors", operations).await?;
/// assert_eq!(outcomes[0], Outcome::Done);
/// assert!(matches!(&outcomes[1], Outcome::Rejected { reason } if reason.contains("age")));
/// assert_eq!(outcomes[2..], [Outcome::Superseded, Outcome::Done, Outcome::Done]);
///
/// let found = index.get("authors", &["eve"]).await?;
/// let eve = found[0].as_ref().map(|document| document.get());
/// assert_eq!(eve, Some(r#"{"visible_from":5,"name":"Eve"}"#));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub enum Operation {
    /// Stores a document in place of the one with that id.
    Put {
        /// The document's id, 1 to 512 bytes.
        id: String,
        /// Not negative.
        version: i64,
        /// When readers see the document. Stored in the document's fields
        /// [`VISIBLE_FROM`](crate::VISIBLE_FROM) and [`VISIBLE_UNTIL`](crate::VISIBLE_UNTIL), in
        /// place of what the document itself has there.
        visible: Visible,
        /// A JSON object with fields of the index's mapping only.
        document: Box<RawValue>,
    },
    /// Takes the document out; the version is remembered.
    Delete {
        /// The document's id, 1 to 512 bytes.
        id: String,
        /// Not negative.
        version: i64,
    },
}

/// What became of one [`Operation`].
///
/// `Done` and `Superseded` leave nothing to do, `Retry` wants the operation again, the others need
/// another document or another mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The index holds it; a delete of what was not there counts too.
    Done,
    /// The index saw a newer version; nothing is left to do.
    Superseded,
    /// The index is busy; the same operation may succeed later.
    Retry {
        /// What the index said.
        reason: String,
    },
    /// The operation is over [`MAX_OPERATION_BYTES`] or the server's own limit.
    TooLarge,
    /// The index refuses the operation and will again: a field that the mapping lacks, a value of
    /// the wrong type, a bad id.
    Rejected {
        /// What the index said.
        reason: String,
    },
}

impl Operation {
    /// Stores `document` at `id`, visible always; see [`Operation::visible`].
    pub fn put(id: impl Into<String>, version: i64, document: Box<RawValue>) -> Self {
        Self::Put {
            id: id.into(),
            version,
            visible: Visible::ALWAYS,
            document,
        }
    }

    /// Takes the document at `id` out.
    pub fn delete(id: impl Into<String>, version: i64) -> Self {
        let id = id.into();
        Self::Delete { id, version }
    }

    /// Limits the time within which readers see a document that is put; a delete stays as it is.
    #[must_use]
    pub fn visible(mut self, window: Visible) -> Self {
        if let Self::Put { visible, .. } = &mut self {
            *visible = window;
        }
        self
    }

    /// The document's id.
    pub fn id(&self) -> &str {
        match self {
            Self::Put { id, .. } | Self::Delete { id, .. } => id,
        }
    }

    /// The operation's version.
    pub fn version(&self) -> i64 {
        match self {
            Self::Put { version, .. } | Self::Delete { version, .. } => *version,
        }
    }

    /// The document, `None` for a delete.
    pub fn document(&self) -> Option<&RawValue> {
        match self {
            Self::Put { document, .. } => Some(document),
            Self::Delete { .. } => None,
        }
    }
}

impl Outcome {
    /// The operation fails again until somebody changes something.
    pub(crate) fn rejected(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Rejected { reason }
    }

    /// Time alone may let the operation succeed.
    pub(crate) fn retry(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::Retry { reason }
    }

    /// Of an operation that is missing in the answer.
    pub(crate) fn unanswered() -> Self {
        Self::retry("the index answered nothing for it")
    }
}
