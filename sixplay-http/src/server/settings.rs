//! What the server holds its connections to.

use std::time::Duration;

use crate::{Limits, error::ErrorFormats};

/// What holds for each connection.
#[derive(Clone, Debug)]
pub(super) struct ConnectionSettings {
    pub(super) header_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) limits: Limits,
    pub(super) errors: ErrorFormats,
}
