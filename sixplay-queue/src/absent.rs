//! Stands in for a backend that this build lacks.

use std::sync::Arc;

use sixplay_core::{Error, Result};

use crate::backend::Backend;

pub(super) async fn connect(url: &str) -> Result<Arc<dyn Backend>> {
    let scheme = url.split(':').next().unwrap_or_default();
    Err(
        Error::unsupported("queue.connect", "this build lacks the queue's backend")
            .with("scheme", scheme),
    )
}
