//! The bodies of errors, in both formats.

use std::borrow::Cow;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};
use serde::{Serialize, Serializer};
use sixplay_core::Error;

use super::ErrorFormat;

/// An error as a client may see it, before its format is chosen.
pub(super) struct ErrorAnswer<'a> {
    status: StatusCode,
    code: &'a str,
    detail: &'a str,
    path: &'a str,
    faults: Vec<InputFault<'a>>,
}

impl<'a> ErrorAnswer<'a> {
    pub(super) fn new(status: StatusCode, code: &'a str, detail: &'a str, path: &'a str) -> Self {
        Self {
            status,
            code,
            detail,
            path,
            faults: Vec::new(),
        }
    }

    /// Names what is wrong in the request, place by place.
    pub(super) fn with_faults(self, faults: Vec<InputFault<'a>>) -> Self {
        Self { faults, ..self }
    }

    /// The whole answer in `format`, never to be kept.
    pub(super) fn write_in(&self, format: ErrorFormat) -> Response<Bytes> {
        let (media, body) = match format {
            ErrorFormat::Problem => ("application/problem+json", self.encode_problem()),
            ErrorFormat::Historic => ("application/json", self.encode_historic()),
        };
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status;
        self.add_headers(response.headers_mut(), media);
        response
    }

    fn add_headers(&self, headers: &mut HeaderMap, media: &'static str) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
    }

    fn encode_problem(&self) -> Vec<u8> {
        encode_json(&ProblemBody {
            kind: "about:blank",
            title: reason_of(self.status),
            status: self.status.as_u16(),
            detail: self.detail,
            instance: self.path,
            code: self.code,
            errors: &self.faults,
        })
    }

    fn encode_historic(&self) -> Vec<u8> {
        encode_json(&HistoricBody {
            error: HistoricError {
                code: self.status.as_u16(),
                message: reason_of(self.status),
            },
        })
    }
}

/// Most characters of the request, or about it, in one string of an answer.
const MAX_ECHO: usize = 100;

/// `text`, cut where it is longer than what a person reads.
fn shorten(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_ECHO) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

fn serialize_short<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&shorten(text))
}

/// Strings and numbers only: nothing of it can fail to be written.
fn encode_json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

/// The status's own words.
pub(super) fn reason_of(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    #[serde(serialize_with = "serialize_short")]
    detail: &'a str,
    #[serde(serialize_with = "serialize_short")]
    instance: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [InputFault<'a>],
}

#[derive(Serialize)]
struct HistoricBody {
    error: HistoricError,
}

#[derive(Serialize)]
struct HistoricError {
    code: u16,
    message: &'static str,
}

/// One thing that is wrong in a request.
#[derive(Serialize)]
pub(super) struct InputFault<'a> {
    pub(super) source: FaultPlace<'a>,
    pub(super) code: &'a str,
    #[serde(serialize_with = "serialize_short")]
    pub(super) message: &'a str,
}

/// Where in the request: a query parameter, a member of the body, or a header.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FaultPlace<'a> {
    Parameter(#[serde(serialize_with = "serialize_short")] &'a str),
    Pointer(#[serde(serialize_with = "serialize_short")] &'a str),
    Header(#[serde(serialize_with = "serialize_short")] &'a str),
}

impl<'a> FaultPlace<'a> {
    fn from_context(key: &str, value: &'a str) -> Option<Self> {
        match key {
            "parameter" => Some(Self::Parameter(value)),
            "pointer" => Some(Self::Pointer(value)),
            "header" => Some(Self::Header(value)),
            _ => None,
        }
    }
}

/// The places that an error's context names, each with the `problem` that follows it, else with the
/// error's message.
pub(super) fn collect_faults(error: &Error) -> Vec<InputFault<'_>> {
    let mut faults: Vec<InputFault<'_>> = Vec::new();
    for (key, value) in error.context() {
        if let Some(source) = FaultPlace::from_context(key, value) {
            faults.push(InputFault {
                source,
                code: error.kind().as_str(),
                message: error.message(),
            });
        } else if let ("problem", Some(last)) = (key, faults.last_mut()) {
            last.message = value;
        }
    }
    faults
}
