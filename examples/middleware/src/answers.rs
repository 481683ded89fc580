//! Composed documents as answers.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use sixplay_core::{Error, Result, jiff::Timestamp};
use sixplay_http::{ValidFor, json};
use sixplay_index::RawValue;

use crate::{
    documents::{Document, earliest},
    scope::Scope,
};

/// The answer with one document.
pub(crate) fn answer_one(document: &Document<'_>, scope: &Scope<'_>) -> Result<Response<Bytes>> {
    let answer = json(document.compose(scope)?);
    Ok(hold_until(answer, document.valid_until(scope), scope.now))
}

/// The answer with documents in an array, which others join or leave at `turn`.
pub(crate) fn answer_all(
    raws: &[Box<RawValue>],
    turn: Option<Timestamp>,
    scope: &Scope<'_>,
) -> Result<Response<Bytes>> {
    let (mut array, mut until) = (start_array(raws), turn);
    for raw in raws {
        let document = Document::read(raw)?;
        if array.len() > 1 {
            array.push(b',');
        }
        array.extend(document.compose(scope)?);
        until = earliest([until, document.valid_until(scope)]);
    }
    array.push(b']');
    Ok(hold_until(json(array), until, scope.now))
}

/// An array's beginning, with room for all that may follow.
fn start_array(raws: &[Box<RawValue>]) -> Vec<u8> {
    let length: usize = raws.iter().map(|raw| raw.get().len()).sum();
    let mut array = Vec::with_capacity(2 + length);
    array.push(b'[');
    array
}

/// The answer with texts in an array, which others join or leave at `turn`.
pub(crate) fn answer_texts(
    texts: &[String],
    turn: Option<Timestamp>,
    scope: &Scope<'_>,
) -> Result<Response<Bytes>> {
    let failed = || Error::unexpected("middleware.answer", "cannot write the texts");
    let written = serde_json::to_vec(texts).map_err(|error| failed().with_source(error))?;
    Ok(hold_until(json(written), turn, scope.now))
}

/// Lets no cache keep the answer, which was made at `now`, beyond `until`.
fn hold_until(
    mut answer: Response<Bytes>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> Response<Bytes> {
    if let Some(until) = until {
        let rest = Duration::try_from(until.duration_since(now));
        let rest = ValidFor(rest.unwrap_or_default());
        answer.extensions_mut().insert(rest);
    }
    answer
}
