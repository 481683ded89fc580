//! The first look at a server.

use std::time::Duration;

use crate::{Error, Result};

/// A URL of a server alone is refused before anything is asked: what a server then takes as the
/// database, if it takes any, is not what was meant.
pub(super) fn require_database(name: Option<&str>) -> Result<()> {
    if name.is_some_and(|name| !name.is_empty()) {
        return Ok(());
    }
    let message = "the URL names no database: expected scheme://user@host:port/DATABASE";
    Err(Error::config("store.connect", message))
}

/// One connection without a pool, which would try until its time is up and then not say what is
/// wrong.
pub(super) async fn reach_server<O>(
    options: &O,
    limit: Duration,
) -> std::result::Result<(), sqlx::Error>
where
    O: sqlx::ConnectOptions<Connection: Sized>,
{
    let connection = tokio::time::timeout(limit, options.connect())
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)??;
    sqlx::Connection::close(connection).await
}
