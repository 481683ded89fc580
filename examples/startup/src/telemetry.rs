//! The log subscriber of binaries: lines for people on a terminal, JSON elsewhere, both on standard
//! error.

use std::io::IsTerminal;

use sixplay_core::{Error, Result};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Which events are logged, in `tracing`'s syntax: `debug`, `info,sixplay_core=debug`.
const FILTER: &str = "SIXPLAY_LOG";

/// What the drivers say for themselves is either in our errors already or of no use to an operator.
const DEFAULT: &str = "info,sqlx::postgres::notice=warn,lapin=off";

/// Starts logging; call it once, first thing in `main`. `SIXPLAY_LOG` filters, by default `info`
/// without the drivers' own noise.
///
/// # Errors
/// `Config` for a bad filter, naming it; `Conflict` when a subscriber is set already.
pub(crate) fn init() -> Result<()> {
    let registry = tracing_subscriber::registry().with(read_filter()?);
    // telling standard error that it is closed would panic
    let layer = fmt::layer()
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    let started = if std::io::stderr().is_terminal() {
        registry.with(layer).try_init()
    } else {
        registry.with(layer.json().flatten_event(true)).try_init()
    };
    started.map_err(|error| {
        Error::conflict("startup.log", "a log subscriber is set already").with_source(error)
    })
}

fn read_filter() -> Result<EnvFilter> {
    let value = std::env::var_os(FILTER).unwrap_or_default();
    let refused = |message| Error::config("startup.log", message).with("variable", FILTER);
    let text = value
        .to_str()
        .ok_or_else(|| refused("the log filter is not valid UTF-8"))?;
    let filter = EnvFilter::try_new(if text.is_empty() { DEFAULT } else { text });
    filter.map_err(|error| {
        refused("the log filter is wrong")
            .with_source(error)
            .with("value", text)
    })
}
