//! One supervised connection: made when a call needs it, and again after it is lost.

use std::{
    io::ErrorKind,
    net::{Shutdown, TcpStream},
    os::fd::AsFd,
    sync::{Arc, Mutex as SyncMutex, PoisonError},
    time::Duration,
};

use lapin::{AsyncTcpStream, Connection, ConnectionProperties, tcp::AMQPUriTcpExt, uri::AMQPUri};
use sixplay_core::Result;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep_until, timeout},
};

use super::failure::{deadline, failure};
use crate::backend::random;

/// Connecting, with the login, ends within this time; the TCP part a little earlier.
const CONNECT: Duration = Duration::from_secs(5);
const REACH: Duration = Duration::from_secs(4);

/// The pauses between attempts, before jitter: the first, doubled up to the last.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

pub(super) struct Link {
    uri: AMQPUri,
    name: &'static str,
    state: Mutex<State>,
}

struct State {
    connection: Option<Arc<Connection>>,
    pause: Duration,
    not_before: Instant,
}

impl Link {
    pub fn new(uri: AMQPUri, name: &'static str) -> Self {
        let state = State {
            connection: None,
            pause: PAUSE,
            not_before: Instant::now(),
        };
        Self {
            uri,
            name,
            state: Mutex::new(state),
        }
    }

    /// The connection, made anew if it is lost. One attempt a call, after the pause that the last
    /// failure demands.
    pub async fn connection(&self) -> Result<Arc<Connection>> {
        let mut state = deadline("queue.connect", CONNECT, self.state.lock()).await?;
        if let Some(connection) = state
            .connection
            .as_ref()
            .filter(|connection| connection.status().connected())
        {
            return Ok(connection.clone());
        }
        state.connection = None;
        sleep_until(state.not_before).await;
        match self.dial().await {
            Ok(connection) => {
                tracing::info!(link = self.name, "connected to RabbitMQ");
                state.pause = PAUSE;
                Ok(state.connection.insert(Arc::new(connection)).clone())
            }
            Err(error) => {
                tracing::warn!(link = self.name, %error, "cannot connect to RabbitMQ");
                state.not_before = Instant::now() + jitter(state.pause);
                state.pause = LONGEST_PAUSE.min(state.pause * 2);
                Err(error)
            }
        }
    }

    async fn dial(&self) -> Result<Connection> {
        let refused = |error| failure("queue.connect", error);
        let socket = Socket(Arc::default());
        let slot = socket.0.clone();
        let properties = ConnectionProperties::default()
            .with_connection_name(format!("sixplay {}", self.name).into());
        let runtime = lapin::runtime::default_runtime().map_err(refused)?;
        let dial = Connection::connector(
            self.uri.clone(),
            runtime,
            async move |uri: AMQPUri, runtime| {
                let stream = timeout(REACH, uri.connect_async(&runtime))
                    .await
                    .unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))?;
                if let AsyncTcpStream::Plain(plain) = &stream {
                    let twin = plain.get_ref().as_fd().try_clone_to_owned()?;
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(twin.into());
                }
                Ok(stream)
            },
            properties,
        );
        let connection = deadline("queue.connect", CONNECT, dial)
            .await?
            .map_err(refused)?;
        drop(socket.take());
        Ok(connection)
    }
}

/// A second handle on the socket of a connection in the making: lapin's thread would wait for ever
/// for a peer that accepts and then keeps silent, so the socket is shut when this is dropped before
/// the login succeeded.
struct Socket(Arc<SyncMutex<Option<TcpStream>>>);

impl Socket {
    fn take(&self) -> Option<TcpStream> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Some(socket) = self.take() {
            // it may be closed already
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

/// Spreads the attempts of many clients of a broker that restarts.
fn jitter(pause: Duration) -> Duration {
    pause / 2 + pause.mul_f64((random() % 1000) as f64 / 2000.0)
}
