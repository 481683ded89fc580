//! Paths that are the same, written alike.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// Undoes the encoding of letters, digits and `-._~`, which changes nothing (RFC 3986 §6.2.2.2);
/// all else stays as it is written.
pub(super) fn decode_unreserved(path: &str) -> Cow<'_, str> {
    let mut parts = path.split('%');
    let plain = parts.next().unwrap_or_default();
    if plain.len() == path.len() {
        return Cow::Borrowed(path);
    }
    let mut decoded = plain.to_owned();
    for part in parts {
        match decode_first(part) {
            Some(sign) => decoded.extend([sign.to_string().as_str(), &part[2..]]),
            None => decoded.extend(["%", part]),
        }
    }
    Cow::Owned(decoded)
}

/// The unreserved sign that the two digits at the beginning stand for.
fn decode_first(part: &str) -> Option<char> {
    let encoded = format!("%{}", part.get(..2)?);
    let mut bytes = percent_decode_str(&encoded);
    let sign = char::from(bytes.next()?);
    let is_unreserved = sign.is_ascii_alphanumeric() || "-._~".contains(sign);
    // more than one byte: these were no digits
    (is_unreserved && bytes.next().is_none()).then_some(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_no_encoding_loses_it_and_all_else_stays() {
        for (path, decoded) in [
            ("/v1/programs", "/v1/programs"),
            ("/v1/%70rogram%73/%38%7E", "/v1/programs/8~"),
            ("/a%2Fb%2fc%20%25%41", "/a%2Fb%2fc%20%25A"),
            ("/%zz%4%", "/%zz%4%"),
            ("/%C3%A9%é", "/%C3%A9%é"),
            ("/%2570", "/%2570"),
        ] {
            assert_eq!(decode_unreserved(path), decoded);
        }
    }
}
