//! Stands in for a driver that this build lacks.

use std::{sync::Arc, time::Duration};

use crate::{Error, Result, store::driver::Database};

pub(in crate::store) async fn connect(url: &str, _acquire: Duration) -> Result<Arc<dyn Database>> {
    let scheme = url.split(':').next().unwrap_or_default();
    Err(
        Error::unsupported("store.connect", "this build lacks the database's driver")
            .with("scheme", scheme),
    )
}
