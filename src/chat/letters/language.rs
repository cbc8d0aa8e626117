//! The languages of the web UI, in which letters are written too.

use time::OffsetDateTime;

use crate::model::Timestamp;

/// A language of the web UI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Korean.
    Korean,
    /// Russian.
    Russian,
    /// Chinese in simplified characters.
    Chinese,
}

/// Months in English.
const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Months in Russian, as they stand in dates.
const RUSSIAN: [&str; 12] = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
];

impl Language {
    /// All languages.
    pub const ALL: [Self; 4] = [Self::English, Self::Korean, Self::Russian, Self::Chinese];

    /// The language of a tag such as `ko` or `zh-CN`; English if there are no texts in it.
    pub fn of_tag(tag: &str) -> Self {
        Self::known(tag).unwrap_or_default()
    }

    /// The language of a tag such as `ko` or `zh-CN`; None if there are no texts in it.
    pub fn known(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        let primary = primary.to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.tag() == primary)
    }

    /// The tag: `en`, `ko`, `ru` or `zh`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
            Self::Russian => "ru",
            Self::Chinese => "zh",
        }
    }

    /// The preferred known language of a header `Accept-Language`; None if there is none.
    pub fn accepted(header: &str) -> Option<Self> {
        let mut best: Option<(u32, Self)> = None;
        for part in header.split(',') {
            let (tag, rest) = part.split_once(';').unwrap_or((part, ""));
            let Some(language) = Self::known(tag) else { continue };
            let weight = rest.trim().strip_prefix("q=").map_or(1000, thousandths);
            // Of equal ones, the first.
            if weight > best.map_or(0, |(weight, _)| weight) {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }

    /// Formats a time as people write it in this language, in UTC.
    pub fn time(self, at: Timestamp) -> String {
        let Ok(at) = OffsetDateTime::from_unix_timestamp(at.unix_seconds()) else {
            return at.seconds();
        };
        let (year, day) = (at.year(), at.day());
        let (month, name) = (u8::from(at.month()), usize::from(u8::from(at.month())) - 1);
        let clock = format!("{:02}:{:02} UTC", at.hour(), at.minute());
        match self {
            Self::English => format!("{day} {} {year}, {clock}", ENGLISH[name]),
            Self::Korean => format!("{year}년 {month}월 {day}일 {clock}"),
            Self::Russian => format!("{day} {} {year} г., {clock}", RUSSIAN[name]),
            Self::Chinese => format!("{year}年{month}月{day}日 {clock}"),
        }
    }
}

/// A weight between 0 and 1 with at most three digits after the point.
fn thousandths(text: &str) -> u32 {
    let (whole, rest) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let parts = format!("{rest:0<3}");
    let part = parts.get(..3).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    match whole {
        "1" => 1000,
        _ => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_a_language_or_the_first_one() {
        assert_eq!(Language::of_tag("fr"), Language::English);
        assert_eq!(Language::of_tag("ZH-cn"), Language::Chinese);
        assert_eq!(Language::of_tag("zh_Hans"), Language::Chinese);
        assert_eq!(Language::known("fr"), None);
        for language in Language::ALL {
            assert_eq!(Language::known(language.tag()), Some(language));
        }
    }

    #[test]
    fn the_preferred_language_of_a_browser_is_found() {
        for (header, language) in [
            ("ko-KR,ko;q=0.9,en;q=0.8", Some(Language::Korean)),
            ("fr, ru;q=0.5, zh;q=0.7", Some(Language::Chinese)),
            ("fr;q=1.0,en;q=0.1", Some(Language::English)),
            ("ko;q=0, en;q=0.2", Some(Language::English)),
            ("ko;q=0", None),
            ("fr", None),
            ("", None),
            (";;;q=,,", None),
            ("*", None),
        ] {
            assert_eq!(Language::accepted(header), language, "{header}");
        }
    }

    #[test]
    fn a_time_is_written_as_people_do() {
        let at = Timestamp(1_796_000_580_000);
        let written = Language::ALL.map(|language| language.time(at));
        assert_eq!(
            written,
            [
                "30 November 2026, 01:03 UTC",
                "2026년 11월 30일 01:03 UTC",
                "30 ноября 2026 г., 01:03 UTC",
                "2026年11月30日 01:03 UTC",
            ]
        );
    }
}
