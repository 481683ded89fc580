//! Head and body of a request, within their limits.

use bytes::Bytes;
use http::{
    StatusCode,
    header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName},
    request::Parts,
};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use sixplay_core::{Error, Result};

use super::Route;
use crate::{Limits, answer::BoxError, error::RequestRefusal};

/// Refuses a head of more than `limits.header` bytes.
pub(super) fn require_small_head(parts: &Parts, limits: Limits) -> Result<(), RequestRefusal> {
    if measure_head(parts) <= limits.header {
        return Ok(());
    }
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    Err(RequestRefusal::BadHead(status))
}

/// The bytes of target and headers as HTTP/1 writes them.
fn measure_head(parts: &Parts) -> usize {
    let fields = parts.headers.iter();
    let headers: usize = fields
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    headers + parts.uri.path().len() + parts.uri.query().map_or(0, str::len)
}

/// Refuses a body that is encoded or of another media type than the route's, if it names one.
pub(super) fn require_media(parts: &Parts, route: &Route) -> Result<(), RequestRefusal> {
    match route.consumes {
        Some(_) if is_encoded(parts) => Err(RequestRefusal::EncodedBody),
        Some(media) if !has_media(parts, media) => Err(RequestRefusal::WrongMedia(media)),
        _ => Ok(()),
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
/// `TooLarge` over `limits.body`, by its announced length before it is read; `Invalid` when it
/// breaks off.
pub(super) async fn collect_body<B>(body: B, parts: &Parts, limits: Limits) -> Result<Bytes>
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
