//! Requests that get no answer from a handler.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{ALLOW, HeaderName},
};
use sixplay_core::Error;

use super::{
    ErrorFormat,
    body::{ErrorAnswer, FaultPlace, InputFault},
};

/// Why a request gets no answer from its handler.
pub(crate) enum RequestRefusal {
    /// An error, with the status of its kind.
    Failed(Error),
    /// The path is known, the method is not; holds the value of `Allow`.
    UnknownMethod(String),
    /// The body's media type is none of those that the route takes.
    WrongMedia { method: Method, expected: String },
    /// The body has a content coding.
    EncodedBody,
    /// The header asks for a state that the resource is not known to be in.
    FailedCondition(HeaderName),
    /// The request is for a host that is not ours.
    Misdirected,
    /// The body has not come in time.
    SlowBody,
    /// The head of the request is over the limit (414, 431), frames its body in a way that is not
    /// taken (501), or cannot be read.
    BadHead(StatusCode),
}

impl From<Error> for RequestRefusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl RequestRefusal {
    /// Whether nothing that comes after the request on its connection can be trusted to be one.
    pub(crate) fn ends_connection(&self) -> bool {
        matches!(self, Self::SlowBody | Self::BadHead(_))
    }

    /// The answer to a request for `path`.
    pub(crate) fn render(&self, format: ErrorFormat, path: &str) -> Response<Bytes> {
        let plain = |status: StatusCode, code: &str, detail: &str| {
            ErrorAnswer::new(status, code, detail, path).write_in(format)
        };
        let response = match self {
            // logs it, too
            Self::Failed(error) => return format.render(error, path),
            Self::UnknownMethod(allow) => render_unknown_method(allow, format, path),
            Self::WrongMedia { method, expected } => {
                let detail = format!("the body must be one of: {expected}");
                let mut response = render_unsupported("content-type", &detail, format, path);
                if *method == Method::PATCH {
                    add_accept_patch(response.headers_mut(), expected);
                }
                response
            }
            Self::EncodedBody => {
                let detail = "the body must not be encoded";
                render_unsupported("content-encoding", detail, format, path)
            }
            Self::FailedCondition(header) => render_failed_condition(header, format, path),
            Self::Misdirected => {
                let detail = "the host is none of this server's";
                plain(StatusCode::MISDIRECTED_REQUEST, "misdirected", detail)
            }
            Self::SlowBody => {
                let detail = "the body did not come in time";
                plain(StatusCode::REQUEST_TIMEOUT, "slow_body", detail)
            }
            Self::BadHead(status) => {
                let (code, detail) = describe_head(*status);
                plain(*status, code, detail)
            }
        };
        let status = response.status().as_u16();
        tracing::debug!(path, status, "request refused");
        response
    }
}

fn render_unknown_method(allow: &str, format: ErrorFormat, path: &str) -> Response<Bytes> {
    let (status, code) = (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
    let detail = "the resource does not take this method";
    let mut response = ErrorAnswer::new(status, code, detail, path).write_in(format);
    if let Ok(allow) = HeaderValue::from_str(allow) {
        response.headers_mut().insert(ALLOW, allow);
    }
    response
}

fn render_failed_condition(
    header: &HeaderName,
    format: ErrorFormat,
    path: &str,
) -> Response<Bytes> {
    let code = "precondition_failed";
    let detail = "the condition does not hold: answers have no tags and no dates to compare";
    let fault = InputFault {
        source: FaultPlace::Header(header.as_str()),
        code,
        message: detail,
    };
    ErrorAnswer::new(StatusCode::PRECONDITION_FAILED, code, detail, path)
        .with_faults(vec![fault])
        .write_in(format)
}

/// 415, by what the header tells of the body.
fn render_unsupported(
    header: &'static str,
    detail: &str,
    format: ErrorFormat,
    path: &str,
) -> Response<Bytes> {
    let (status, code) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type");
    let fault = InputFault {
        source: FaultPlace::Header(header),
        code,
        message: detail,
    };
    ErrorAnswer::new(status, code, detail, path)
        .with_faults(vec![fault])
        .write_in(format)
}

/// The media types of a `PATCH`, between commas (RFC 5789 §3.1).
pub(crate) fn add_accept_patch(headers: &mut HeaderMap, media: &str) {
    if let Ok(media) = HeaderValue::from_str(media) {
        headers.insert("accept-patch", media);
    }
}

fn describe_head(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            ("too_large", "the request's head is over the limit")
        }
        StatusCode::URI_TOO_LONG => ("too_large", "the request's target is over the limit"),
        StatusCode::NOT_IMPLEMENTED => ("unsupported", "the body's transfer coding is not taken"),
        _ => ("invalid", "the request's head is no HTTP"),
    }
}
