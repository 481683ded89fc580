//! The pause before trying again.

use std::{collections::hash_map::RandomState, hash::BuildHasher, time::Duration};

const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(1);

/// The pause before the `attempt`-th repetition (from 1): it doubles up to a second; a random half
/// keeps processes apart.
pub(crate) fn backoff(attempt: u32) -> Duration {
    let whole = FIRST
        .saturating_mul(1 << attempt.saturating_sub(1).min(10))
        .min(LONGEST);
    let random = RandomState::new().hash_one(attempt) % 1000;
    whole / 2 + whole.mul_f64(random as f64 / 2000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second_and_no_further() {
        assert!((FIRST / 2..=FIRST).contains(&backoff(1)));
        assert!((FIRST..=FIRST * 2).contains(&backoff(2)));
        for attempt in [7, 30, u32::MAX] {
            assert!(
                (LONGEST / 2..=LONGEST).contains(&backoff(attempt)),
                "{attempt}"
            );
        }
    }
}
