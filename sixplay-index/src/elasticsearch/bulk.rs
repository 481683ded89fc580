//! Bulk requests of bounded size, and an outcome for each operation.
//!
//! A request is lines of JSON: what to do, then for a put the document. It is written once,
//! straight into the buffer that is sent.

use std::time::Duration;

use ::elasticsearch::{BulkParts, http::Method};
use serde::Serialize;
use sixplay_core::{Error, ErrorKind, Result};

use super::{
    answer::error_of,
    call::{ServerAnswer, ServerCall},
    item::{OPERATION, read_outcomes},
    nodes::Nodes,
};
use crate::{MAX_OPERATION_BYTES, Outcome, stored::CheckedOperation};

/// The most operations of one request.
const MAX_COUNT: usize = 500;

/// How often a request that found no time is cut in two.
const CUTS: u32 = 2;

/// The strict mapping refuses it.
const GUARD: &str = "{\"index\":{\"_id\":\"guard\"}}\n{\"sixplay_guard\":true}\n";

const READ_PARTS: &str =
    "items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason";

/// Writes to the alias by as many requests as the limits ask for, each of which ends at `limit`.
pub(super) async fn apply(
    nodes: &Nodes,
    alias: &str,
    operations: &[CheckedOperation<'_>],
    limit: Duration,
) -> Result<Vec<Outcome>> {
    let sender = BulkSender {
        nodes,
        alias,
        limit,
    };
    let mut outcomes = Vec::with_capacity(operations.len());
    for piece in pieces_of(operations) {
        outcomes.extend(sender.send(piece, CUTS).await?);
    }
    Ok(outcomes)
}

/// Cuts before the operation that would be one too many or too large.
fn pieces_of<'a, 'o>(operations: &'a [CheckedOperation<'o>]) -> Vec<&'a [CheckedOperation<'o>]> {
    let (mut pieces, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (position, operation) in operations.iter().enumerate() {
        let more = operation.most_bytes();
        let too_large = bytes + more > MAX_OPERATION_BYTES && position > start;
        if position - start == MAX_COUNT || too_large {
            pieces.push(&operations[start..position]);
            (start, bytes) = (position, 0);
        }
        bytes += more;
    }
    pieces.push(&operations[start..]);
    pieces
}

struct BulkSender<'a> {
    nodes: &'a Nodes,
    alias: &'a str,
    limit: Duration,
}

impl BulkSender<'_> {
    /// Sends a piece, in halves when it is too large or too slow as a whole.
    async fn send(&self, operations: &[CheckedOperation<'_>], cuts: u32) -> Result<Vec<Outcome>> {
        let several = operations.len() > 1;
        match self.send_once(operations).await {
            Ok(answer) if answer.status == 413 && several => {
                self.send_halves(operations, cuts).await
            }
            Ok(answer) => outcomes_of(operations, &answer),
            Err(error) if error.kind() == ErrorKind::Timeout && several && cuts > 0 => {
                self.send_halves(operations, cuts - 1).await
            }
            Err(error) => Err(error),
        }
    }

    /// One half after the other, as the order of operations must hold.
    async fn send_halves(
        &self,
        operations: &[CheckedOperation<'_>],
        cuts: u32,
    ) -> Result<Vec<Outcome>> {
        let (first, second) = operations.split_at(operations.len() / 2);
        let mut outcomes = Box::pin(self.send(first, cuts)).await?;
        outcomes.extend(Box::pin(self.send(second, cuts)).await?);
        Ok(outcomes)
    }

    /// Sends the operations in one request.
    async fn send_once(&self, operations: &[CheckedOperation<'_>]) -> Result<ServerAnswer> {
        let path = BulkParts::Index(self.alias).url();
        let call = ServerCall::new(OPERATION, Method::Post, path, self.limit)
            .query("require_alias", "true")
            .query("filter_path", READ_PARTS)
            .body_bytes(request_body(operations)?);
        self.nodes.send(&call).await
    }
}

/// A busy server asks for all operations again; another failure is that of the whole call.
fn outcomes_of(operations: &[CheckedOperation<'_>], answer: &ServerAnswer) -> Result<Vec<Outcome>> {
    let error = || error_of(OPERATION, answer.status, &answer.body);
    match answer.status {
        200 => read_outcomes(&answer.body, operations.len(), deletes_only(operations)),
        413 => Ok(vec![Outcome::TooLarge; operations.len()]),
        429 | 503 => Ok(vec![Outcome::retry(error().to_string()); operations.len()]),
        _ => Err(error()),
    }
}

/// `require_alias` binds puts alone, and a versioned delete makes a missing index as a put does;
/// one put binds its whole request. Requests without any end with one that is refused.
fn deletes_only(operations: &[CheckedOperation<'_>]) -> bool {
    let mut operations = operations.iter();
    operations.all(|operation| operation.document.is_none())
}

/// A line that says what to do, and for a put a line with the document, for each operation.
fn request_body(operations: &[CheckedOperation<'_>]) -> Result<Vec<u8>> {
    let most = operations.iter().map(CheckedOperation::most_bytes).sum();
    let mut body = Vec::with_capacity(most);
    for operation in operations {
        write_line(&mut body, &BulkAction::for_operation(operation))?;
        if let Some(document) = &operation.document {
            write_line(&mut body, document)?;
        }
    }
    if deletes_only(operations) {
        body.extend_from_slice(GUARD.as_bytes());
    }
    Ok(body)
}

/// Writes JSON in one line: its own line ends, which are only ever white space, become spaces.
fn write_line(body: &mut Vec<u8>, value: &impl Serialize) -> Result<()> {
    let start = body.len();
    serde_json::to_writer(&mut *body, value).map_err(|error| {
        Error::unexpected(OPERATION, "a bulk request cannot be written").with_source(error)
    })?;
    for byte in &mut body[start..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    body.push(b'\n');
    Ok(())
}

/// The line before a document, or the one for a delete.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum BulkAction<'a> {
    Index(BulkTarget<'a>),
    Delete(BulkTarget<'a>),
}

#[derive(Serialize)]
struct BulkTarget<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    version: i64,
    version_type: &'static str,
}

impl<'a> BulkAction<'a> {
    fn for_operation(operation: &CheckedOperation<'a>) -> Self {
        let target = BulkTarget {
            id: operation.id,
            version: operation.version,
            version_type: "external_gte",
        };
        match operation.document {
            Some(_) => Self::Index(target),
            None => Self::Delete(target),
        }
    }
}
