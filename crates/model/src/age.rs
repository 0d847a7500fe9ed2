//! Ages as kubectl prints them.

use crate::Timestamp;

/// The age of something made at `from`, at `now`: `95s`, `4m12s`, `3h20m`, `3d5h`, `2y35d`.
///
/// The steps are those of `HumanDuration` in k8s.io/apimachinery. A time up to two seconds ahead counts as `0s` (clocks
/// differ); further ahead is `<invalid>`.
pub fn age(from: Timestamp, now: Timestamp) -> String {
    let seconds = from.millis_until(now).div_euclid(1000);
    if seconds < -1 {
        return "<invalid>".to_owned();
    }
    let seconds = seconds.max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let pair = |big: i64, big_unit: char, small: i64, small_unit: char| match small {
        0 => format!("{big}{big_unit}"),
        small => format!("{big}{big_unit}{small}{small_unit}"),
    };
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        pair(minutes, 'm', seconds % 60, 's')
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        pair(hours, 'h', minutes % 60, 'm')
    } else if hours < 48 {
        format!("{hours}h")
    } else if hours < 192 {
        pair(days, 'd', hours % 24, 'h')
    } else if days < 730 {
        format!("{days}d")
    } else if days < 2920 {
        pair(days / 365, 'y', days % 365, 'd')
    } else {
        format!("{}y", days / 365)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_as_in_kubectl() {
        let seconds = |s: i64| age(Timestamp(0), Timestamp(s * 1000));
        let table = [
            (0, "0s"),
            (95, "95s"),
            (119, "119s"),
            (120, "2m"),
            (252, "4m12s"),
            (600, "10m"),
            (10_799, "179m"),
            (12_000, "3h20m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (277_200, "3d5h"),
            (691_200, "8d"),
            (63_072_000, "2y"),
            (66_096_000, "2y35d"),
            (252_288_000, "8y"),
            (-1, "0s"),
            (-5, "<invalid>"),
        ];
        for (input, expected) in table {
            assert_eq!(seconds(input), expected, "{input} seconds");
        }
    }
}
