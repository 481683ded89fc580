//! All that is wrong with a patch, told at once.

use sixplay_core::{Error, Result};

/// How many faults one error names at most.
const MAX_FAULTS: usize = 20;

/// What is wrong, member by member.
#[derive(Debug, Default)]
pub(crate) struct PatchFaults(Vec<(String, String)>);

impl PatchFaults {
    /// Notes what is wrong with the member of that name.
    pub(crate) fn add(&mut self, member: &str, problem: impl Into<String>) {
        if self.0.len() < MAX_FAULTS {
            self.0.push((pointer_to(member), problem.into()));
        }
    }

    /// # Errors
    /// `Invalid` with `pointer` and `problem` of each fault, when there is one.
    pub(crate) fn refuse_any(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut error = refuse_patch();
        for (pointer, problem) in self.0 {
            error = error.with("pointer", pointer).with("problem", problem);
        }
        Err(error)
    }
}

/// The error of a body that is no patch at all.
pub(crate) fn refuse_body(problem: impl Into<String>) -> Error {
    refuse_patch()
        .with("pointer", "")
        .with("problem", problem.into())
}

fn refuse_patch() -> Error {
    Error::invalid("api.patch", "the body is not a valid patch")
}

/// RFC 6901.
fn pointer_to(member: &str) -> String {
    format!("/{}", member.replace('~', "~0").replace('/', "~1"))
}
