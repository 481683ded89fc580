//! Every case of the store's suite on every database.

use sixplay_core::{
    Result,
    conformance::{Backend, run_case, scratch},
};

async fn run_on(backend: Backend, case: &str) -> Result<()> {
    match scratch(backend).await? {
        Some(scratch) => run_case(case, &scratch).await,
        None => Ok(()),
    }
}

mod sqlite {
    async fn run(case: &str) -> sixplay_core::Result<()> {
        super::run_on(super::Backend::Sqlite, case).await
    }
    sixplay_core::store_conformance!(run);
}

mod mariadb {
    async fn run(case: &str) -> sixplay_core::Result<()> {
        super::run_on(super::Backend::Mariadb, case).await
    }
    sixplay_core::store_conformance!(run);
}

mod postgres {
    async fn run(case: &str) -> sixplay_core::Result<()> {
        super::run_on(super::Backend::Postgres, case).await
    }
    sixplay_core::store_conformance!(run);
}
