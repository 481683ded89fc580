//! Stands in for a backend that this build lacks.

use std::sync::Arc;

use sixplay_core::{Error, Result};

use crate::{Backend, IndexConfig};

pub(crate) async fn connect(config: &IndexConfig) -> Result<Arc<dyn Backend>> {
    let scheme = config.url.expose().split(':').next().unwrap_or_default();
    Err(
        Error::unsupported("index.connect", "this build lacks the index's backend")
            .with("scheme", scheme),
    )
}
