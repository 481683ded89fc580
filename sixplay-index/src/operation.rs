//! What is written to an index, and what became of it.

use serde_json::value::RawValue;

/// The most bytes that one operation may take in a bulk request, its document included.
pub const MAX_OPERATION_BYTES: usize = 2 << 20;

/// The longest id, in bytes.
pub const MAX_ID_BYTES: usize = 512;

/// One versioned write.
///
/// The version rule is the same for both: the write holds when its version is at least the newest
/// one that the index saw for the id, deletes included. So the last version wins in whatever order
/// writes arrive, and a repeated write does no harm.
#[derive(Clone, Debug)]
pub enum Operation {
    /// Stores a document in place of the one with that id.
    Put {
        /// The document's id, 1 to 512 bytes.
        id: String,
        /// Not negative.
        version: i64,
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

    /// What it takes in a bulk request, at most.
    pub(crate) fn size(&self) -> usize {
        const ACTION: usize = 96;
        // every byte of an id may need an escape
        ACTION + self.id().len() * 6 + self.document().map_or(0, |document| document.get().len())
    }

    /// The outcome of an operation that no backend needs to see.
    pub(crate) fn refused(&self) -> Option<Outcome> {
        let rejected = |reason: &str| {
            Some(Outcome::Rejected {
                reason: reason.to_owned(),
            })
        };
        if self.id().is_empty() || self.id().len() > MAX_ID_BYTES {
            return rejected("an id takes 1 to 512 bytes");
        }
        if self.version() < 0 {
            return rejected("a version is not negative");
        }
        if self
            .document()
            .is_some_and(|document| !document.get().trim_start().starts_with('{'))
        {
            return rejected("a document is a JSON object");
        }
        (self.size() > MAX_OPERATION_BYTES).then_some(Outcome::TooLarge)
    }
}
