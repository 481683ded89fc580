//! Stands in for a driver that this build lacks.

use std::sync::Arc;

use super::session::Database;
use crate::{Error, Result};

pub(super) async fn connect(url: &str) -> Result<Arc<dyn Database>> {
    let scheme = url.split(':').next().unwrap_or_default();
    Err(
        Error::unsupported("store.connect", "this build lacks the database's driver")
            .with("scheme", scheme),
    )
}
