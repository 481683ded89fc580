//! Stands in for a driver that this build lacks.

use std::sync::Arc;

use super::session::Database;
use crate::{Error, ErrorKind, Result};

pub(super) async fn connect(url: &str) -> Result<Arc<dyn Database>> {
    let scheme = url.split(':').next().unwrap_or_default();
    Err(Error::new(ErrorKind::Unsupported, "store.connect", "this build lacks the database's driver").with("scheme", scheme))
}
