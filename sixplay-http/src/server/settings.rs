//! What the server holds its connections to.

use std::{sync::Arc, time::Duration};

use crate::{ErrorFormat, Limits, host::Host};

/// What holds for each connection.
#[derive(Clone, Debug)]
pub(super) struct ConnectionSettings {
    pub(super) header_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) limits: Limits,
    pub(super) errors: ErrorFormats,
}

/// How the server words its own refusals, by host.
#[derive(Clone, Debug)]
pub(super) struct ErrorFormats {
    usual: ErrorFormat,
    of_services: Arc<[(String, ErrorFormat)]>,
}

impl ErrorFormats {
    pub(super) fn new(usual: ErrorFormat) -> Self {
        let of_services = [].into();
        Self { usual, of_services }
    }

    pub(super) fn with_service(self, service: &str, format: ErrorFormat) -> Self {
        let added = (service.to_ascii_lowercase(), format);
        let of_services = self.of_services.iter().cloned().chain([added]).collect();
        Self {
            of_services,
            ..self
        }
    }

    pub(super) fn choose(&self, host: Option<&Host>) -> ErrorFormat {
        let labels = host.into_iter().flat_map(Host::labels).take(2);
        let known = |label: &str| {
            self.of_services
                .iter()
                .find(|(service, _)| service == label)
        };
        let mut known = labels.filter_map(known);
        known.next().map_or(self.usual, |(_, format)| *format)
    }
}
