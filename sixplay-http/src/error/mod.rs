//! The one place where errors become answers: status by kind, bodies in two formats, nothing
//! internal on the wire.

mod body;
mod formats;
mod refusal;

use bytes::Bytes;
use http::{Response, StatusCode};
use sixplay_core::{Error, ErrorKind};

pub(crate) use formats::ErrorFormats;
pub(crate) use refusal::{RequestRefusal, add_accept_patch};

use body::{ErrorAnswer, collect_faults, reason_of};

/// How errors are written.
///
/// | | media type | body |
/// |---|---|---|
/// | `Problem` | `application/problem+json` | `type`, `title`, `status`, `detail`, `instance`, … |
/// | `Historic` | `application/json` | `{"error":{"code":404,"message":"Not Found"}}` |
///
/// [`crate::Routes`], [`crate::DomainUserLayer`], [`crate::Dispatch`] and [`crate::Server`] each
/// take the format of the errors that they answer with themselves.
///
/// ```
/// use sixplay_core::Error;
/// use sixplay_http::ErrorFormat;
///
/// let error = Error::invalid("books.change", "a book needs a title")
///     .with("password", "hunter2")
///     .with("pointer", "/title")
///     .with("problem", "must not be empty");
/// let answer = ErrorFormat::Problem.render(&error, "/books/7");
/// assert_eq!(answer.status(), 400);
/// let problem: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
/// assert_eq!(
///     problem,
///     serde_json::json!({
///         "type": "about:blank",
///         "title": "Bad Request",
///         "status": 400,
///         "detail": "a book needs a title",
///         "instance": "/books/7",
///         "code": "invalid",
///         "errors": [{
///             "source": { "pointer": "/title" },
///             "code": "invalid",
///             "message": "must not be empty",
///         }],
///     })
/// );
///
/// let error = Error::unavailable("books.change", "no connection to 10.0.0.7");
/// let answer = ErrorFormat::Historic.render(&error, "/books/7");
/// assert_eq!(answer.headers()["retry-after"], "1");
/// assert_eq!(answer.body(), r#"{"error":{"code":503,"message":"Service Unavailable"}}"#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorFormat {
    /// `application/problem+json` of RFC 9457, with `code` (the [`ErrorKind`]'s name) and `errors`,
    /// one entry for each wrong parameter, member or header.
    Problem,
    /// `{"error":{"code":404,"message":"Not Found"}}`, the message always the status's own words.
    Historic,
}

impl ErrorFormat {
    /// The answer to a request for `path` that failed with `error`; its status is [`status`]'s.
    ///
    /// Below 500 the error's message is sent, and of its context only `parameter`, `pointer` and
    /// `header`, each with the `problem` that follows it; of each text the first 100 characters.
    /// From 500 on nothing of it is sent: the error is logged whole. Never cacheable; 503 tells to
    /// come again in a second.
    pub fn render(self, error: &Error, path: &str) -> Response<Bytes> {
        let status = status(error.kind());
        log_answered(error, path, status);
        let code = error.kind().as_str();
        if status.is_server_error() {
            return ErrorAnswer::new(status, code, reason_of(status), path).write_in(self);
        }
        ErrorAnswer::new(status, code, error.message(), path)
            .with_faults(collect_faults(error))
            .write_in(self)
    }
}

fn log_answered(error: &Error, path: &str, status: StatusCode) {
    let code = status.as_u16();
    if status.is_server_error() {
        tracing::error!(%error, path, status = code, "request failed");
    } else {
        tracing::debug!(%error, path, status = code, "request refused");
    }
}

/// The status that answers an error of `kind`.
///
/// | kind | status |
/// |---|---|
/// | `Invalid` | 400 |
/// | `Forbidden` | 403 |
/// | `NotFound` | 404 |
/// | `Conflict` | 409 |
/// | `Gone` | 410 |
/// | `TooLarge` | 413 |
/// | `Unsupported` | 501 |
/// | `Unavailable`, `Timeout` | 503: what failed is behind this server |
/// | `Config`, `Corrupt`, `Unexpected` | 500: nothing about the caller's request |
///
/// ```
/// use sixplay_core::ErrorKind;
///
/// assert_eq!(sixplay_http::status(ErrorKind::Gone), 410);
/// assert_eq!(sixplay_http::status(ErrorKind::Timeout), 503);
/// ```
pub fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Invalid => StatusCode::BAD_REQUEST,
        ErrorKind::Forbidden => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::Gone => StatusCode::GONE,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::Unsupported => StatusCode::NOT_IMPLEMENTED,
        ErrorKind::Unavailable | ErrorKind::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
