//! The outcomes in a bulk request's answer.

use serde::Deserialize;
use sixplay_core::{Error, Result};

use super::answer::ErrorCause;
use crate::Outcome;

/// What the errors of a bulk request name.
pub(super) const OPERATION: &str = "index.apply";

/// One item for each operation, in their order.
#[derive(Deserialize)]
struct BulkAnswer {
    items: Vec<BulkItem>,
}

/// An item is named after what was done.
#[derive(Deserialize)]
struct BulkItem {
    #[serde(alias = "delete")]
    index: ItemResult,
}

#[derive(Deserialize)]
struct ItemResult {
    status: u16,
    error: Option<ErrorCause>,
}

/// The outcomes of `sent` operations, behind which a `guarded` request has one more item.
pub(super) fn read_outcomes(body: &[u8], sent: usize, guarded: bool) -> Result<Vec<Outcome>> {
    let corrupt = |message: &'static str| Error::corrupt(OPERATION, message);
    let unreadable = |error| corrupt("the server's answer cannot be read").with_source(error);
    let BulkAnswer { items } = serde_json::from_slice(body).map_err(unreadable)?;
    if items.len() != sent + usize::from(guarded) {
        let message = "the server answered another number of operations than sent";
        return Err(corrupt(message));
    }
    let results = items.into_iter().map(|item| item.index);
    results.take(sent).map(ItemResult::into_outcome).collect()
}

impl ItemResult {
    /// The outcome of one operation; a missing index fails the whole call.
    fn into_outcome(self) -> Result<Outcome> {
        let reason = self.error.as_ref().map(ErrorCause::reason_in_one_line);
        let reason = reason.unwrap_or_default();
        Ok(match (self.status, self.error) {
            (200..300, _) => Outcome::Done,
            (404, Some(cause)) if cause.is_missing_index() => {
                return Err(Error::not_found(OPERATION, "there is no such index"));
            }
            // a delete of what is not there
            (404, None) => Outcome::Done,
            (409, _) => Outcome::Superseded,
            (413, _) => Outcome::TooLarge,
            (429 | 500.., _) => Outcome::retry(reason),
            _ => Outcome::rejected(reason),
        })
    }
}
