//! Stands in for a backend that this build lacks.

use std::sync::Arc;

use sixplay_core::{Error, Result};

use crate::{IndexConfig, backend::Backend};

pub(crate) async fn connect(config: &IndexConfig) -> Result<Arc<dyn Backend>> {
    let scheme = config.url.expose().split(':').next().unwrap_or_default();
    let message = "this build lacks the index's backend";
    Err(Error::unsupported("index.connect", message).with("scheme", scheme))
}
