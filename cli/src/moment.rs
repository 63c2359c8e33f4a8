//! Times as people write and read them, in UTC: `14:00`, `30m`, `2h`, `3d`, `2026-12-24`.
//!
//! UTC and not local time: reading the machine's time zone safely needs a large library, and a wrong end of a
//! right is worse than a `Z`. Every time that is shown bears it.

/// Milliseconds since 1970 that `text` means at `now`; always later than `now`.
pub(crate) fn parse_end(text: &str, now: u64) -> Option<u64> {
    let end = after(text, now)
        .or_else(|| at_clock(text, now))
        .or_else(|| on_day(text))?;
    (end > now).then_some(end)
}

/// `30m`, `2h`, `3d`.
fn after(text: &str, now: u64) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let length = match unit {
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        _ => return None,
    };
    let count: u64 = digits(text.strip_suffix(unit)?)?;
    (1..=MAX_COUNT)
        .contains(&count)
        .then(|| now.checked_add(count.checked_mul(length)?))?
}

/// `14:00`: the next time that the clock shows it.
fn at_clock(text: &str, now: u64) -> Option<u64> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute): (u64, u64) = (digits(hour)?, digits(minute)?);
    if hour > 23 || minute > 59 {
        return None;
    }
    let today = now - now % DAY + hour * HOUR + minute * MINUTE;
    Some(if today > now { today } else { today + DAY })
}

/// `2026-12-24`: its beginning.
fn on_day(text: &str) -> Option<u64> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (
        digits(parts.next()?)?,
        digits(parts.next()?)?,
        digits(parts.next()?)?,
    );
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let days = days_before(year, month, day)?;
    (civil(days) == (year, month, day)).then(|| days.checked_mul(DAY))?
}

fn digits(text: &str) -> Option<u64> {
    (!text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// `2026-11-24 14:02Z`, or only `14:02Z` when it is the day of `now`.
pub(crate) fn shown(at: u64, now: u64) -> String {
    let clock = format!("{:02}:{:02}Z", at % DAY / HOUR, at % HOUR / MINUTE);
    if at / DAY == now / DAY {
        return clock;
    }
    let (year, month, day) = civil(at / DAY);
    format!("{year:04}-{month:02}-{day:02} {clock}")
}

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar: counting from March puts the
/// leap day last, and 400 years have a fixed number of days.
fn civil(days: u64) -> (u64, u64, u64) {
    let from_march_0000 = days + DAYS_TO_1970;
    let era = from_march_0000 / DAYS_OF_ERA;
    let day_of_era = from_march_0000 % DAYS_OF_ERA;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

/// The inverse of [`civil`] for days that exist.
fn days_before(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let year_of_era = year % 400;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (year / 400 * DAYS_OF_ERA + day_of_era).checked_sub(DAYS_TO_1970)
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// Days of 400 Gregorian years.
const DAYS_OF_ERA: u64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: u64 = 719_468;
/// A count beyond is a typing error.
const MAX_COUNT: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24 11:00 UTC.
    const NOW: u64 = 1_795_518_000_000;

    #[test]
    fn each_way_to_write_a_time_is_understood() {
        assert_eq!(parse_end("30m", NOW), Some(NOW + 30 * MINUTE));
        assert_eq!(parse_end("2h", NOW), Some(NOW + 2 * HOUR));
        assert_eq!(shown(parse_end("14:00", NOW).unwrap(), NOW), "14:00Z");
        assert_eq!(shown(parse_end("10:59", NOW).unwrap(), NOW), "2026-11-25 10:59Z");
        assert_eq!(
            shown(parse_end("2028-02-29", NOW).unwrap(), NOW),
            "2028-02-29 00:00Z"
        );
    }

    #[test]
    fn a_time_that_is_past_or_nonsense_is_refused() {
        for text in [
            "",
            "0m",
            "m",
            "-1h",
            "25:00",
            "12:60",
            "2026-11-23",
            "2027-02-29",
            "2026-13-01",
            "soon",
            "9999999d",
            "1٣h",
        ] {
            assert_eq!(parse_end(text, NOW), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_two_centuries_comes_back() {
        for day in 0..73_000 {
            let (year, month, date) = civil(day);
            assert_eq!(days_before(year, month, date), Some(day));
        }
    }
}
