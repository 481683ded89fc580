//! A connection's bytes, watched: it ends when a request's head takes too long, when nothing
//! happens, or when the peer does not read.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use super::refusal;
use crate::ErrorFormat;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// How many requests of a connection its service has begun and ended.
#[derive(Clone, Default)]
pub(super) struct Work(Arc<Counts>);

#[derive(Default)]
struct Counts {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Work {
    /// Begins a request, which ends when the guard is dropped.
    pub(super) fn begin(&self) -> Guard {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        Guard(self.clone())
    }

    fn begun(&self) -> usize {
        self.0.begun.load(Ordering::Relaxed)
    }

    fn ended(&self) -> usize {
        self.0.ended.load(Ordering::Relaxed)
    }

    fn is_running(&self) -> bool {
        self.begun() != self.ended()
    }
}

pub(super) struct Guard(Work);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// A stream with three time-outs: for a head from its first byte on, for rest between requests, and
/// for a peer that does not read. While the service works none of them counts; a request has its
/// own deadline.
pub(super) struct Watched<S> {
    stream: S,
    work: Work,
    head: Duration,
    idle: Duration,
    /// How many requests had ended when the stream last began to rest.
    seen: usize,
    resting: bool,
    reading: Pin<Box<Sleep>>,
    writing: Option<Pin<Box<Sleep>>>,
    errors: ErrorFormat,
    /// How many requests had begun when something was last written.
    answered: usize,
    refusal: Option<Refusal>,
}

/// An answer that hyper gives by itself, on its way with the body that it lacks.
struct Refusal {
    /// How long hyper's own is.
    stands_for: usize,
    bytes: Vec<u8>,
    written: usize,
}

impl<S> Watched<S> {
    pub(super) fn new(
        stream: S,
        work: Work,
        head: Duration,
        idle: Duration,
        errors: ErrorFormat,
    ) -> Self {
        // a connection is opened to send a request, so the first head is due at once
        let (reading, writing, refusal) = (Box::pin(sleep(head)), None, None);
        Self {
            stream,
            work,
            head,
            idle,
            seen: 0,
            resting: false,
            reading,
            writing,
            errors,
            answered: 0,
            refusal,
        }
    }

    fn wait(&mut self, resting: bool) {
        self.resting = resting;
        let time = if resting { self.idle } else { self.head };
        self.reading.as_mut().reset(Instant::now() + time);
    }

    /// Ready when what is to be read is late.
    fn late(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.work.is_running() {
            return Poll::Pending;
        }
        let ended = self.work.ended();
        if ended != self.seen {
            self.seen = ended;
            self.wait(true);
        }
        ready!(self.reading.as_mut().poll(cx));
        Poll::Ready(io::Error::new(
            io::ErrorKind::TimedOut,
            "no request in time",
        ))
    }

    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.writing = None;
            if self.resting {
                self.wait(true);
            }
            return written;
        }
        let idle = self.idle;
        let timer = self.writing.get_or_insert_with(|| Box::pin(sleep(idle)));
        ready!(timer.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the peer does not read",
        )))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Poll::Ready(error) = this.late(cx) {
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        if this.resting && buffer.filled().len() > before {
            this.wait(false);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    /// Writes `bytes`, or for an answer that did not come from the service the worded one.
    fn write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Option<Poll<io::Result<usize>>> {
        // no request has begun since the last answer: this one is hyper's own, and its last
        let begun = self.work.begun();
        if self.refusal.is_none() && begun == self.answered && !self.work.is_running() {
            let refusal = |worded| Refusal {
                stands_for: bytes.len(),
                bytes: worded,
                written: 0,
            };
            self.refusal = refusal::worded(bytes, self.errors).map(refusal);
        }
        self.answered = begun;
        let Self {
            stream,
            refusal: Some(refusal),
            ..
        } = self
        else {
            return None;
        };
        while let Some(rest) = refusal
            .bytes
            .get(refusal.written..)
            .filter(|rest| !rest.is_empty())
        {
            match Pin::new(&mut *stream).poll_write(cx, rest) {
                Poll::Ready(Ok(written)) => refusal.written += written,
                other => return Some(other),
            }
        }
        Some(Poll::Ready(Ok(refusal.stands_for.min(bytes.len()))))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self
            .write(cx, bytes)
            .unwrap_or_else(|| Pin::new(&mut self.stream).poll_write(cx, bytes));
        self.wrote(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let own = bytes.first().and_then(|first| self.write(cx, first));
        let written =
            own.unwrap_or_else(|| Pin::new(&mut self.stream).poll_write_vectored(cx, bytes));
        self.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        // closing with bytes unread resets the connection, and the peer would not see why
        while self.refusal.is_some() {
            let mut scratch = [0; 8192];
            let mut buffer = ReadBuf::new(&mut scratch);
            ready!(self.as_mut().poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                break;
            }
        }
        Poll::Ready(Ok(()))
    }
}
