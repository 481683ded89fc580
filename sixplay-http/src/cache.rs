//! How long an answer may be kept: the shorter of the client's cache time and what the handler
//! knows of its document.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header::CACHE_CONTROL};

/// Put into a response's extensions by a handler that knows when its answer stops being true;
/// shortens the cache time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidFor(pub Duration);

/// Adds `Cache-Control` unless the handler set one: `public, max-age=…`, or `no-store` when nothing
/// is left of the time.
///
/// There is no `Vary`: answers differ by client, and the client is the host, which every cache has
/// in its key already.
pub(crate) fn apply(headers: &mut HeaderMap, seconds: u32, valid: Option<ValidFor>) {
    if headers.contains_key(CACHE_CONTROL) {
        return;
    }
    let seconds = valid.map_or(u64::from(seconds), |ValidFor(rest)| {
        rest.as_secs().min(seconds.into())
    });
    let value = match seconds {
        0 => HeaderValue::from_static("no-store"),
        seconds => HeaderValue::try_from(format!("public, max-age={seconds}"))
            .unwrap_or(HeaderValue::from_static("no-store")),
    };
    headers.insert(CACHE_CONTROL, value);
}
