//! The demo: a catalogue for an empty store, and the requests that a newcomer is invited to try.

use std::{
    fmt,
    io::Write,
    net::SocketAddr,
    time::{Duration, Instant},
};

use sixplay_catalogue::{GenerateOptions, commands, is_empty};
use sixplay_core::{Error, ErrorKind, Result, Store, retry::Backoff};

/// The pauses between two looks.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// How long another process may take to load the catalogue.
const PATIENCE: Duration = Duration::from_secs(300);

/// Loads the demo catalogue into an empty store; one of several processes that do so at once loads
/// it, and the others wait.
pub(crate) async fn load_when_empty(store: &Store) -> Result<()> {
    let (end, mut pauses) = (
        Instant::now() + PATIENCE,
        Backoff::new(FIRST_PAUSE, LONGEST_PAUSE),
    );
    while is_empty(store).await? {
        match commands::generate(store, &GenerateOptions::default()).await {
            Err(error) if may_be_anothers(&error) && Instant::now() < end => {
                tracing::info!(%error, "looks whether another process loads the catalogue");
                pauses.pause().await;
            }
            result => return result,
        }
    }
    Ok(())
}

/// Whether the failure may come of another process that loads the catalogue.
fn may_be_anothers(error: &Error) -> bool {
    error.kind() == ErrorKind::Conflict || error.is_transient()
}

/// Prints four requests that work on this catalogue; none when it has no program.
pub(crate) async fn print_requests(store: &Store, addr: SocketAddr) -> Result<()> {
    let Some(program) = first_program(store).await? else {
        return Ok(());
    };
    let port = addr.port();
    let base = |user: &str, platform: &str| {
        format!(
            "http://{user}.middleware.localhost:{port}/6play/v2/platforms/{platform}\
             /services/6play"
        )
    };
    let web = base("pc", "m6group_web");
    let android = base("android", "m6group_androidmob");
    print_line(format_args!("\nThe catalogue is served on {addr}. Try:\n"))?;
    print_line(format_args!("  curl '{web}/programs/{program}'"))?;
    print_line(format_args!(
        "  curl '{android}/programs/{program}/videos?with=clips&limit=5'"
    ))?;
    print_line(format_args!(
        "  curl -X PATCH -H 'Content-Type: application/json' \
         -d '{{\"title\":\"Un nouveau titre\"}}' \
         http://bo.api.localhost:{port}/v1/programs/{program}"
    ))?;
    print_line(format_args!(
        "  curl '{web}/programs?limit=5&sort=last_video_publication'\n"
    ))
}

async fn first_program(store: &Store) -> Result<Option<i64>> {
    let query = "SELECT MIN(id) AS id FROM programs WHERE enabled = 1";
    let rows = store.read().await?.fetch_sql(query, Vec::new()).await?;
    rows.first().map_or(Ok(None), |row| row.opt_int("id"))
}

fn print_line(line: fmt::Arguments<'_>) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(|error| {
        Error::unavailable("standalone.print", "standard output is closed").with_source(error)
    })
}
