//! The two ends of the line between the detector and whoever brings an index up to date. A queue
//! implements both; an indexer is a sink itself, where no queue is wanted.

use async_trait::async_trait;

use super::source::Root;
use crate::Result;

/// Where the detector hands over roots: a queue, or the indexer itself.
///
/// ```
/// use sixplay_core::{Result, Root, Sink};
///
/// struct Print;
///
/// #[async_trait::async_trait]
/// impl Sink for Print {
///     async fn deliver(&self, roots: &[Root]) -> Result<()> {
///         roots.iter().for_each(|root| println!("{} {}", root.kind, root.id));
///         Ok(())
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// Print.deliver(&[Root::new("book", "7")]).await
/// # }
/// ```
#[async_trait]
pub trait Sink: Send + Sync {
    /// Takes over `roots`; `Ok` means that they are durably accepted, and what led to them is then
    /// forgotten.
    ///
    /// A root that the sink can never take (see [`Root::require_carried`]) must not fail the
    /// others: it is put aside, and counts as accepted.
    ///
    /// # Errors
    /// Any; the same roots come again. A call that takes longer than half the lease counts as
    /// failed.
    async fn deliver(&self, roots: &[Root]) -> Result<()>;
}

/// Where changed roots come from.
///
/// Every root that was delivered to the other end comes at least once; one that is taken and not
/// settled comes again, at the latest when the feed's process has ended.
#[async_trait]
pub trait Feed: Send {
    /// Waits without limit for a root, then takes up to `max` that are there or come soon. The call
    /// may be dropped at any time; what it had got comes with the next one.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`: what was taken before and is not settled comes again, and the next
    /// call tries anew.
    async fn take(&mut self, max: usize) -> Result<Vec<Taken>>;

    /// Tells what became of taken roots; tokens of another feed, or settled before, do nothing.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`: any of the roots may come again.
    async fn settle(&mut self, verdicts: Vec<(Token, Verdict)>) -> Result<()>;

    /// Gives back what was taken and not settled, and waits for that.
    ///
    /// # Errors
    /// `Unavailable`, `Timeout`: the roots come again as from a process that was killed.
    async fn close(&mut self) -> Result<()>;
}

/// A root on loan, until its token is settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Names the loan to [`Feed::settle`].
    pub token: Token,
    /// The root to bring up to date.
    pub root: Root,
}

/// Names one root taken from one feed; the feed chooses the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token(pub u64);

/// What became of a taken root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is up to date, and never comes again for this change.
    Done,
    /// Not now: it comes again.
    Again,
    /// It can never be brought up to date as it is, for this reason; it is put aside.
    Dead(String),
}
