//! Who may be connected: so many in all and of one address; who rests longest makes room.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::requests::RequestCounts;

/// How often a server whose connections are all busy looks for one that rests.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The places for connections.
#[derive(Clone, Debug)]
pub(super) struct ConnectionSlots {
    free: Arc<Semaphore>,
    of_one_address: usize,
    open: Arc<Mutex<OpenConnections>>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    next: u64,
    by_peer: BTreeMap<PeerConnection, OpenConnection>,
}

/// A connection's peer and number.
type PeerConnection = (IpAddr, u64);

#[derive(Debug)]
struct OpenConnection {
    requests: RequestCounts,
    eviction: CancellationToken,
}

/// A connection's place, until it is dropped.
#[derive(Debug)]
pub(super) struct ConnectionSlot {
    pub(super) requests: RequestCounts,
    /// Cancelled when the connection has to make room.
    pub(super) eviction: CancellationToken,
    slots: ConnectionSlots,
    key: PeerConnection,
    _permit: Option<OwnedSemaphorePermit>,
}

impl ConnectionSlots {
    pub(super) fn new(most: usize, of_one_address: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            of_one_address,
            open: Arc::default(),
        }
    }

    /// A place for a connection of `peer`, once there is one; `None` when the address has all that
    /// it may have, and is busy on each.
    pub(super) async fn take(&self, peer: IpAddr) -> Option<ConnectionSlot> {
        let own = self.lock().range_of(Some(peer)).count();
        if own >= self.of_one_address && !self.evict_longest_resting(Some(peer)) {
            tracing::debug!(%peer, "too many connections of one address");
            return None;
        }
        let permit = self.wait_for_permit().await;
        Some(self.open_slot(peer, permit))
    }

    async fn wait_for_permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = self.free.clone().try_acquire_owned() {
            return Some(permit);
        }
        loop {
            self.evict_longest_resting(None);
            let permit = self.free.clone().acquire_owned();
            if let Ok(permit) = timeout(LOOK_AGAIN, permit).await {
                return permit.ok();
            }
        }
    }

    /// Closes the connection, of `peer` or of all, that rests longest, unless one is being closed
    /// already; false when none rests.
    pub(super) fn evict_longest_resting(&self, peer: Option<IpAddr>) -> bool {
        let open = self.lock();
        if open.range_of(peer).any(|it| it.eviction.is_cancelled()) {
            return true;
        }
        let resting = open.range_of(peer);
        let resting = resting.filter_map(|it| Some((it.requests.resting_since()?, it)));
        let longest = resting.min_by_key(|(since, _)| *since);
        if let Some((_, connection)) = longest {
            connection.eviction.cancel();
        }
        longest.is_some()
    }

    fn open_slot(&self, peer: IpAddr, permit: Option<OwnedSemaphorePermit>) -> ConnectionSlot {
        let (requests, eviction) = (RequestCounts::default(), CancellationToken::new());
        let mut open = self.lock();
        let key = (peer, open.next);
        open.next += 1;
        let connection = OpenConnection {
            requests: requests.clone(),
            eviction: eviction.clone(),
        };
        open.by_peer.insert(key, connection);
        ConnectionSlot {
            requests,
            eviction,
            slots: self.clone(),
            key,
            _permit: permit,
        }
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    /// Those of `peer`, or all.
    fn range_of(&self, peer: Option<IpAddr>) -> impl Iterator<Item = &OpenConnection> {
        let (least, most) = match peer {
            Some(peer) => (
                Bound::Included((peer, 0)),
                Bound::Included((peer, u64::MAX)),
            ),
            None => (Bound::Unbounded, Bound::Unbounded),
        };
        self.by_peer.range((least, most)).map(|(_, open)| open)
    }
}

impl Drop for ConnectionSlot {
    fn drop(&mut self) {
        self.slots.lock().by_peer.remove(&self.key);
    }
}
