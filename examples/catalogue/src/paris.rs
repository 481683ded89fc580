//! The wire's dates: local time of Paris.

use std::sync::LazyLock;

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

const DATE: &str = "%Y-%m-%d %H:%M:%S";
/// What a database holds has up to six digits more, or no time at all.
const STORED_DATES: [&str; 2] = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d"];
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

static PARIS: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC));

/// The date of a Unix time in microseconds, which ends on the last day of 9999; `None` outside the
/// calendar's range.
pub(crate) fn format_date(micros: i64) -> Option<String> {
    // a `Timestamp` ends a day and more before the calendar does
    let [first, last] = [Timestamp::MIN, Timestamp::MAX].map(Timestamp::as_second);
    let second = micros.div_euclid(1_000_000).clamp(first, last);
    let nearest = Timestamp::from_second(second).ok()?;
    let offset = SignedDuration::from_secs(PARIS.to_offset(nearest).seconds().into());
    let elapsed = SignedDuration::from_micros(micros).checked_add(offset)?;
    let local = EPOCH.checked_add(elapsed).ok()?;
    Some(local.strftime(DATE).to_string())
}

/// The Unix time of a date of the years 0 to 9999, in microseconds, without a time at midnight; of
/// the two readings on the last Sunday of October, the earlier; of an hour left out in March, the
/// one after it.
pub(crate) fn parse_date(date: &str) -> Option<i64> {
    let [with_time, alone] = STORED_DATES;
    let local = DateTime::strptime(with_time, date);
    let local = local
        .or_else(|_| Date::strptime(alone, date).map(DateTime::from))
        .ok()?;
    let (AmbiguousOffset::Unambiguous { offset }
    | AmbiguousOffset::Gap { before: offset, .. }
    | AmbiguousOffset::Fold { before: offset, .. }) = PARIS.to_ambiguous_timestamp(local).offset();
    let offset = SignedDuration::from_secs(offset.seconds().into());
    let elapsed = local.duration_since(EPOCH).checked_sub(offset)?;
    elapsed.as_micros().try_into().ok()
}

/// Whether it is how MariaDB writes that there is no date, `0000-00-00 00:00:00`, or no month or
/// day.
pub(crate) fn is_zero_date(date: &str) -> bool {
    date.contains("-00") && parse_date(&date.replace("-00", "-01")).is_some()
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

    #[test]
    fn every_date_of_the_database_comes_back_from_the_first_to_the_last() {
        for date in [
            "0000-01-01 00:00:00",
            "0001-01-01 00:00:00",
            "1000-01-01 00:00:00",
            "1582-10-10 12:00:00",
            "1911-03-10 23:55:00",
            "1969-12-31 23:59:59",
            "2018-10-28 03:00:00",
            "2038-01-19 03:14:08",
            "9999-12-30 23:00:01",
            "9999-12-31 23:59:59",
        ] {
            assert_eq!(
                parse_date(date).and_then(format_date).as_deref(),
                Some(date)
            );
        }
        assert_eq!(
            parse_date("9999-12-31 23:59:59"),
            Some(253_402_297_199_000_000)
        );
        let midnight = parse_date("2018-09-19").and_then(format_date);
        assert_eq!(midnight.as_deref(), Some("2018-09-19 00:00:00"));
        let fraction = parse_date("2018-09-19 13:50:00.25");
        assert_eq!(fraction, Some(1_537_357_800_250_000));
        assert_eq!(parse_date("10000-01-01 00:00:00"), None);
        assert_eq!(parse_date("2018-02-30 00:00:00"), None);
    }

    #[test]
    fn an_hour_left_out_is_the_one_after_it() {
        let date = parse_date("2018-03-25 02:30:00").and_then(format_date);
        assert_eq!(date.as_deref(), Some("2018-03-25 03:30:00"));
    }

    #[test]
    fn dates_without_month_or_day_are_none() {
        for date in [
            "0000-00-00 00:00:00",
            "2018-00-00 00:00:00",
            "2018-09-00 10:00:00",
            "0000-00-00",
        ] {
            assert_eq!(
                (parse_date(date), is_zero_date(date)),
                (None, true),
                "{date}"
            );
        }
        for date in ["2018-09-19 00:00:00", "-00", "x-00-00", ""] {
            assert!(!is_zero_date(date), "{date}");
        }
    }
}
