//! Runs the conformance suite on the embedded index and the three servers.

use sixplay_core::{Result, conformance::server};
use sixplay_index::{Index, conformance};

/// The index at the URL that the environment names, `None` when it is to be skipped.
pub(crate) async fn index_on(name: &str) -> Result<Option<Index>> {
    let Some(url) = server(name)? else {
        return Ok(None);
    };
    let index = Index::connect(&url).await?;
    conformance::sweep(&index).await?;
    Ok(Some(index))
}

async fn run_on(server: &str, case: &str) -> Result<()> {
    match index_on(server).await? {
        Some(index) => conformance::run_case(case, &index).await,
        None => Ok(()),
    }
}

mod embedded {
    async fn run(case: &str) -> sixplay_core::Result<()> {
        let (_folder, index) = crate::embedded::index().await;
        sixplay_index::conformance::run_case(case, &index).await
    }

    sixplay_index::index_conformance!(run);
}

mod elasticsearch8 {
    async fn run(case: &str) -> sixplay_core::Result<()> {
        super::run_on("elasticsearch8", case).await
    }

    sixplay_index::index_conformance!(run);
}

mod elasticsearch9 {
    async fn run(case: &str) -> sixplay_core::Result<()> {
        super::run_on("elasticsearch9", case).await
    }

    sixplay_index::index_conformance!(run);
}

mod opensearch3 {
    async fn run(case: &str) -> sixplay_core::Result<()> {
        super::run_on("opensearch3", case).await
    }

    sixplay_index::index_conformance!(run);
}
