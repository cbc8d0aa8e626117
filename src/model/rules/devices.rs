//! What a device is called after what its client calls itself, and which log-ins come from a device
//! that is known. The web UI names devices in the same way (`js/lib/device.js`).

use std::net::IpAddr;

/// The more special name first: most browsers also call themselves like others.
const BROWSERS: [(&[&str], &str); 9] = [
    (&["Edg/", "Edge/", "EdgA/", "EdgiOS/"], "Edge"),
    (&["OPR/", "Opera"], "Opera"),
    (&["SamsungBrowser/"], "Samsung Internet"),
    (&["YaBrowser/"], "Yandex Browser"),
    (&["Whale/"], "Whale"),
    (&["Firefox/", "FxiOS/"], "Firefox"),
    (&["Chromium/"], "Chromium"),
    (&["Chrome/", "CriOS/"], "Chrome"),
    (&["Safari/"], "Safari"),
];
const SYSTEMS: [(&[&str], &str); 7] = [
    (&["iPhone"], "iPhone"),
    (&["iPad"], "iPad"),
    (&["Android"], "Android"),
    (&["Windows"], "Windows"),
    (&["CrOS"], "ChromeOS"),
    (&["Mac OS X", "Macintosh"], "macOS"),
    (&["Linux"], "Linux"),
];
/// Maximum number of characters of the name of another program.
const LONGEST: usize = 40;

/// Returns what is shown of a User-Agent, without versions: `Firefox, Windows`, or the name of
/// another program; empty if it says nothing.
pub fn program_of(agent: &str) -> String {
    let named = |table: &[(&[&str], &'static str)]| {
        let found = table.iter().find(|(marks, _)| marks.iter().any(|mark| agent.contains(mark)));
        found.map(|(_, name)| *name)
    };
    let browser = if agent.starts_with("Mozilla/") { named(&BROWSERS) } else { None };
    let Some(browser) = browser else {
        let name = agent.split(['/', ' ']).next().unwrap_or_default();
        return name.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    };
    match named(&SYSTEMS) {
        Some(system) => format!("{browser}, {system}"),
        None => browser.to_owned(),
    }
}

/// Returns whether two addresses are in networks that usually belong to one provider: the first 16
/// bits of IPv4, 32 bits of IPv6.
pub fn near(one: IpAddr, two: IpAddr) -> bool {
    match (one.to_canonical(), two.to_canonical()) {
        (IpAddr::V4(one), IpAddr::V4(two)) => one.octets()[..2] == two.octets()[..2],
        (IpAddr::V6(one), IpAddr::V6(two)) => one.segments()[..2] == two.segments()[..2],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_named_without_versions() {
        let mozilla = |rest: &str| program_of(&format!("Mozilla/5.0 {rest}"));
        let windows = "(Windows NT 10.0; Win64; x64)";
        let chrome = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
        assert_eq!(mozilla(&format!("{windows} Gecko/20100101 Firefox/127.0")), "Firefox, Windows");
        assert_eq!(mozilla(&format!("{windows} {chrome}")), "Chrome, Windows");
        assert_eq!(mozilla(&format!("{windows} {chrome} Edg/126.0")), "Edge, Windows");
        let iphone = "(iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1";
        assert_eq!(mozilla(iphone), "Safari, iPhone");
        assert_eq!(program_of("curl/8.5.0"), "curl");
        assert_eq!(program_of("my-bot 1"), "my-bot");
        assert_eq!(program_of(""), "");
    }

    #[test]
    fn networks_are_those_of_providers() {
        let near = |one: &str, two: &str| near(one.parse().unwrap(), two.parse().unwrap());
        assert!(near("203.0.113.5", "203.0.7.9"));
        assert!(near("203.0.113.5", "::ffff:203.0.7.9"));
        assert!(near("2001:db8:1::1", "2001:db8:2::1"));
        for (one, two) in
            [("203.0.113.5", "203.1.113.5"), ("2001:db8::1", "2001:db9::1"), ("1.2.3.4", "::1")]
        {
            assert!(!near(one, two), "{one} {two}");
        }
    }
}
