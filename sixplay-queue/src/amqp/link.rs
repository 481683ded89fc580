//! One supervised connection: made when a call needs it, and again after it is lost.

use std::{
    io,
    net::{Shutdown, TcpStream},
    os::fd::AsFd,
    sync::{Arc, Mutex as SyncMutex},
    time::Duration,
};

use lapin::{
    AsyncTcpStream, Connection, ConnectionProperties, runtime, tcp::AMQPUriTcpExt, uri::AMQPUri,
};
use sixplay_core::{
    Error, Result,
    retry::{Backoff, deadline},
};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, sleep_until, timeout},
};

use super::failure::{broker_answer, broker_failure};
use crate::mutex::lock_poisoned_too;

/// Connecting, with the login, ends within this time; the TCP part a little earlier.
const CONNECT: Duration = Duration::from_secs(5);
const REACH: Duration = Duration::from_secs(4);

/// The pauses between attempts grow from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A connection to the broker that renews itself, for one purpose.
pub(super) struct BrokerLink {
    uri: AMQPUri,
    purpose: &'static str,
    state: Mutex<LinkState>,
}

/// What is behind the link's lock: who holds it is the one that connects.
struct LinkState {
    connection: Option<Arc<Connection>>,
    pauses: Backoff,
    /// When the next attempt may begin.
    not_before: Instant,
}

impl LinkState {
    /// The connection that there is, unless it is lost.
    fn live_connection(&self) -> Option<Arc<Connection>> {
        let connection = self.connection.as_ref();
        connection
            .filter(|connection| connection.status().connected())
            .cloned()
    }

    /// Keeps the connection; a failure puts off the next attempt.
    fn record_attempt(&mut self, dialled: Result<Connection>) -> Result<Arc<Connection>> {
        match dialled {
            Ok(_) => self.pauses.reset(),
            Err(_) => self.not_before = Instant::now() + self.pauses.next_pause(),
        }
        Ok(self.connection.insert(Arc::new(dialled?)).clone())
    }
}

impl BrokerLink {
    /// A link that is not connected yet; `purpose` is part of the connection's name.
    pub(super) fn new(uri: AMQPUri, purpose: &'static str) -> Self {
        let state = LinkState {
            connection: None,
            pauses: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE),
            not_before: Instant::now(),
        };
        Self {
            uri,
            purpose,
            state: Mutex::new(state),
        }
    }

    /// The connection, made anew if it is lost. One attempt a call, after the pause that the last
    /// failure demands.
    pub(super) async fn connection(&self) -> Result<Arc<Connection>> {
        let mut state = self.lock_state().await?;
        if let Some(connection) = state.live_connection() {
            return Ok(connection);
        }
        state.connection = None;
        sleep_until(state.not_before).await;
        let dialled = self.dial_broker().await;
        self.log_attempt(&dialled);
        state.record_attempt(dialled)
    }

    /// Tells of every attempt; its error goes to one caller only.
    fn log_attempt(&self, dialled: &Result<Connection>) {
        let link = self.purpose;
        match dialled {
            Ok(_) => tracing::info!(link, "connected to RabbitMQ"),
            Err(error) => tracing::warn!(link, %error, "cannot connect to RabbitMQ"),
        }
    }

    /// Waits while another call connects.
    async fn lock_state(&self) -> Result<MutexGuard<'_, LinkState>> {
        let lock = async { Ok(self.state.lock().await) };
        deadline("queue.connect", CONNECT, lock).await
    }

    /// What the broker's tools show of the connection.
    fn properties(&self) -> ConnectionProperties {
        let name = format!("sixplay {}", self.purpose);
        ConnectionProperties::default().with_connection_name(name.into())
    }

    /// One attempt: TCP, handshake, login.
    async fn dial_broker(&self) -> Result<Connection> {
        let guard = LoginGuard::default();
        let socket = guard.0.clone();
        let connect = Connection::connector(
            self.uri.clone(),
            runtime::default_runtime().map_err(connect_failure)?,
            async move |uri: AMQPUri, runtime| {
                let stream = within_reach(uri.connect_async(&runtime)).await?;
                if let AsyncTcpStream::Plain(plain) = &stream {
                    socket.keep_handle(plain.get_ref())?;
                }
                Ok(stream)
            },
            self.properties(),
        );
        let login = broker_answer("queue.connect", connect);
        let connection = deadline("queue.connect", CONNECT, login).await?;
        guard.0.take_handle();
        Ok(connection)
    }
}

/// An error of the driver while it connects.
fn connect_failure(error: lapin::Error) -> Error {
    broker_failure("queue.connect", error)
}

/// Ends earlier than the login's deadline, in lapin's own error: the attempt runs within lapin.
async fn within_reach<T>(connect: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = |_| Err(io::ErrorKind::TimedOut.into());
    timeout(REACH, connect).await.unwrap_or_else(late)
}

/// A second handle on the socket of a connection in the making.
#[derive(Clone, Default)]
struct LoginSocket(Arc<SyncMutex<Option<TcpStream>>>);

impl LoginSocket {
    /// Keeps a second handle until it is taken.
    fn keep_handle(&self, socket: &impl AsFd) -> io::Result<()> {
        let handle = socket.as_fd().try_clone_to_owned()?;
        *lock_poisoned_too(&self.0) = Some(handle.into());
        Ok(())
    }

    /// The handle, if the connection got so far.
    fn take_handle(&self) -> Option<TcpStream> {
        lock_poisoned_too(&self.0).take()
    }
}

/// Shuts the socket when the login did not succeed: lapin's thread would wait for ever for a peer
/// that accepts and then keeps silent.
#[derive(Default)]
struct LoginGuard(LoginSocket);

impl Drop for LoginGuard {
    fn drop(&mut self) {
        if let Some(socket) = self.0.take_handle() {
            // it may be closed already
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}
