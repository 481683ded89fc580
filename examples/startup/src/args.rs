//! The flags that all programs take.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

/// Flags of a worker.
#[derive(Clone, Debug, Default, Args)]
pub struct WorkerArgs {
    /// Configuration file (YAML); every key can also be set by SIXPLAY_SECTION__KEY
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// Folder of the embedded store, queue and index [default: ./var]
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
}

/// Flags of a server.
#[derive(Clone, Debug, Default, Args)]
pub struct ServerArgs {
    /// The flags of a worker.
    #[command(flatten)]
    pub worker: WorkerArgs,
    /// Address to listen on [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
}

impl From<WorkerArgs> for ServerArgs {
    fn from(worker: WorkerArgs) -> Self {
        Self {
            worker,
            listen: None,
        }
    }
}
