//! The one implementation of pauses between attempts and of deadlines.

use std::{collections::hash_map::RandomState, hash::BuildHasher, time::Duration};

use crate::{Error, Result};

/// Ends `work` at `limit`: every wait for somebody else has one, from the call to its return.
///
/// ```
/// use std::time::Duration;
/// use sixplay_core::{ErrorKind, Result, retry};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let silent = std::future::pending::<Result<u8>>();
/// let error = retry::deadline("peer.ask", Duration::from_millis(5), silent).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Timeout);
/// assert_eq!(error.to_string(), "peer.ask: no answer within the deadline (ms=5)");
/// # }
/// ```
///
/// # Errors
/// `Timeout` of `operation` with the limit in `ms`; else those of `work`.
pub async fn deadline<T>(
    operation: &'static str,
    limit: Duration,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let late = || Error::timeout(operation, "no answer within the deadline");
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(late().with("ms", limit.as_millis())),
    }
}

/// The pauses between attempts: each twice the one before, up to the longest; a random half of each
/// keeps processes apart that failed together.
///
/// ```
/// use std::time::Duration;
/// use sixplay_core::retry::Backoff;
///
/// let (first, longest) = (Duration::from_millis(20), Duration::from_secs(1));
/// let mut backoff = Backoff::new(first, longest);
/// assert!((first / 2..=first).contains(&backoff.next_pause()));
/// assert!((first..=first * 2).contains(&backoff.next_pause()));
/// backoff.reset();
/// assert!(backoff.next_pause() <= first);
/// ```
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// Pauses from `first` to `longest`.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            failures: 0,
        }
    }

    /// How often [`Backoff::next_pause`] was asked since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure and tells how long to wait before the next attempt.
    pub fn next_pause(&mut self) -> Duration {
        let doubled = 1_u32 << self.failures.min(20);
        self.failures = self.failures.saturating_add(1);
        let whole = self.first.saturating_mul(doubled).min(self.longest);
        whole / 2 + whole.mul_f64((random() % 1000) as f64 / 2000.0)
    }

    /// Counts a failure and waits; may be dropped at any time.
    pub async fn pause(&mut self) {
        tokio::time::sleep(self.next_pause()).await;
    }

    /// Counts a success: the next pause is the first again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A number that no other process draws: names things and spreads retries; no secret.
pub fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_no_further() {
        let longest = Duration::from_secs(1);
        let mut backoff = Backoff::new(Duration::from_millis(20), longest);
        for _ in 0..6 {
            backoff.next_pause();
        }
        for _ in 0..100 {
            let pause = backoff.next_pause();
            assert!((longest / 2..=longest).contains(&pause), "{pause:?}");
        }
        assert_eq!(backoff.failures(), 106);
    }
}
