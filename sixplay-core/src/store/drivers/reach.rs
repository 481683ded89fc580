//! The first look at a server.

use std::time::Duration;

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
