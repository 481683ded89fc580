//! The commands on the catalogue, the demo, and the requests that a newcomer is invited to try.

use std::{
    io::{BufWriter, Write},
    net::SocketAddr,
    path::PathBuf,
};

use clap::Subcommand;
use shell::Shell;
use sixplay_core::{
    Error, Result,
    catalogue::{self, GenerateOptions, ImportOptions, Input},
    progress::Progress,
    store::Store,
};

#[derive(Subcommand)]
pub enum Command {
    /// Loads bodies of the v2 middleware, or exported lines, and names every difference of what
    /// will be served
    Import {
        /// Files of JSON bodies or exported lines; all are loaded or none
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The platform in the path that answered the bodies
        #[arg(long, default_value = "m6group_web")]
        platform: String,
        /// The service in the path that answered the bodies
        #[arg(long, default_value = "6play")]
        service: String,
        /// The customer whose services these are
        #[arg(long, default_value = "m6web")]
        customer: String,
        /// The folder of a list of programs
        #[arg(long)]
        folder: Option<i64>,
    },
    /// Writes the whole catalogue to standard output, one row a line
    Export,
    /// Fills an empty store with an invented catalogue, its dates around now
    Generate {
        /// How many programs; each has about 18 videos
        #[arg(long, default_value_t = 300)]
        programs: usize,
        /// Equal seeds give equal catalogues, but for the dates
        #[arg(long, default_value_t = 6)]
        seed: u64,
    },
}

pub async fn run(shell: Shell, command: Command) -> Result<()> {
    let (store, data) = (shell.store().await?, shell.settings.data.display());
    match command {
        Command::Import {
            files,
            platform,
            service,
            customer,
            folder,
        } => {
            import(
                &store,
                files,
                &ImportOptions {
                    platform,
                    service,
                    customer,
                    folder,
                    ..ImportOptions::default()
                },
            )
            .await
        }
        Command::Export => {
            let mut out = BufWriter::new(std::io::stdout());
            let rows = catalogue::export(&store, &mut out, &Progress::new("export", None)).await?;
            if rows == 0 {
                return Err(
                    Error::not_found("standalone.export", "the store has no catalogue")
                        .with("data", data),
                );
            }
            out.flush().map_err(unwritten)
        }
        Command::Generate { programs, seed } => {
            generate(
                &store,
                GenerateOptions {
                    programs,
                    seed,
                    ..GenerateOptions::default()
                },
            )
            .await
        }
    }
}

async fn import(store: &Store, files: Vec<PathBuf>, options: &ImportOptions) -> Result<()> {
    let inputs = files
        .iter()
        .map(|file| Input::file(file))
        .collect::<Result<Vec<_>>>()?;
    let imported = catalogue::import(store, inputs, options).await?;
    let shown = |value: Option<serde_json::Value>| {
        value.map_or_else(|| "nothing".to_owned(), |value| value.to_string())
    };
    let count = imported.differences.len();
    for difference in imported.differences {
        let (expected, found) = (shown(difference.expected), shown(difference.found));
        say(format_args!(
            "{} {}: the body has {expected}, served is {found}",
            difference.file, difference.path
        ))?;
    }
    let differences = if count == 0 {
        "no differences".to_owned()
    } else {
        format!("differences: {count}")
    };
    let hidden = match imported.hidden.as_slice() {
        [] => String::new(),
        [first, ..] => format!(
            ", but for {} hidden by their dates ({first}…)",
            imported.hidden.len()
        ),
    };
    say(format_args!(
        "loaded: {}, {differences}; served once the indexer has it{hidden}",
        imported.records
    ))
}

async fn generate(store: &Store, options: GenerateOptions) -> Result<()> {
    let generated = catalogue::generate(store, &options, &Progress::new("generate", None)).await?;
    say(format_args!(
        "{} programs and {} videos generated",
        generated.programs, generated.videos
    ))
}

/// Loads the demo catalogue into an empty store.
pub async fn demonstrate(store: &Store) -> Result<()> {
    if catalogue::is_empty(store).await? {
        generate(store, GenerateOptions::default()).await
    } else {
        Ok(())
    }
}

/// Prints four requests that work on this catalogue.
pub async fn invite(store: &Store, addr: SocketAddr) -> Result<()> {
    let query = "SELECT MIN(id) AS id FROM programs WHERE enabled = 1";
    let rows = store.session().await?.fetch_sql(query, Vec::new()).await?;
    let Some(program) = rows.first().map_or(Ok(None), |row| row.opt_int("id"))? else {
        return Ok(());
    };
    let port = addr.port();
    let base = |host: &str, platform: &str| {
        format!(
            "http://{host}.middleware.localhost:{port}/6play/v2/platforms/{platform}/services/6play"
        )
    };
    let (web, android) = (
        base("pc", "m6group_web"),
        base("android", "m6group_androidmob"),
    );
    say(format_args!("\nThe catalogue is served on {addr}. Try:\n"))?;
    say(format_args!("  curl '{web}/programs/{program}'"))?;
    say(format_args!(
        "  curl '{android}/programs/{program}/videos?with=clips&limit=5'"
    ))?;
    say(format_args!(
        "  curl -X PATCH -H 'Content-Type: application/json' -d '{{\"title\":\"Un nouveau titre\"}}' http://bo.api.localhost:{port}/v1/programs/{program}"
    ))?;
    say(format_args!(
        "  curl '{web}/programs?limit=5&sort=last_video_publication'\n"
    ))
}

fn say(line: std::fmt::Arguments<'_>) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(unwritten)
}

fn unwritten(error: std::io::Error) -> Error {
    Error::unavailable("standalone.print", "standard output is closed").with_source(error)
}
