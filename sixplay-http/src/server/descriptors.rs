//! File descriptors: as many as the connections need, or fewer connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the rest of a process needs: files, and connections to the servers behind it.
const RESERVE: u64 = 256;

/// How many of `wanted` connections the process has descriptors for, after it has raised its soft
/// limit as far as it may and they need.
pub(super) fn fit_connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let soft = raise_soft_limit(limit, wanted as u64 + RESERVE);
    let fitting = soft.map_or(wanted, |soft| connections_within(soft, wanted));
    if fitting < wanted {
        tracing::warn!(
            descriptors = soft,
            max_connections = wanted,
            served = fitting,
            "fewer connections than configured: raise the limit of open files (ulimit -Hn)"
        );
    }
    fitting
}

/// The soft limit from now on; `None` when there is none.
fn raise_soft_limit(limit: Rlimit, needed: u64) -> Option<u64> {
    let soft = limit.current?;
    let raised = limit.maximum.map_or(needed, |hard| needed.min(hard));
    if raised <= soft {
        return Some(soft);
    }
    let maximum = limit.maximum;
    let new = Rlimit {
        current: Some(raised),
        maximum,
    };
    match setrlimit(Resource::Nofile, new) {
        Ok(()) => Some(raised),
        Err(error) => {
            tracing::warn!(%error, "cannot raise the limit of open files");
            Some(soft)
        }
    }
}

/// The reserve is kept free, but never more than half of all.
fn connections_within(soft: u64, wanted: usize) -> usize {
    let free = soft.saturating_sub(RESERVE).max(soft / 2).max(1);
    usize::try_from(free).map_or(wanted, |free| wanted.min(free))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        for (soft, wanted, fitting) in [
            (5000, 4096, 4096),
            (4352, 4096, 4096),
            (1024, 4096, 768),
            (300, 4096, 150),
            (1, 4096, 1),
            (0, 4096, 1),
        ] {
            assert_eq!(connections_within(soft, wanted), fitting, "{soft}");
        }
    }
}
