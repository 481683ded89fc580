//! Turns lapin's errors into ours.

use lapin::ErrorKind as Cause;
use sixplay_core::{Error, ErrorKind, Result};

/// Waits for what the broker answers to `operation`; the caller sets the deadline.
pub(super) async fn broker_answer<T>(
    operation: &'static str,
    answer: impl Future<Output = lapin::Result<T>>,
) -> Result<T> {
    answer
        .await
        .map_err(|error| broker_failure(operation, error))
}

/// The error of `operation` that lapin's is; a reply of the broker is read by its code.
pub(super) fn broker_failure(operation: &'static str, error: lapin::Error) -> Error {
    let (kind, message) = describe_cause(error.kind());
    Error::new(kind, operation, message).with_source(error)
}

/// By what failed; anything that is not understood is taken for a lost connection.
fn describe_cause(cause: &Cause) -> (ErrorKind, &'static str) {
    match cause {
        Cause::ProtocolError(reply) => describe_reply(reply.get_id()),
        Cause::AuthProviderError(_) => (ErrorKind::Forbidden, "the broker refuses the login"),
        Cause::ParsingError(_) | Cause::InvalidProtocolVersion(_) => {
            (ErrorKind::Corrupt, "this is not the protocol of RabbitMQ")
        }
        Cause::SerialisationError(_) => (ErrorKind::Invalid, "the message cannot be written"),
        Cause::NoDefaultRuntime | Cause::FutureCompleted => {
            (ErrorKind::Unexpected, "the driver failed")
        }
        _ => {
            let lost = "the connection to the broker is lost";
            (ErrorKind::Unavailable, lost)
        }
    }
}

/// By AMQP's reply codes.
fn describe_reply(code: u16) -> (ErrorKind, &'static str) {
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
