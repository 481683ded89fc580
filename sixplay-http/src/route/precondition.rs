//! Conditions on what is changed (RFC 9110 §13), while answers have neither tags nor dates.

use http::{
    HeaderMap, Method,
    header::{HeaderName, IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED_SINCE},
};

/// The header whose condition does not hold for a resource that is there: no tag is its tag, and
/// nothing proves that it was not changed since.
pub(super) fn find_failed_condition(method: &Method, headers: &HeaderMap) -> Option<HeaderName> {
    let writes = *method != Method::GET && *method != Method::HEAD;
    if headers.contains_key(IF_MATCH) {
        return (!is_any(headers, &IF_MATCH)).then_some(IF_MATCH);
    }
    if writes && headers.contains_key(IF_UNMODIFIED_SINCE) {
        return Some(IF_UNMODIFIED_SINCE);
    }
    (writes && is_any(headers, &IF_NONE_MATCH)).then_some(IF_NONE_MATCH)
}

/// Whether the header is `*`, which stands for whatever is there.
fn is_any(headers: &HeaderMap, name: &HeaderName) -> bool {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.as_bytes().trim_ascii());
    first == Some(b"*") && values.next().is_none()
}
