//! The time within which readers see a document.

use jiff::Timestamp;

/// A half-open window of time, `from <= t < until`: whoever renders, writes, searches or reads a
/// document decides by it, and by nothing else, whether the document is shown.
///
/// ```
/// use sixplay_core::Visible;
///
/// let visible = Visible::from_micros(1_000, Some(2_000));
/// let at = |micros| jiff::Timestamp::from_microsecond(micros).unwrap();
/// assert!(visible.is_open(at(1_000)) && visible.is_open(at(1_999)));
/// assert!(!visible.is_open(at(999)) && !visible.is_open(at(2_000)));
/// assert!(Visible::ALWAYS.is_open(at(0)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Visible {
    /// The first instant at which the document is shown.
    pub from: Timestamp,
    /// The first instant at which it no longer is; `None`: no end is known.
    pub until: Option<Timestamp>,
}

impl Visible {
    /// From the Unix epoch on, without end.
    pub const ALWAYS: Self = Self::new(Timestamp::UNIX_EPOCH, None);

    /// The window from `from` until before `until`.
    pub const fn new(from: Timestamp, until: Option<Timestamp>) -> Self {
        Self { from, until }
    }

    /// The window of two Unix times in microseconds. What lies outside the calendar's range is its
    /// nearest instant; an end behind it is no end.
    pub fn from_micros(from: i64, until: Option<i64>) -> Self {
        let until = until.filter(|until| *until <= Timestamp::MAX.as_microsecond());
        Self {
            from: nearest_instant(from),
            until: until.map(nearest_instant),
        }
    }

    /// Whether the window is open at `at`.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.from <= at && !self.is_over(at)
    }

    /// Whether the window has closed before or at `at`.
    pub fn is_over(&self, at: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= at)
    }

    /// The beginning as Unix time in microseconds.
    pub fn from_us(&self) -> i64 {
        self.from.as_microsecond()
    }

    /// The end as Unix time in microseconds.
    pub fn until_us(&self) -> Option<i64> {
        self.until.map(Timestamp::as_microsecond)
    }
}

impl Default for Visible {
    fn default() -> Self {
        Self::ALWAYS
    }
}

fn nearest_instant(micros: i64) -> Timestamp {
    let limit = if micros < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_microsecond(micros).unwrap_or(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_outside_the_calendar_keep_their_side() {
        let now = Timestamp::UNIX_EPOCH;
        assert!(Visible::from_micros(i64::MIN, Some(i64::MAX)).is_open(now));
        assert!(!Visible::from_micros(i64::MAX, None).is_open(now));
        assert!(Visible::from_micros(i64::MIN, Some(i64::MIN)).is_over(now));
    }
}
