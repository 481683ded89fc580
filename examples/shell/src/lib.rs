//! What the six example programs share: the command line, one configuration file, handles opened
//! from it, and the few lines that connect the detector and the indexer to a queue. A program's
//! `main` reads the configuration, opens handles and runs them.

mod args;
mod line;
mod settings;
mod shell;
mod users;

pub use args::{ServerArgs, WorkerArgs};
pub use line::{QueueSink, index_changes};
pub use settings::{IndexerSettings, Settings, StoreSettings};
pub use shell::{Shell, run};
