//! Percent-encoding undone.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use sixplay_core::{Error, Result};

/// A name and its value, decoded.
pub(super) type QueryPair<'q> = (Cow<'q, str>, Cow<'q, str>);

/// The names and values of a query, decoded, in order.
///
/// # Errors
/// As [`decode_percent`].
pub(super) fn decode_pairs(query: &str) -> Result<Vec<QueryPair<'_>>> {
    let fields = query.split('&').filter(|field| !field.is_empty());
    fields.map(decode_pair).collect()
}

fn decode_pair(field: &str) -> Result<QueryPair<'_>> {
    let (name, value) = field.split_once('=').unwrap_or((field, ""));
    Ok((decode_form(name)?, decode_form(value)?))
}

fn decode_form(text: &str) -> Result<Cow<'_, str>> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        Ok(Cow::Owned(decode_percent(&spaced)?.into_owned()))
    } else {
        decode_percent(text)
    }
}

/// Undoes percent-encoding.
///
/// # Errors
/// `Invalid` when a `%` is not followed by two hexadecimal digits, or the bytes are no UTF-8 or
/// hold a NUL, which no text of PostgreSQL may.
pub(crate) fn decode_percent(text: &str) -> Result<Cow<'_, str>> {
    let broken = || Error::invalid("params.decode", "the percent-encoding of the URL is broken");
    if !text.split('%').skip(1).all(begins_with_hex_pair) {
        return Err(broken());
    }
    let decoded = percent_decode_str(text).decode_utf8();
    let decoded = decoded.map_err(|error| broken().with_source(error))?;
    if decoded.contains('\0') {
        let message = "the URL holds a NUL character";
        return Err(Error::invalid("params.decode", message));
    }
    Ok(decoded)
}

fn begins_with_hex_pair(text: &str) -> bool {
    match text.as_bytes() {
        [first, second, ..] => first.is_ascii_hexdigit() && second.is_ascii_hexdigit(),
        _ => false,
    }
}
