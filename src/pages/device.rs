//! A browser's name for itself and its network, in words that a person recognises.
//!
//! The answer is made of our own words only: nothing of the header reaches a page.

/// How much of the header is read.
const LIMIT: usize = 512;

/// Mark and name, the more particular first: nearly every browser also claims to be another.
const BROWSERS: [(&str, &str); 17] = [
    ("edg/", "Edge"),
    ("edga/", "Edge"),
    ("edgios/", "Edge"),
    ("opr/", "Opera"),
    ("opt/", "Opera"),
    ("samsungbrowser/", "Samsung Internet"),
    ("vivaldi/", "Vivaldi"),
    ("yabrowser/", "Yandex Browser"),
    ("duckduckgo/", "DuckDuckGo"),
    ("fxios/", "Firefox"),
    ("firefox/", "Firefox"),
    ("crios/", "Chrome"),
    ("chromium/", "Chromium"),
    ("chrome/", "Chrome"),
    ("epiphany/", "Epiphany"),
    ("version/", "Safari"),
    ("curl/", "curl"),
];

/// Android before Linux and iPhone before Mac, as each names the other too.
const SYSTEMS: [(&str, &str); 9] = [
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("android", "Android"),
    ("windows", "Windows"),
    ("cros ", "ChromeOS"),
    ("macintosh", "Mac"),
    ("freebsd", "FreeBSD"),
    ("openbsd", "OpenBSD"),
    ("linux", "Linux"),
];

/// "Firefox on Linux", or as much of it as can be told.
pub fn describe(user_agent: &str) -> String {
    let text: String = user_agent.chars().take(LIMIT).collect();
    let text = text.to_ascii_lowercase();
    let find = |table: &[(&str, &'static str)]| {
        let row = table.iter().find(|(mark, _)| text.contains(mark));
        row.map(|(_, name)| *name)
    };
    let browser = find(&BROWSERS)
        // "Version/" alone also stands in other names: Safari says both.
        .filter(|name| *name != "Safari" || text.contains("safari/"));
    match (browser, find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("A browser on {system}"),
        (None, None) => "An unknown browser".to_owned(),
    }
}

/// What is known of where a session began: its network, as there is no map here.
pub fn network(coarse: &str) -> String {
    if coarse.is_empty() {
        "Unknown network".to_owned()
    } else {
        format!("Network {coarse}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_called_one() {
        assert_eq!(network("192.0.2.0/24"), "Network 192.0.2.0/24");
        assert_eq!(network(""), "Unknown network");
    }

    #[test]
    fn nothing_of_the_header_is_shown() {
        for text in ["", "<script>alert(1)</script>", "Version/9 \u{202e}"] {
            assert_eq!(describe(text), "An unknown browser", "{text}");
        }
        let long = format!("{}Firefox/1", "x".repeat(100_000));
        assert_eq!(describe(&long), "An unknown browser");
        assert_eq!(describe(&"é".repeat(600)), "An unknown browser");
    }

    #[test]
    fn browsers_are_recognised() {
        const MOZILLA: &str = "Mozilla/5.0";
        const KIT: &str = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
        for (rest, expected) in [
            (
                "(X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "(Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0",
                "Firefox on Android",
            ),
            (
                "(Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36",
                "Chrome on Windows",
            ),
            (
                "(Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0",
                "Edge on Windows",
            ),
            (
                "(X11; Linux x86_64) Chrome/140 Safari/537.36 OPR/120.0",
                "Opera on Linux",
            ),
            (
                "(X11; Linux x86_64) HeadlessChrome/140 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "(X11; CrOS x86_64 14541.0.0) Chrome/140 Safari/537.36",
                "ChromeOS",
            ),
            (
                "(Linux; Android 15) SamsungBrowser/28.0 Chrome/130 Safari/537.36",
                "Samsung",
            ),
            (
                "(iPhone; CPU iPhone OS 18_6 like Mac OS X) Version/18.6 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "(iPad; CPU OS 18_6 like Mac OS X) CriOS/140 Mobile/15E148 Safari/604.1",
                "Chrome on iPad",
            ),
            (
                "(Macintosh; Intel Mac OS X 10_15_7) Version/18.6 Safari/605.1.15",
                "Safari on Mac",
            ),
            ("(Macintosh; Intel Mac OS X 10_15_7)", "A browser on Mac"),
        ] {
            let described = describe(&format!("{MOZILLA} {rest} {KIT}"));
            assert!(described.contains(expected), "{rest}: {described}");
        }
        assert_eq!(describe("curl/8.14.1"), "curl");
    }
}
