//! What a database needs before anybody reads or writes the catalogue in it.

use sea_query::{Expr, Query};
use sixplay_core::{Result, Snapshot, Store};

use crate::{
    Catalogue, migrate,
    schema::tables::{PROGRAMS, SERVICES, VIDEOS},
};

/// Makes a database ready: its schema by [`migrate`], and the capture of every change by
/// [`Store::install`]. Every program does this first; it may run in several at once.
///
/// # Errors
/// As [`migrate`] and [`Store::install`].
pub async fn prepare(store: &Store) -> Result<()> {
    migrate(store).await?;
    store.install(&Catalogue::new()).await
}

/// Whether the catalogue holds no service, program and video.
///
/// # Errors
/// `Unavailable`, `Timeout`; `Unexpected` before [`migrate`].
pub async fn is_empty(store: &Store) -> Result<bool> {
    is_empty_in(&mut store.read().await?).await
}

/// As [`is_empty`], by what is read there.
pub(crate) async fn is_empty_in(snapshot: &mut Snapshot) -> Result<bool> {
    for table in [&SERVICES, &PROGRAMS, &VIDEOS] {
        let mut any = Query::select();
        any.expr_as(Expr::val(1), "one").from(table.name).limit(1);
        if !snapshot.fetch(&any).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}
