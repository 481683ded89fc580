//! Who may keep an answer, and how long: the shorter of the client's cache time and what the
//! handler knows of its document.

use std::time::Duration;

use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, VARY},
};

/// Seconds that answers may be cached when neither the client's file nor the server's configuration
/// says otherwise.
pub const DEFAULT_CACHE: u32 = 300;

/// How long an answer stays true; a handler puts it into the response's extensions, and
/// [`crate::Routes`] lets no cache keep the answer longer.
///
/// It only shortens: the client's time, the route's or [`DEFAULT_CACHE`] stays the longest. Parts
/// of a second are dropped, and less than a second means `no-store`. It counts for successful
/// answers to `GET` and `HEAD` without a `Cache-Control` of their own.
///
/// ```
/// use bytes::Bytes;
/// use http_body_util::Empty;
/// use tower::ServiceExt;
/// use std::time::Duration;
///
/// use http::Response;
/// use sixplay_core::Result;
/// use sixplay_http::{ErrorFormat, Request, Route, Routes, ValidFor, json};
///
/// async fn offer(_: Request) -> Result<Response<Bytes>> {
///     let mut answer = json(r#"{"price":3}"#);
///     answer.extensions_mut().insert(ValidFor(Duration::from_millis(7_900)));
///     Ok(answer)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let routes = [Route::get("offer", "/offer", offer).cache(60)];
/// let routes = Routes::new(ErrorFormat::Problem, routes)?;
/// # let request = http::Request::get("/offer").body(Empty::<Bytes>::new()).unwrap();
/// let answer = routes.oneshot(request).await.unwrap();
/// assert_eq!(answer.headers()["cache-control"], "public, max-age=7");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValidFor(pub Duration);

/// Who may keep an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keeper {
    /// Any cache.
    Anyone,
    /// The client that asked; no cache that others share.
    ClientOnly,
}

/// Says that answers differ by client, which is the host: it is in the key of every cache of RFC
/// 9111, but not of nginx's, which goes by `Vary`.
pub(crate) fn add_vary_by_host(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("host"));
}

/// Adds `Cache-Control` unless the handler set one: `public, max-age=…` or `private, max-age=…`, or
/// `no-store` when nothing is left of the time.
pub(crate) fn add_cache_control(
    headers: &mut HeaderMap,
    keeper: Keeper,
    seconds: u32,
    valid: Option<ValidFor>,
) {
    if headers.contains_key(CACHE_CONTROL) {
        return;
    }
    let longest = u64::from(seconds);
    let seconds = valid.map_or(longest, |ValidFor(rest)| rest.as_secs().min(longest));
    headers.insert(CACHE_CONTROL, cache_control_for(keeper, seconds));
}

fn cache_control_for(keeper: Keeper, seconds: u64) -> HeaderValue {
    let scope = match keeper {
        Keeper::Anyone => "public",
        Keeper::ClientOnly => "private",
    };
    let kept = HeaderValue::try_from(format!("{scope}, max-age={seconds}"));
    match kept {
        Ok(kept) if seconds > 0 => kept,
        _ => HeaderValue::from_static("no-store"),
    }
}
