//! The log subscriber of binaries: lines for people on a terminal, JSON elsewhere, both on standard
//! error.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{Error, Result};

/// Which events are logged, in `tracing`'s syntax: `debug`, `info,sixplay_core=debug`.
const FILTER: &str = "SIXPLAY_LOG";

/// What the drivers say for themselves is either in our errors already or of no use to an operator.
const DEFAULT: &str = "info,sqlx::postgres::notice=warn,lapin=off";

/// Starts logging; call it once, first thing in `main`. `SIXPLAY_LOG` filters, by default `info`
/// without the drivers' own noise.
///
/// # Errors
/// `Config` for a bad filter, naming it; `Conflict` when a subscriber is set already.
pub fn init() -> Result<()> {
    let wrong = |error| {
        Error::config("telemetry.init", "the log filter is wrong")
            .with("variable", FILTER)
            .with_source(error)
    };
    let text = std::env::var(FILTER).unwrap_or_default();
    let filter = EnvFilter::try_new(if text.is_empty() { DEFAULT } else { &text })
        .map_err(|error| wrong(error).with("value", &text))?;
    let registry = tracing_subscriber::registry().with(filter);
    let started = if std::io::stderr().is_terminal() {
        registry
            .with(fmt::layer().with_writer(std::io::stderr))
            .try_init()
    } else {
        registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(std::io::stderr),
            )
            .try_init()
    };
    started.map_err(|error| {
        Error::conflict("telemetry.init", "a log subscriber is set already").with_source(error)
    })
}
