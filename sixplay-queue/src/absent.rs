//! Stands in for a backend that this build lacks.

use std::{sync::Arc, time::Duration};

use sixplay_core::{Error, Result};

use crate::backend::QueueBackend;

/// Refuses every URL, naming its scheme only.
pub(super) async fn connect(url: &str, _deadline: Duration) -> Result<Arc<dyn QueueBackend>> {
    let scheme = url.split(':').next().unwrap_or_default();
    let error = Error::unsupported("queue.connect", "this build lacks the queue's backend");
    Err(error.with("scheme", scheme))
}
