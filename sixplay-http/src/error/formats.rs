//! The format of errors by host: several services at one address have each its own.

use std::sync::Arc;

use super::ErrorFormat;
use crate::host::Host;

/// How errors are written that no service answers with, by host.
#[derive(Clone, Debug)]
pub(crate) struct ErrorFormats {
    usual: ErrorFormat,
    of_services: Arc<[(String, ErrorFormat)]>,
}

impl ErrorFormats {
    pub(crate) fn new(usual: ErrorFormat) -> Self {
        let of_services = [].into();
        Self { usual, of_services }
    }

    pub(crate) fn with_service(self, service: &str, format: ErrorFormat) -> Self {
        let added = (service.to_ascii_lowercase(), format);
        let of_services = self.of_services.iter().cloned().chain([added]).collect();
        Self {
            of_services,
            ..self
        }
    }

    pub(crate) fn choose(&self, host: Option<&Host>) -> ErrorFormat {
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
