//! Turns lapin's errors into ours, and gives every wait for the broker its deadline.

use std::time::Duration;

use lapin::ErrorKind as Cause;
use sixplay_core::{Error, ErrorKind, Result};

use super::ANSWER;

/// Waits for the broker's answer.
pub(super) async fn within<T>(
    operation: &'static str,
    answer: impl Future<Output = lapin::Result<T>>,
) -> Result<T> {
    deadline(operation, ANSWER, answer)
        .await?
        .map_err(|error| failure(operation, error))
}

/// Waits for `work` for so long.
pub(super) async fn deadline<T>(
    operation: &'static str,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Result<T> {
    tokio::time::timeout(limit, work).await.map_err(|_| {
        Error::timeout(operation, "the broker did not answer in time")
            .with("seconds", limit.as_secs())
    })
}

pub(super) fn failure(operation: &'static str, error: lapin::Error) -> Error {
    let (kind, message) = match error.kind() {
        Cause::ProtocolError(reply) => refusal(reply.get_id()),
        Cause::AuthProviderError(_) => (ErrorKind::Forbidden, "the broker refuses the login"),
        Cause::ParsingError(_) | Cause::InvalidProtocolVersion(_) => {
            (ErrorKind::Corrupt, "this is not the protocol of RabbitMQ")
        }
        Cause::SerialisationError(_) => (ErrorKind::Invalid, "the message cannot be written"),
        Cause::NoDefaultRuntime | Cause::FutureCompleted => {
            (ErrorKind::Unexpected, "the driver failed")
        }
        _ => (
            ErrorKind::Unavailable,
            "the connection to the broker is lost",
        ),
    };
    Error::new(kind, operation, message).with_source(error)
}

/// By AMQP's reply codes.
fn refusal(code: u16) -> (ErrorKind, &'static str) {
    match code {
        311 => (ErrorKind::TooLarge, "the broker refuses the size"),
        403 => (ErrorKind::Forbidden, "the broker refuses access"),
        404 => (ErrorKind::NotFound, "the broker has no such queue"),
        405 => (ErrorKind::Conflict, "another connection owns the queue"),
        406 => (
            ErrorKind::Conflict,
            "the queue exists with other properties",
        ),
        530 => (ErrorKind::Config, "the broker has no such virtual host"),
        501..=505 | 540 => (ErrorKind::Unexpected, "the broker refuses what was sent"),
        _ => (ErrorKind::Unavailable, "the broker closes the connection"),
    }
}
