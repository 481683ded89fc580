//! The one place where errors become answers: status by kind, bodies in two formats, nothing
//! internal on the wire.

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use serde::Serialize;
use sixplay_core::{Error, ErrorKind};

/// How a route table writes its errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorFormat {
    /// `application/problem+json` of RFC 9457, with `code` (the [`ErrorKind`]'s name) and `errors`,
    /// one entry for each wrong parameter, member or header.
    Problem,
    /// `{"error":{"code":404,"message":"Not Found"}}`, the message always the status's own words.
    Historic,
}

/// The status of an error.
///
/// `Unavailable` and `Timeout` are 503: what failed is behind this server. A kind that says nothing
/// about the caller's request is 500.
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

impl ErrorFormat {
    /// The answer to a request for `path` that failed with `error`.
    ///
    /// Below 500 the error's message is sent, and of its context only `parameter`, `pointer` and
    /// `header`, each with the `problem` that follows it; from 500 on, nothing of it: the error is
    /// logged whole. Never cacheable; 503 tells to come again in a second.
    pub fn render(self, error: &Error, path: &str) -> Response<Bytes> {
        let status = status(error.kind());
        if status.is_server_error() {
            tracing::error!(%error, path, status = status.as_u16(), "request failed");
            return self.write(status, error.kind().as_str(), reason(status), &[], path);
        }
        tracing::debug!(%error, path, status = status.as_u16(), "request refused");
        self.write(
            status,
            error.kind().as_str(),
            error.message(),
            &entries(error),
            path,
        )
    }

    fn write(
        self,
        status: StatusCode,
        code: &str,
        detail: &str,
        errors: &[Entry<'_>],
        instance: &str,
    ) -> Response<Bytes> {
        let (title, number) = (reason(status), status.as_u16());
        let (media, body) = match self {
            Self::Problem => {
                let problem = Problem {
                    kind: "about:blank",
                    title,
                    status: number,
                    detail,
                    instance,
                    code,
                    errors,
                };
                ("application/problem+json", serde_json::to_vec(&problem))
            }
            Self::Historic => (
                "application/json",
                serde_json::to_vec(&Historic {
                    error: Words {
                        code: number,
                        message: title,
                    },
                }),
            ),
        };
        let mut response = Response::new(Bytes::from(body.unwrap_or_default()));
        *response.status_mut() = status;
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(media));
        response
            .headers_mut()
            .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Why a request gets no answer from its handler.
pub(crate) enum Refusal {
    Error(Error),
    /// The path is known, the method is not; holds the value of `Allow`.
    Method(String),
    /// The body's media type is not the one that the route takes, or the body is encoded.
    Media(&'static str),
    /// The head of the request is over the limit (431) or cannot be read.
    Head(StatusCode),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl Refusal {
    pub(crate) fn render(&self, format: ErrorFormat, path: &str) -> Response<Bytes> {
        match self {
            Self::Error(error) => format.render(error, path),
            Self::Method(allow) => {
                let detail = "the resource does not take this method";
                let mut response = format.write(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "method_not_allowed",
                    detail,
                    &[],
                    path,
                );
                response.headers_mut().extend(
                    HeaderValue::from_str(allow)
                        .ok()
                        .map(|allow| (ALLOW, allow)),
                );
                response
            }
            Self::Media(expected) => {
                let detail = format!("the body must be {expected}, not encoded");
                let entry = Entry {
                    source: Source {
                        header: Some("content-type"),
                        ..Source::default()
                    },
                    code: "media_type",
                    message: &detail,
                };
                format.write(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "media_type",
                    &detail,
                    &[entry],
                    path,
                )
            }
            Self::Head(status @ StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE) => format.write(
                *status,
                "too_large",
                "the request's head is over the limit",
                &[],
                path,
            ),
            Self::Head(status) => format.write(
                *status,
                "invalid",
                "the request's head is no HTTP",
                &[],
                path,
            ),
        }
    }
}

#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [Entry<'a>],
}

#[derive(Serialize)]
struct Entry<'a> {
    source: Source<'a>,
    code: &'a str,
    message: &'a str,
}

#[derive(Default, Serialize)]
struct Source<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    parameter: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'a str>,
}

#[derive(Serialize)]
struct Historic {
    error: Words,
}

#[derive(Serialize)]
struct Words {
    code: u16,
    message: &'static str,
}

fn entries(error: &Error) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for (key, value) in error.context() {
        let source = match key {
            "parameter" => Source {
                parameter: Some(value),
                ..Source::default()
            },
            "pointer" => Source {
                pointer: Some(value),
                ..Source::default()
            },
            "header" => Source {
                header: Some(value),
                ..Source::default()
            },
            "problem" => {
                entries
                    .last_mut()
                    .into_iter()
                    .for_each(|entry| entry.message = value);
                continue;
            }
            _ => continue,
        };
        entries.push(Entry {
            source,
            code: error.kind().as_str(),
            message: error.message(),
        });
    }
    entries
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}
