//! Dates as OneRoster writes them, and periods between two of them.

use time::{Date, Month};

/// Reads `YYYY-MM-DD`, a day that exists.
pub(super) fn date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        let digits = text.get(range)?;
        let all = digits.bytes().all(|byte| byte.is_ascii_digit());
        all.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let month = Month::try_from(u8::try_from(number(5..7)?).ok()?).ok()?;
    let day = u8::try_from(number(8..10)?).ok()?;
    Date::from_calendar_date(i32::from(number(0..4)?), month, day).ok()
}

/// Whether it is `YYYY`.
pub(super) fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// From the first day on, until before the last; open where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) begins: Option<Date>,
    pub(crate) ends: Option<Date>,
}

impl Period {
    pub(super) fn is_over(self, today: Date) -> bool {
        self.ends.is_some_and(|ends| ends <= today)
    }

    /// Whether today is in it.
    pub(super) fn holds(self, today: Date) -> bool {
        !self.is_over(today) && self.begins.is_none_or(|begins| begins <= today)
    }

    /// Whether it ends before it begins.
    pub(super) fn is_backwards(self) -> bool {
        matches!((self.begins, self.ends), (Some(begins), Some(ends)) if ends <= begins)
    }

    /// From the earlier beginning to the later end.
    pub(super) fn joined(self, other: Self) -> Self {
        Self {
            begins: self.begins.zip(other.begins).map(|(one, two)| one.min(two)),
            ends: self.ends.zip(other.ends).map(|(one, two)| one.max(two)),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date as day;

    use super::{Period, date};

    #[test]
    fn only_days_that_exist_are_dates() {
        assert_eq!(date("2026-09-01"), Some(day!(2026 - 09 - 01)));
        assert_eq!(date("2028-02-29"), Some(day!(2028 - 02 - 29)));
        for wrong in [
            "",
            "2026-9-1",
            "01/09/2026",
            "2026-02-29",
            "2026-13-01",
            "2026-09-01T00:00",
            "+026-09-01",
            "２０２６-09",
        ] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_period_holds_its_first_day_and_not_its_last() {
        let period = Period {
            begins: Some(day!(2026 - 09 - 01)),
            ends: Some(day!(2027 - 07 - 03)),
        };
        assert!(!period.holds(day!(2026 - 08 - 31)));
        assert!(period.holds(day!(2026 - 09 - 01)));
        assert!(period.holds(day!(2027 - 07 - 02)));
        assert!(!period.holds(day!(2027 - 07 - 03)));
    }
}
