//! Head and body of a request, within their limits.

use bytes::Bytes;
use http::{
    StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, TRANSFER_ENCODING},
    request::Parts,
};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use sixplay_core::{Error, Result};

use super::Route;
use crate::{Limits, answer::BoxError, error::RequestRefusal};

/// Refuses a head of more than `limits.header` bytes, and a body whose length is not told by
/// `Content-Length` or `chunked` alone.
pub(super) fn require_sound_head(parts: &Parts, limits: Limits) -> Result<(), RequestRefusal> {
    let status = match parts {
        _ if measure_target(parts) > limits.header => StatusCode::URI_TOO_LONG,
        _ if measure_head(parts) > limits.header => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        _ => return require_known_coding(parts),
    };
    Err(RequestRefusal::BadHead(status))
}

/// Refuses every transfer coding but `chunked`, once: what another one hides is not seen here, but
/// may have been by a proxy.
fn require_known_coding(parts: &Parts) -> Result<(), RequestRefusal> {
    let codings = parts.headers.get_all(TRANSFER_ENCODING).iter();
    let codings = codings.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    let (chunked, others): (Vec<&[u8]>, Vec<&[u8]>) = codings
        .map(<[u8]>::trim_ascii)
        .partition(|coding| coding.eq_ignore_ascii_case(b"chunked"));
    match (chunked.len(), others.len()) {
        (0 | 1, 0) => Ok(()),
        (_, 0) => Err(RequestRefusal::BadHead(StatusCode::BAD_REQUEST)),
        _ => Err(RequestRefusal::BadHead(StatusCode::NOT_IMPLEMENTED)),
    }
}

/// The bytes of target and headers as HTTP/1 writes them.
fn measure_head(parts: &Parts) -> usize {
    let fields = parts.headers.iter();
    let headers: usize = fields
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    headers + measure_target(parts)
}

fn measure_target(parts: &Parts) -> usize {
    parts.uri.path().len() + parts.uri.query().map_or(0, str::len)
}

/// Refuses a body that is encoded or of another media type than the route's, if it names any.
pub(super) fn require_media(parts: &Parts, route: &Route) -> Result<(), RequestRefusal> {
    if route.consumes.is_empty() {
        return Ok(());
    }
    if parts.headers.get_all(CONTENT_TYPE).iter().count() > 1 {
        let message = "the request has more than one content-type";
        let error = Error::invalid("routes.media", message).with("header", "content-type");
        return Err(error.into());
    }
    match route.consumes.iter().any(|media| has_media(parts, media)) {
        _ if is_encoded(parts) => Err(RequestRefusal::EncodedBody),
        true => Ok(()),
        false => Err(RequestRefusal::WrongMedia {
            method: route.method.clone(),
            expected: route.consumes.join(", "),
        }),
    }
}

fn is_encoded(parts: &Parts) -> bool {
    let mut codings = parts.headers.get_all(CONTENT_ENCODING).iter();
    codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

fn has_media(parts: &Parts, media: &str) -> bool {
    let given = header_text(parts, CONTENT_TYPE).unwrap_or_default();
    let (essence, _) = given.split_once(';').unwrap_or((given, ""));
    essence.trim().eq_ignore_ascii_case(media)
}

/// The whole body.
///
/// # Errors
/// A slow body when it has not come within `limits.deadline`; else as [`read_body`].
pub(super) async fn collect_body<B>(
    body: B,
    parts: &Parts,
    limits: Limits,
) -> Result<Bytes, RequestRefusal>
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    let read = tokio::time::timeout(limits.deadline, read_body(body, parts, limits)).await;
    Ok(read.map_err(|_| RequestRefusal::SlowBody)??)
}

/// The whole body.
///
/// # Errors
/// `TooLarge` over `limits.body`, by its announced length before it is read; `Invalid` when it
/// breaks off.
async fn read_body<B>(body: B, parts: &Parts, limits: Limits) -> Result<Bytes>
where
    B: Body + Send + 'static,
    B::Error: Into<BoxError>,
{
    if announced_length(parts).is_some_and(|length| length > limits.body as u64) {
        return Err(refuse_size(limits));
    }
    match Limited::new(body, limits.body).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(refuse_size(limits)),
        Err(error) => {
            Err(Error::invalid("routes.body", "the body cannot be read").with_source(error))
        }
    }
}

fn announced_length(parts: &Parts) -> Option<u64> {
    header_text(parts, CONTENT_LENGTH)?.parse().ok()
}

fn header_text(parts: &Parts, name: HeaderName) -> Option<&str> {
    parts.headers.get(name)?.to_str().ok()
}

fn refuse_size(limits: Limits) -> Error {
    Error::too_large("routes.body", "the body is over the limit").with("limit", limits.body)
}
