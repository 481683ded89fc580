//! Aliases that move in one step, or not at all.
//!
//! One request with all removals and additions is atomic, and a removal that must find its alias
//! compares. What it cannot compare (an alias that shall be new, a second alias' owner) is looked
//! up before and after.

use ::elasticsearch::{http::Method, indices::IndicesUpdateAliasesParts};
use sixplay_core::{Error, Result};

use super::{
    Elasticsearch,
    call::{ServerAnswer, ServerCall},
    request,
};
use crate::Swap;

/// An alias that is not exactly on the index where it should be.
struct Mismatch<'a> {
    swap: &'a Swap,
    /// The indices that it is on.
    behind: Vec<String>,
}

impl Mismatch<'_> {
    /// The error of a swap that found the alias on another index than expected.
    fn into_error(self) -> Error {
        let found = match self.behind.as_slice() {
            [] => "nothing".to_owned(),
            behind => behind.join(","),
        };
        Error::conflict("index.swap", "the alias points elsewhere")
            .with("index", &self.swap.alias)
            .with("expected", self.swap.from.as_deref().unwrap_or("nothing"))
            .with("found", found)
    }
}

impl Elasticsearch {
    /// Moves all aliases in one request, between two looks at where they are.
    pub(super) async fn swap_aliases(&self, swaps: &[Swap]) -> Result<()> {
        let mismatch = self.first_mismatch(swaps, |swap| swap.from.as_deref());
        if let Some(mismatch) = mismatch.await? {
            return Err(mismatch.into_error());
        }
        let call = self.updating_aliases().body(&request::swap_body(swaps));
        let answer = self.nodes.send(&call).await?;
        self.verify_swap(&call, answer, swaps).await
    }

    /// A request of several actions, which are done together or not at all.
    fn updating_aliases(&self) -> ServerCall {
        let path = IndicesUpdateAliasesParts::None.url();
        self.writing("index.swap", Method::Post, path)
    }

    /// The first swap whose alias is not exactly on the index that `expected` names.
    async fn first_mismatch<'a>(
        &self,
        swaps: &'a [Swap],
        expected: impl Fn(&'a Swap) -> Option<&'a str>,
    ) -> Result<Option<Mismatch<'a>>> {
        for swap in swaps {
            let behind = self.indices_behind(&swap.alias).await?;
            if !behind.iter().map(String::as_str).eq(expected(swap)) {
                return Ok(Some(Mismatch { swap, behind }));
            }
        }
        Ok(None)
    }

    /// What a failed swap, or one that met another, leaves behind is looked up: an answer may be
    /// lost, and two may add an alias at once.
    async fn verify_swap(
        &self,
        call: &ServerCall,
        answer: ServerAnswer,
        swaps: &[Swap],
    ) -> Result<()> {
        let moved = self.first_mismatch(swaps, |swap| Some(&swap.to));
        let Some(mismatch) = moved.await? else {
            return Ok(());
        };
        if answer.status == 200 && mismatch.behind.contains(&mismatch.swap.to) {
            let undo = self
                .updating_aliases()
                .body(&request::undo_swap_body(swaps));
            self.nodes.send(&undo).await?;
        } else {
            let unmoved = self.first_mismatch(swaps, |swap| swap.from.as_deref());
            if unmoved.await?.is_none() {
                answer.accept(call)?;
            }
        }
        Err(mismatch.into_error())
    }
}
