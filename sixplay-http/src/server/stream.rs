//! A connection's bytes, watched: it ends when a request's head takes too long, when nothing
//! happens, or when the peer does not read.

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

/// A stream with three time-outs: for a head from its first byte on, for rest between requests, and
/// for a peer that does not read. While the service works none of them counts; a request has its
/// own deadline.
pub(super) struct WatchedStream<S> {
    stream: S,
    requests: RequestCounts,
    header_timeout: Duration,
    idle_timeout: Duration,
    /// How many requests had ended when the stream last began to rest.
    ended_before: usize,
    resting: bool,
    read_timer: Pin<Box<Sleep>>,
    /// Runs while the peer does not read.
    write_timer: Option<Pin<Box<Sleep>>>,
    refusals: RefusalWriter,
    head: WatchedHead,
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
            write_timer: None,
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

    /// Passes on what a write came to, or fails it when the peer has not read for too long.
    fn watch_write(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.write_timer = None;
            self.requests.note_progress();
            if self.resting {
                self.begin_rest();
            }
            return written;
        }
        let idle = self.idle_timeout;
        let timer = self
            .write_timer
            .get_or_insert_with(|| Box::pin(sleep(idle)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(timed_out("the peer does not read")))
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
        this.watch_write(cx, written)
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
        this.watch_write(cx, written)
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
