//! The words of an answer that hyper gives by itself: a status without a body, for a head that it
//! cannot read.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{HeaderMap, StatusCode};
use tokio::io::AsyncWrite;

use super::{head::WatchedHead, requests::RequestCounts, settings::ConnectionSettings};
use crate::{ErrorFormat, error::RequestRefusal};

/// Writes hyper's own refusals with the bodies that they lack; what a service answers is left
/// alone.
pub(super) struct RefusalWriter {
    settings: ConnectionSettings,
    requests: RequestCounts,
    /// How many requests had begun when something was last written.
    answered: usize,
    refusal: Option<WordedRefusal>,
}

impl RefusalWriter {
    pub(super) fn new(settings: ConnectionSettings, requests: RequestCounts) -> Self {
        Self {
            settings,
            requests,
            answered: 0,
            refusal: None,
        }
    }

    /// Whether a refusal has been written, or is about to be: it is a connection's last answer.
    pub(super) fn has_refused(&self) -> bool {
        self.refusal.is_some()
    }

    /// Writes the worded refusal in place of `bytes`; `None`: they are no refusal, and nothing was
    /// written.
    pub(super) fn poll_write_worded<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        bytes: &[u8],
        refused: &WatchedHead,
    ) -> Option<Poll<io::Result<usize>>> {
        self.detect_refusal(bytes, refused);
        let refusal = self.refusal.as_mut()?;
        Some(refusal.poll_write_rest(stream, cx, bytes.len()))
    }

    fn detect_refusal(&mut self, bytes: &[u8], refused: &WatchedHead) {
        // no request has begun since the last answer: this one is hyper's own, and its last
        let begun = self.requests.count_begun();
        let is_own = begun == self.answered && !self.requests.is_any_running();
        if is_own && self.refusal.is_none() {
            self.refusal = WordedRefusal::from_head(bytes, &self.settings, refused);
        }
        self.answered = begun;
    }
}

/// An answer that hyper gives by itself, on its way with the body that it lacks.
struct WordedRefusal {
    /// How long hyper's own is.
    stands_for: usize,
    bytes: Vec<u8>,
    written: usize,
}

impl WordedRefusal {
    fn from_head(
        head: &[u8],
        settings: &ConnectionSettings,
        refused: &WatchedHead,
    ) -> Option<Self> {
        let format = settings.errors.choose(refused.host());
        let is_long_target = refused.target_length() > settings.limits.header;
        Some(Self {
            stands_for: head.len(),
            bytes: word_refusal(head, format, is_long_target)?,
            written: 0,
        })
    }

    /// Writes what is left; once all is written, hyper's own answer of `asked` bytes counts as
    /// written.
    fn poll_write_rest<S: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        cx: &mut Context<'_>,
        asked: usize,
    ) -> Poll<io::Result<usize>> {
        while let Some(rest @ [_, ..]) = self.bytes.get(self.written..) {
            self.written += ready!(Pin::new(&mut *stream).poll_write(cx, rest))?;
        }
        Poll::Ready(Ok(self.stands_for.min(asked)))
    }
}

/// `head` with the error body of its status; `None` when it is no refusal without a body. A head
/// that is too large because its target is, is refused for that.
fn word_refusal(head: &[u8], format: ErrorFormat, is_long_target: bool) -> Option<Vec<u8>> {
    let head = std::str::from_utf8(head).ok()?;
    let status = match client_error_of(head)? {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE if is_long_target => StatusCode::URI_TOO_LONG,
        status => status,
    };
    let (_, fields) = head.split_once("\r\n")?;
    let (before, after) = split_empty_length(fields)?;
    let answer = RequestRefusal::BadHead(status).render(format, "");
    let fields = write_fields(answer.headers())?;
    let body = answer.body();
    let length = body.len();
    let worded =
        format!("HTTP/1.1 {status}\r\n{before}{fields}content-length: {length}\r\n{after}");
    Some([worded.as_bytes(), body].concat())
}

/// What stands before and after the length of an answer that has no body, and is not cut.
fn split_empty_length(head: &str) -> Option<(&str, &str)> {
    let (before, after) = head.split_once("content-length: 0\r\n")?;
    let is_whole = head.len() < 1024 && after.ends_with("\r\n");
    is_whole.then_some((before, after))
}

fn write_fields(headers: &HeaderMap) -> Option<String> {
    let mut fields = String::new();
    for (name, value) in headers {
        fields.extend([name.as_str(), ": ", value.to_str().ok()?, "\r\n"]);
    }
    Some(fields)
}

fn client_error_of(head: &str) -> Option<StatusCode> {
    let code = head.strip_prefix("HTTP/1.1 ")?.as_bytes().get(..3)?;
    let status = StatusCode::from_bytes(code).ok()?;
    status.is_client_error().then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: &str) -> String {
        format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\ndate: x\r\n\r\n")
    }

    fn worded(head: &str) -> Option<String> {
        let bytes = word_refusal(head.as_bytes(), ErrorFormat::Historic, false)?;
        Some(String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn only_client_errors_without_a_body_get_one() {
        let body = r#"{"error":{"code":400,"message":"Bad Request"}}"#;
        let expected = format!(
            "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
             content-type: application/json\r\ncache-control: no-store\r\n\
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
