//! The words of an answer that hyper gives by itself: a status without a body, for a head that it
//! cannot read.

use http::StatusCode;

use crate::{ErrorFormat, error::Refusal};

/// `head` with the error body of its status; `None` when it is no such answer.
pub(super) fn worded(head: &[u8], format: ErrorFormat) -> Option<Vec<u8>> {
    let head = std::str::from_utf8(head).ok()?;
    let status = StatusCode::from_bytes(head.strip_prefix("HTTP/1.1 ")?.as_bytes().get(..3)?)
        .ok()
        .filter(StatusCode::is_client_error)?;
    let (before, after) = head
        .split_once("content-length: 0\r\n")
        .filter(|(_, after)| head.len() < 1024 && after.ends_with("\r\n"))?;
    let answer = Refusal::Head(status).render(format, "");
    let mut worded = before.to_owned();
    for (name, value) in answer.headers() {
        worded.extend([name.as_str(), ": ", value.to_str().ok()?, "\r\n"]);
    }
    worded += &format!("content-length: {}\r\n{after}", answer.body().len());
    Some([worded.as_bytes(), answer.body()].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_client_errors_without_a_body_get_one() {
        let head = |status: &str| {
            format!(
                "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n"
            )
        };
        let worded = |text: &str| {
            worded(text.as_bytes(), ErrorFormat::Historic)
                .map(|bytes| String::from_utf8(bytes).unwrap())
        };
        let body = r#"{"error":{"code":400,"message":"Bad Request"}}"#;
        let expected = format!(
            "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
             content-length: {}\r\ndate: x\r\n\r\n{body}",
            body.len()
        );
        assert_eq!(worded(&head("400 Bad Request")), Some(expected));
        for other in [
            head("204 No Content"),
            head("503 Service Unavailable"),
            "HTTP/1.1 400 x\r\n\r\n".to_owned(),
            "HTTP/1.1 4".to_owned(),
        ] {
            assert_eq!(worded(&other), None, "{other}");
        }
    }
}
