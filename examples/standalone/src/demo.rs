//! The demo: a catalogue for an empty store, and the requests that a newcomer is invited to try.

use std::{
    fmt,
    io::Write,
    net::SocketAddr,
    time::{Duration, Instant},
};

use sixplay_catalogue::{GenerateOptions, commands, is_empty};
use sixplay_core::{Error, ErrorKind, Result, Store, jiff::Timestamp, retry::Backoff};

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

/// The clients that the program begins with, and their platforms.
const CLIENTS: [(&str, &str); 4] = [
    ("pc", "m6group_web"),
    ("android", "m6group_androidmob"),
    ("ios", "m6group_iphone"),
    ("chromecast", "chromecast"),
];

/// Where a client sees a program now.
struct Sight {
    base: String,
    program: i64,
}

/// Prints requests that work on this catalogue; none when no client sees a program of it.
pub(crate) async fn print_requests(store: &Store, addr: SocketAddr) -> Result<()> {
    let port = addr.port();
    let sights = find_sights(store, port).await?;
    let Some(Sight { base, program }) = sights.first() else {
        return Ok(());
    };
    print_line(format_args!("\nThe catalogue is served on {addr}. Try:\n"))?;
    print_line(format_args!("  curl '{base}/programs/{program}'"))?;
    if let Some(Sight { base, program }) = sights.get(1) {
        let videos = "videos?with=clips&limit=5";
        print_line(format_args!("  curl '{base}/programs/{program}/{videos}'"))?;
    }
    print_line(format_args!(
        "  curl -X PATCH -H 'Content-Type: application/json' \
         -d '{{\"title\":\"Un nouveau titre\"}}' \
         http://bo.api.localhost:{port}/v1/programs/{program}"
    ))?;
    print_line(format_args!(
        "  curl '{base}/programs?limit=5&sort=last_video_publication'\n"
    ))
}

/// What each client sees, of those that see something.
async fn find_sights(store: &Store, port: u16) -> Result<Vec<Sight>> {
    let mut snapshot = store.read().await?;
    let mut sights = Vec::new();
    for (client, platform) in CLIENTS {
        let rows = snapshot
            .fetch_sql(&first_program_on(platform), Vec::new())
            .await?;
        if let Some(row) = rows.first() {
            let (service, program) = (row.text("service")?, row.int("program")?);
            let host = format!("http://{client}.middleware.localhost:{port}");
            let base = format!("{host}/6play/v2/platforms/{platform}/services/{service}");
            sights.push(Sight { base, program });
        }
    }
    Ok(sights)
}

/// The first program with a video that is open on a platform for good, and the service that lists
/// it; a root before others.
fn first_program_on(platform: &str) -> String {
    let now = Timestamp::now().as_microsecond();
    format!(
        "SELECT v.program_id AS program, COALESCE(o.code, w.service) AS service \
         FROM publications w JOIN videos v ON v.id = w.video_id \
         JOIN programs p ON p.id = v.program_id JOIN services s ON s.code = w.service \
         LEFT JOIN service_roots r ON r.service = w.service \
         LEFT JOIN services o ON o.code = r.root AND o.enabled = 1 \
         WHERE w.platform = '{platform}' AND w.opens_at <= {now} \
         AND (w.closes_at IS NULL OR w.closes_at > {now} + 3600000000) \
         AND v.enabled = 1 AND p.enabled = 1 AND s.enabled = 1 ORDER BY v.program_id LIMIT 1"
    )
}

fn print_line(line: fmt::Arguments<'_>) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(|error| {
        Error::unavailable("standalone.print", "standard output is closed").with_source(error)
    })
}
