//! Counts and sizes as text for people: `1 file`, `2,143 files`, `5.8 GiB`.

/// `1 file`, `2,143 files`, `3 entries`. `thing` is the singular.
pub fn count<N: TryInto<u64>>(number: N, thing: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let shown = thousands(number);
    match thing.strip_suffix('y') {
        _ if number == 1 => format!("{shown} {thing}"),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{shown} {stem}ies"),
        _ => format!("{shown} {thing}s"),
    }
}

/// A size in units of 1024, rounded down, as `df -h` and `ls -h` show it: `4.0 KiB`, `200 MiB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let power = (0..UNITS.len()).rev().find(|power| number >> (10 * power) > 0).unwrap_or(0);
    let (whole, rest) = (number >> (10 * power), number & ((1 << (10 * power)) - 1));
    if power == 0 || whole >= 100 {
        format!("{whole} {}", UNITS[power])
    } else {
        // Keep ten bits of the remainder: more would overflow when multiplied.
        let tenth = ((rest >> (10 * (power - 1))) * 10) >> 10;
        format!("{whole}.{tenth} {}", UNITS[power])
    }
}

/// `2,143`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_plural() {
        for (number, thing, shown) in [
            (0, "file", "0 files"),
            (1, "file", "1 file"),
            (999, "message", "999 messages"),
            (1_000, "message", "1,000 messages"),
            (1_234_567, "message", "1,234,567 messages"),
            (1, "entry", "1 entry"),
            (2, "entry", "2 entries"),
            (2, "day", "2 days"),
        ] {
            assert_eq!(count(number, thing), shown);
        }
        assert_eq!(count(2_usize, "room"), "2 rooms");
    }

    #[test]
    fn sizes_are_in_units_of_1024() {
        for (number, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (4096, "4.0 KiB"),
            (24_000_000, "22.8 MiB"),
            (200 << 20, "200 MiB"),
            ((5 << 30) + (900 << 20), "5.8 GiB"),
            (u64::MAX, "16383 PiB"),
        ] {
            assert_eq!(bytes(number), shown);
        }
    }
}
