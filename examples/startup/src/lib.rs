//! What every `main` of the example programs does: flags, one configuration file, logging, handles,
//! and an orderly end.
//!
//! A program's `main` parses its flags and calls [`run`]; what it is given there, a [`Process`],
//! opens handles and runs tasks. All programs read the same file, and each refuses what is wrong in
//! any section of it, also in those that it does not use.
//!
//! Which drivers and backends a program has is said by its own manifest, through the features of
//! the sixplay crates; a URL of one that it lacks is refused as `Unsupported`.
//!
//! ```
//! use sixplay_startup::{Process, WorkerArgs, run};
//!
//! async fn work(process: Process) -> sixplay_core::Result<()> {
//!     assert_eq!(process.settings.drain.as_secs(), 10);
//!     process.daemon.run().await
//! }
//!
//! # let folder = std::env::temp_dir().join(format!("sixplay-startup-{}", std::process::id()));
//! let mut args = WorkerArgs::default();
//! args.data = Some(folder.clone());
//! assert_eq!(run("sixplay-worker", args, work), std::process::ExitCode::SUCCESS);
//! # std::fs::remove_dir_all(folder).unwrap();
//! ```

mod args;
mod detect;
mod http;
mod index;
mod index_changes;
mod opening;
mod process;
mod progress;
mod queue;
#[cfg(doctest)]
mod readme;
mod rebuild;
mod settings;
mod store;
mod telemetry;
mod users;

pub use args::{ServerArgs, WorkerArgs};
pub use process::{Process, run};
pub use progress::ProgressBar;
pub use settings::Settings;
pub use users::{product_names, require_known_names};
