//! A connection's bytes, watched: it ends when a request's head takes too long, when nothing
//! happens, or when the peer does not read, or hardly.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

use super::{
    head::WatchedHead, refusal::RefusalWriter, requests::RequestCounts,
    settings::ConnectionSettings,
};

/// The least that a peer has to read of an answer, in bytes a second; less holds a connection for
/// ever with a few packets.
const LEAST_RATE: u64 = 1024;

/// A stream with three time-outs: for a head from its first byte on, for rest between requests, and
/// for a peer that reads nothing, or at less than the least rate. While the service works none of
/// them counts; a request has its own deadline.
pub(super) struct WatchedStream<S> {
    stream: S,
    requests: RequestCounts,
    header_timeout: Duration,
    idle_timeout: Duration,
    /// How many requests had ended when the stream last began to rest.
    ended_before: usize,
    resting: bool,
    read_timer: Pin<Box<Sleep>>,
    /// While the peer has still to read.
    sending: Option<Sending>,
    refusals: RefusalWriter,
    head: WatchedHead,
}

/// An answer that the peer has not taken whole.
struct Sending {
    /// Ends when the peer must have read as much as the least rate gives.
    timer: Pin<Box<Sleep>>,
    taken: u64,
}

impl<S> WatchedStream<S> {
    /// Watches `stream`, whose requests are counted in `requests`.
    pub(super) fn new(stream: S, requests: &RequestCounts, settings: ConnectionSettings) -> Self {
        Self {
            stream,
            requests: requests.clone(),
            header_timeout: settings.header_timeout,
            idle_timeout: settings.idle_timeout,
            ended_before: 0,
            // a connection is opened to send a request, so the first head is due at once
            resting: false,
            read_timer: Box::pin(sleep(settings.header_timeout)),
            sending: None,
            refusals: RefusalWriter::new(settings, requests.clone()),
            head: WatchedHead::default(),
        }
    }

    fn await_head(&mut self) {
        self.resting = false;
        self.head = WatchedHead::default();
        self.reset_read_timer(self.header_timeout);
    }

    fn begin_rest(&mut self) {
        self.resting = true;
        self.reset_read_timer(self.idle_timeout);
    }

    fn reset_read_timer(&mut self, timeout: Duration) {
        self.read_timer.as_mut().reset(Instant::now() + timeout);
    }

    /// Ready when what is to be read is late.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.requests.is_any_running() {
            return Poll::Pending;
        }
        let ended = self.requests.count_ended();
        if ended != self.ended_before {
            self.ended_before = ended;
            self.begin_rest();
        }
        ready!(self.read_timer.as_mut().poll(cx));
        Poll::Ready(timed_out("no request in time"))
    }

    /// Passes on what a write of `asked` bytes came to, or fails it when the peer has read too
    /// little for too long.
    fn watch_write(
        &mut self,
        cx: &mut Context<'_>,
        asked: usize,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(taken)) if taken < asked => self.note_taken(taken),
            Poll::Ready(_) => self.end_sending(),
            Poll::Pending => {
                ready!(self.poll_too_slow(cx));
                return Poll::Ready(Err(timed_out("the peer does not read")));
            }
        }
        if self.resting {
            self.begin_rest();
        }
        written
    }

    fn note_taken(&mut self, taken: usize) {
        if let Some(sending) = &mut self.sending {
            sending.taken += taken as u64;
        }
    }

    fn end_sending(&mut self) {
        if self.sending.take().is_some() {
            self.requests.note_sending(false);
        }
    }

    /// Ready when the peer has read less than the least rate for as long as it may rest.
    fn poll_too_slow(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (idle, requests) = (self.idle_timeout, &self.requests);
        let sending = self.sending.get_or_insert_with(|| {
            requests.note_sending(true);
            let timer = Box::pin(sleep(idle));
            Sending { timer, taken: 0 }
        });
        loop {
            ready!(sending.timer.as_mut().poll(cx));
            if sending.taken < (LEAST_RATE * idle.as_secs()).max(1) {
                return Poll::Ready(());
            }
            sending.taken = 0;
            sending.timer.as_mut().reset(Instant::now() + idle);
        }
    }
}

impl<S: AsyncRead + Unpin> WatchedStream<S> {
    /// Reads and forgets what the peer still sends, within the time-outs.
    fn poll_read_to_end(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut scratch = [0; 8192];
            let mut buffer = ReadBuf::new(&mut scratch);
            ready!(self.as_mut().poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

fn timed_out(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, message)
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Poll::Ready(error) = this.poll_late(cx) {
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        if this.resting && buffer.filled().len() > before {
            this.await_head();
        }
        this.head.observe(&mut buffer.filled_mut()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let (stream, refusals) = (&mut this.stream, &mut this.refusals);
        let worded = refusals.poll_write_worded(stream, cx, bytes, &this.head);
        let written = worded.unwrap_or_else(|| Pin::new(stream).poll_write(cx, bytes));
        this.watch_write(cx, bytes.len(), written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let (stream, refusals) = (&mut this.stream, &mut this.refusals);
        let first = bytes.first();
        let worded =
            first.and_then(|first| refusals.poll_write_worded(stream, cx, first, &this.head));
        let written = worded.unwrap_or_else(|| Pin::new(stream).poll_write_vectored(cx, bytes));
        let asked = bytes.iter().map(|slice| slice.len()).sum();
        this.watch_write(cx, asked, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if self.refusals.has_refused() {
            // closing with bytes unread resets the connection, and the peer would not see why
            return self.poll_read_to_end(cx);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;
    use crate::{ErrorFormat, Limits, error::ErrorFormats};

    const IDLE: Duration = Duration::from_secs(75);

    fn watched(stream: DuplexStream) -> WatchedStream<DuplexStream> {
        let settings = ConnectionSettings {
            header_timeout: IDLE,
            idle_timeout: IDLE,
            limits: Limits::default(),
            errors: ErrorFormats::new(ErrorFormat::Problem),
        };
        WatchedStream::new(stream, &RequestCounts::default(), settings)
    }

    /// Whether an answer of 300 kB reaches a peer that reads so many bytes each second.
    async fn is_sent_to(bytes_a_second: usize) -> bool {
        let (server, mut peer) = duplex(64);
        let reader = tokio::spawn(async move {
            let mut buffer = vec![0; bytes_a_second];
            while peer.read_exact(&mut buffer).await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let sent = watched(server).write_all(&[b'x'; 300_000]).await;
        reader.abort();
        sent.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_a_few_bytes_now_and_then_is_cut() {
        assert!(!is_sent_to(1).await);
        assert!(!is_sent_to(1000).await);
        assert!(is_sent_to(1100).await);
    }
}
