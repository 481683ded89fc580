//! When a pool's connections are no longer good, though they still answer.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{Connection, Database, pool::PoolOptions};

/// Since when a pool's connections must have been made; those that are older are closed instead of
/// used again.
///
/// After a failover every connection leads to the server that takes no changes any more, and a
/// connection that the database rolled back by itself no longer agrees with the driver.
#[derive(Clone, Default)]
pub(super) struct Renewal(Arc<Mutex<Option<Instant>>>);

impl Renewal {
    /// From now on, no connection that exists is lent again.
    pub(super) fn demand(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn spares(&self, age: Duration) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_none_or(|since| age < since.elapsed())
    }

    /// Looks at each connection before it is lent again; one with a transaction that could not be
    /// rolled back is closed, too.
    pub(super) fn watch<DB: Database>(&self, options: PoolOptions<DB>) -> PoolOptions<DB> {
        let renewal = self.clone();
        options.before_acquire(move |connection, found| {
            let good = renewal.spares(found.age) && !connection.is_in_transaction();
            Box::pin(std::future::ready(Ok(good)))
        })
    }
}
