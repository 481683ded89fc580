//! The wire's dates: local time of Paris.

use std::sync::LazyLock;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

const DATE: &str = "%Y-%m-%d %H:%M:%S";

static PARIS: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC));

/// The date of a Unix time in microseconds; `None` outside the calendar's range.
pub(crate) fn format_date(micros: i64) -> Option<String> {
    let instant = Timestamp::from_microsecond(micros).ok()?;
    let local = instant.to_zoned_datetime(PARIS.clone());
    Some(local.strftime(DATE).to_string())
}

/// The Unix time of a date, in microseconds; of the two readings on the last Sunday of October, the
/// earlier.
pub(crate) fn parse_date(date: &str) -> Option<i64> {
    let local = DateTime::strptime(DATE, date).ok()?;
    let zoned = local.to_zoned_datetime(PARIS.clone()).ok()?;
    Some(zoned.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_local_time_of_paris_in_winter_and_summer() {
        let (summer, winter) = (1_537_357_800_000_000, 1_545_220_200_000_000);
        assert_eq!(parse_date("2018-09-19 13:50:00"), Some(summer));
        assert_eq!(format_date(summer).as_deref(), Some("2018-09-19 13:50:00"));
        assert_eq!(format_date(winter).as_deref(), Some("2018-12-19 12:50:00"));
        assert_eq!(parse_date("19/09/2018"), None);
        assert_eq!(format_date(i64::MAX), None);
    }

    #[test]
    fn the_hour_that_comes_twice_is_read_as_the_first_and_shown_alike() {
        let first = parse_date("2018-10-28 02:30:00").unwrap();
        assert_eq!(first, 1_540_686_600_000_000);
        assert_eq!(format_date(first), format_date(first + 3_600_000_000));
    }
}
