//! The commands on whole catalogues: of the program `sixplay-catalogue`, and of any other that
//! mounts them as sub-commands.
//!
//! What they did goes to standard output, progress to standard error.

use std::{
    fmt,
    io::{BufWriter, Write},
    path::PathBuf,
};

use clap::{Args, Subcommand};
use sixplay_core::{Error, Result, Store};
use sixplay_startup::{Process, ProgressBar};

use crate::{Difference, GenerateOptions, ImportOptions, Imported, Input};

/// A command on the whole catalogue.
#[derive(Clone, Debug, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Loads bodies of the v2 middleware, or exported lines, and names every difference of what
    /// will be served
    Import(ImportArgs),
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

/// What is imported, and the request that it answered.
#[derive(Clone, Debug, Args)]
#[non_exhaustive]
pub struct ImportArgs {
    /// Files of JSON bodies or exported lines; all are loaded or none
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// The platform in the path that answered the bodies
    #[arg(long, default_value = "m6group_web")]
    pub platform: String,
    /// The service in the path that answered the bodies
    #[arg(long, default_value = "6play")]
    pub service: String,
    /// The customer whose services these are
    #[arg(long, default_value = "m6web")]
    pub customer: String,
    /// The folder of a list of programs
    #[arg(long)]
    pub folder: Option<i64>,
}

/// Runs `command` on the configured store, which is made ready first.
///
/// # Errors
/// As [`import`](crate::import), [`export`](crate::export) and [`generate`](crate::generate);
/// `NotFound` for an export of an empty store, `Corrupt` at the end of one that had to leave rows
/// out, `Unavailable` when standard output is closed.
pub async fn run(process: Process, command: Command) -> Result<()> {
    let store = process.store(crate::prepare).await?;
    match command {
        Command::Import(args) => import(&store, args).await,
        Command::Export => {
            let exported = export(&store).await;
            exported.map_err(|error| error.with("data", process.settings.data.display()))
        }
        Command::Generate { programs, seed } => {
            generate(&store, &GenerateOptions::new(programs, seed)).await
        }
    }
}

async fn import(store: &Store, args: ImportArgs) -> Result<()> {
    let mut options = ImportOptions::new(args.platform, args.service);
    options.customer = args.customer;
    options.folder = args.folder;
    let inputs = args.files.iter().map(|file| Input::file(file));
    let inputs = inputs.collect::<Result<Vec<_>>>()?;
    let imported = crate::import(store, inputs, &options).await?;
    for difference in &imported.differences {
        print_line(format_args!("{}", describe_difference(difference)))?;
    }
    for id in &imported.derived {
        print_line(format_args!("{id}: made of the clip that a playlist holds"))?;
    }
    for id in &imported.missing {
        let message = "no such video holds the clip that names it; playlists do not show that clip";
        print_line(format_args!("{id}: {message}"))?;
    }
    print_line(format_args!("{}", describe_import(&imported)))
}

fn describe_difference(difference: &Difference) -> String {
    let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    let (expected, found) = (shown(&difference.expected), shown(&difference.found));
    format!(
        "{} {}: the body has {expected}, served is {found}",
        difference.file, difference.path
    )
}

fn describe_import(imported: &Imported) -> String {
    let differences = match imported.differences.len() {
        0 => "no differences".to_owned(),
        count => format!("differences: {count}"),
    };
    let hidden = match imported.hidden.as_slice() {
        [] => String::new(),
        [first, ..] => {
            let count = imported.hidden.len();
            format!(", but for {count} hidden by their dates ({first}…)")
        }
    };
    format!(
        "loaded: {}, {differences}; served once the indexer has it{hidden}",
        imported.records
    )
}

async fn export(store: &Store) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout());
    let exported = crate::export(store, &mut out, &ProgressBar::new("export")).await?;
    for error in &exported.unreadable {
        tracing::error!(%error, "the row is not exported");
    }
    match (exported.rows, exported.unreadable.len()) {
        (0, 0) => {
            let message = "the store has no catalogue";
            Err(Error::not_found("catalogue.export", message))
        }
        (_, 0) => Ok(()),
        (written, unreadable) => {
            let message = "rows that cannot be read are not exported; a line above names each";
            let error = Error::corrupt("catalogue.export", message);
            Err(error
                .with("unreadable", unreadable)
                .with("written", written))
        }
    }
}

/// Generates a catalogue into an empty store, showing the progress, and prints how much it was.
///
/// # Errors
/// As [`generate`](crate::generate); `Unavailable` when standard output is closed.
pub async fn generate(store: &Store, options: &GenerateOptions) -> Result<()> {
    let generated = crate::generate(store, options, &ProgressBar::new("generate")).await?;
    print_line(format_args!(
        "{} programs and {} videos generated",
        generated.programs, generated.videos
    ))
}

fn print_line(line: fmt::Arguments<'_>) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").map_err(|error| {
        Error::unavailable("catalogue.print", "standard output is closed").with_source(error)
    })
}
