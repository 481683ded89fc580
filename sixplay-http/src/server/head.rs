//! A request's head as it comes in, for what the parser behind cannot tell: it is consulted only
//! where that parser refuses.

use crate::host::Host;

/// A line is kept as far as a host can be long.
const MAX_KEPT: usize = 512;

/// The head of the request that a connection began last; of requests sent together, the first.
#[derive(Debug, Default)]
pub(super) struct WatchedHead {
    part: HeadPart,
    line: Vec<u8>,
    /// Bytes of the request line, so far.
    target: usize,
    tail: [u8; 8],
    host: Option<Host>,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum HeadPart {
    #[default]
    RequestLine,
    Fields,
    Over,
}

impl WatchedHead {
    /// Watches what has come. A later version of HTTP/1 is written as 1.1, which it is to be
    /// treated as (RFC 9110 §2.5); HTTP/2 as one that nobody has, so that it is refused with words.
    pub(super) fn observe(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            match self.part {
                HeadPart::Over => return,
                _ if *byte == b'\n' => self.end_line(),
                HeadPart::RequestLine => self.observe_request_line(byte),
                HeadPart::Fields => self.keep(*byte),
            }
        }
    }

    /// How many bytes the request line has, or has so far.
    pub(super) fn target_length(&self) -> usize {
        self.target
    }

    pub(super) fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    fn observe_request_line(&mut self, byte: &mut u8) {
        *byte = match *byte {
            b'2'..=b'9' if self.tail == *b" HTTP/1." => b'1',
            b'2' if self.tail.ends_with(b" HTTP/") => b'9',
            other => other,
        };
        self.tail.rotate_left(1);
        self.tail[7] = *byte;
        self.target += 1;
        self.keep(*byte);
    }

    fn keep(&mut self, byte: u8) {
        if self.line.len() < MAX_KEPT {
            self.line.push(byte);
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_ascii();
        match self.part {
            // empty lines before a request are left out
            HeadPart::RequestLine if line.is_empty() => self.target = 0,
            HeadPart::RequestLine => self.part = HeadPart::Fields,
            HeadPart::Fields if line.is_empty() => self.part = HeadPart::Over,
            HeadPart::Fields => self.host = self.host.take().or_else(|| read_host(line)),
            HeadPart::Over => {}
        }
    }
}

fn read_host(line: &[u8]) -> Option<Host> {
    let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
    let is_host = name.eq_ignore_ascii_case("host");
    is_host.then(|| Host::parse(value.trim())).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the parser behind sees of `text`, whatever pieces it comes in.
    fn seen(text: &str) -> (String, WatchedHead) {
        let (mut whole, mut bytes) = (WatchedHead::default(), text.as_bytes().to_vec());
        whole.observe(&mut bytes);
        let (mut head, mut pieces) = (WatchedHead::default(), text.as_bytes().to_vec());
        pieces
            .iter_mut()
            .for_each(|byte| head.observe(std::slice::from_mut(byte)));
        assert_eq!(bytes, pieces);
        (String::from_utf8(bytes).unwrap(), whole)
    }

    #[test]
    fn versions_are_seen_as_what_they_are_treated_as() {
        for (text, expected) in [
            ("GET / HTTP/1.2\r\n", "GET / HTTP/1.1\r\n"),
            ("GET / HTTP/1.0\r\n", "GET / HTTP/1.0\r\n"),
            ("\r\nGET / HTTP/1.9\r\n", "\r\nGET / HTTP/1.1\r\n"),
            ("PRI * HTTP/2.0\r\n", "PRI * HTTP/9.0\r\n"),
            ("GET /HTTP/1.2 HTTP/1.1\r\n", "GET /HTTP/1.2 HTTP/1.1\r\n"),
            (
                "GET / HTTP/1.1\r\nA: HTTP/1.2\r\n",
                "GET / HTTP/1.1\r\nA: HTTP/1.2\r\n",
            ),
            (
                "GET / HTTP/1.1\r\n\r\nB HTTP/1.2",
                "GET / HTTP/1.1\r\n\r\nB HTTP/1.2",
            ),
        ] {
            assert_eq!(seen(text).0, expected);
        }
    }

    #[test]
    fn host_and_length_of_the_target_are_known_before_the_end() {
        let long = format!("GET /{} HTTP/1.1", "a".repeat(100_000));
        assert_eq!(seen(&long).1.target_length(), long.len());
        let text = format!("{long}\r\nX: y\r\nhOST: Pc.Api.test:80\r\nHost: b\r\nY");
        let (_, head) = seen(&text);
        assert_eq!(head.host(), Some(&Host::Name("pc.api.test".to_owned())));
        assert_eq!(head.target_length(), long.len() + 1);
        assert_eq!(
            seen("GET / HTTP/1.1\r\n\r\nHost: a.test\r\n").1.host(),
            None
        );
    }
}
