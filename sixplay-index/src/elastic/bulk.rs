//! Bulk requests of bounded size, and an outcome for each operation.

use std::time::Duration;

use ::elasticsearch::{
    BulkDeleteOperation, BulkOperation, BulkOperations, BulkParts, http::Method,
    http::request::Body, params::VersionType,
};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sixplay_core::{Error, ErrorKind, Result};

use super::{
    answer::{Cause, failure},
    nodes::{Answer, Call, Nodes},
};
use crate::{MAX_OPERATION_BYTES, Operation, Outcome};

const MAX_COUNT: usize = 500;

/// How often a request that found no time is cut in two.
const CUTS: u32 = 2;

const OPERATION: &str = "index.apply";

pub(super) async fn apply(
    nodes: &Nodes,
    deadline: Duration,
    alias: &str,
    operations: &[Operation],
) -> Result<Vec<Outcome>> {
    let bulk = Bulk {
        nodes,
        deadline,
        alias,
    };
    let mut outcomes = Vec::with_capacity(operations.len());
    for piece in pieces(operations) {
        outcomes.extend(bulk.send(piece, CUTS).await?);
    }
    Ok(outcomes)
}

/// Cuts before the operation that would be one too many or too large.
fn pieces(operations: &[Operation]) -> Vec<&[Operation]> {
    let (mut pieces, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (position, operation) in operations.iter().enumerate() {
        if position - start == MAX_COUNT
            || (bytes + operation.size() > MAX_OPERATION_BYTES && position > start)
        {
            pieces.push(&operations[start..position]);
            (start, bytes) = (position, 0);
        }
        bytes += operation.size();
    }
    pieces.push(&operations[start..]);
    pieces
}

struct Bulk<'a> {
    nodes: &'a Nodes,
    deadline: Duration,
    alias: &'a str,
}

impl Bulk<'_> {
    async fn send(&self, operations: &[Operation], cuts: u32) -> Result<Vec<Outcome>> {
        match self.request(operations).await {
            Ok(answer) => match answer.status {
                413 if operations.len() == 1 => Ok(vec![Outcome::TooLarge]),
                413 => self.halves(operations, cuts).await,
                429 | 503 => {
                    let reason = failure(OPERATION, answer.status, &answer.body).to_string();
                    Ok(vec![Outcome::Retry { reason }; operations.len()])
                }
                _ => outcomes(operations, &answer),
            },
            Err(error)
                if error.kind() == ErrorKind::Timeout && operations.len() > 1 && cuts > 0 =>
            {
                self.halves(operations, cuts - 1).await
            }
            Err(error) => Err(error),
        }
    }

    async fn halves(&self, operations: &[Operation], cuts: u32) -> Result<Vec<Outcome>> {
        let (first, second) = operations.split_at(operations.len() / 2);
        let mut outcomes = Box::pin(self.send(first, cuts)).await?;
        outcomes.extend(Box::pin(self.send(second, cuts)).await?);
        Ok(outcomes)
    }

    async fn request(&self, operations: &[Operation]) -> Result<Answer> {
        let call = Call::new(
            OPERATION,
            Method::Post,
            BulkParts::Index(self.alias).url(),
            self.deadline,
        );
        let call = call
            .query("require_alias", "true")
            .query("filter_path", FILTER)
            .bytes(body(operations)?);
        self.nodes.send(&call).await
    }
}

const FILTER: &str =
    "items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason";

fn body(operations: &[Operation]) -> Result<Bytes> {
    let mut body = BulkOperations::new();
    for operation in operations {
        let (id, version, gte) = (
            operation.id(),
            operation.version(),
            VersionType::ExternalGte,
        );
        let pushed = match operation.document() {
            Some(document) => body.push(
                BulkOperation::index(one_line(document)?.as_ref())
                    .id(id)
                    .version(version)
                    .version_type(gte),
            ),
            None => body.push(
                BulkDeleteOperation::<&RawValue>::new(id)
                    .version(version)
                    .version_type(gte),
            ),
        };
        pushed.map_err(unwritable)?;
    }
    if guarded(operations) {
        body.push(BulkOperation::index(GUARD).id("guard"))
            .map_err(unwritable)?;
    }
    Ok(body.bytes().unwrap_or_default())
}

/// The strict mapping refuses it.
const GUARD: Guard = Guard {
    sixplay_guard: true,
};

#[derive(Serialize)]
struct Guard {
    sixplay_guard: bool,
}

/// `require_alias` binds puts alone, and a versioned delete makes a missing index as a put does;
/// one put binds its whole request.
fn guarded(operations: &[Operation]) -> bool {
    operations
        .iter()
        .all(|operation| operation.document().is_none())
}

/// The document without line ends, which a bulk request uses as separators; in JSON they are only
/// ever white space.
fn one_line(document: &RawValue) -> Result<std::borrow::Cow<'_, RawValue>> {
    if !document.get().contains(['\n', '\r']) {
        return Ok(std::borrow::Cow::Borrowed(document));
    }
    RawValue::from_string(document.get().replace(['\n', '\r'], " "))
        .map(std::borrow::Cow::Owned)
        .map_err(unwritable)
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unexpected(OPERATION, "a bulk request cannot be written").with_source(error)
}

#[derive(Deserialize)]
struct Items {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(alias = "delete")]
    index: Done,
}

#[derive(Deserialize)]
struct Done {
    status: u16,
    error: Option<Cause>,
}

fn outcomes(operations: &[Operation], answer: &Answer) -> Result<Vec<Outcome>> {
    if answer.status != 200 {
        return Err(failure(OPERATION, answer.status, &answer.body));
    }
    let corrupt = |message: &'static str| Error::corrupt(OPERATION, message);
    let items: Items = serde_json::from_slice(&answer.body)
        .map_err(|error| corrupt("the server's answer cannot be read").with_source(error))?;
    if items.items.len() != operations.len() + usize::from(guarded(operations)) {
        return Err(corrupt(
            "the server answered another number of operations than sent",
        ));
    }
    items
        .items
        .into_iter()
        .take(operations.len())
        .map(|item| outcome(item.index))
        .collect()
}

fn outcome(done: Done) -> Result<Outcome> {
    let reason = done.error.as_ref().map(Cause::text).unwrap_or_default();
    Ok(match (done.status, done.error) {
        (200..300, _) => Outcome::Done,
        (404, Some(cause)) if cause.kind == "index_not_found_exception" => {
            return Err(Error::not_found(OPERATION, "there is no such index"));
        }
        // a delete of what is not there
        (404, None) => Outcome::Done,
        (409, _) => Outcome::Superseded,
        (413, _) => Outcome::TooLarge,
        (429 | 500.., _) => Outcome::Retry { reason },
        _ => Outcome::Rejected { reason },
    })
}
