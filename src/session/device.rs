//! A browser's name for itself, in words that a person recognises.
//!
//! The answer is made of our own words only: nothing of the header reaches a page, and all that
//! can be said is known beforehand, so that sessions are found by it.

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
    in_words(browser, find(&SYSTEMS))
}

/// The same of what asks for a code (RFC 8628): "curl on Linux", "A device with Android".
pub fn asking(user_agent: &str) -> String {
    let words = describe(user_agent);
    match words.strip_prefix("A browser on ") {
        Some(system) => format!("A device with {system}"),
        None if words == in_words(None, None) => "An unknown device".to_owned(),
        None => words,
    }
}

/// Every description that says all the words that were typed, or begins them: "fire", "Firefox
/// Android", "firefox on linux". Words of fewer than three letters say too little and count for
/// nothing.
pub fn matching(typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    let words: Vec<&str> = typed
        .split_whitespace()
        .filter(|word| word.chars().count() >= 3)
        .collect();
    if words.is_empty() {
        return Vec::new();
    }
    let says = |description: &String| {
        let own = description.to_ascii_lowercase();
        words
            .iter()
            .all(|word| own.split(' ').any(|own| own.starts_with(word)))
    };
    descriptions().into_iter().filter(says).collect()
}

/// All that [`describe`] can say.
fn descriptions() -> Vec<String> {
    let names = |table: &[(&'static str, &'static str)]| {
        let mut names: Vec<_> = table.iter().map(|(_, name)| Some(*name)).collect();
        names.dedup();
        names.push(None);
        names
    };
    let systems = names(&SYSTEMS);
    let mut all: Vec<_> = names(&BROWSERS)
        .into_iter()
        .flat_map(|browser| systems.iter().map(move |system| in_words(browser, *system)))
        .collect();
    all.sort();
    all.dedup();
    all
}

fn in_words(browser: Option<&str>, system: Option<&str>) -> String {
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, Some(system)) => format!("A browser on {system}"),
        (None, None) => "An unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_asks_for_a_code_is_a_device() {
        for (user_agent, expected) in [
            ("", "An unknown device"),
            ("<script>", "An unknown device"),
            ("tv/2 (Linux; armv7)", "A device with Linux"),
            ("curl/8.5.0", "curl"),
            ("Mozilla/5.0 (X11; Linux) Firefox/140.0", "Firefox on Linux"),
        ] {
            assert_eq!(asking(user_agent), expected, "{user_agent}");
        }
    }

    #[test]
    fn words_find_descriptions() {
        for (typed, part, count) in [
            ("firefox linux", "Firefox on Linux", 1),
            ("Firefox on Linux", "Firefox on Linux", 1),
            ("fire", "Firefox on Android", 10),
            ("ANDROID", "Samsung Internet on Android", 13),
            ("unknown", "An unknown browser", 1),
        ] {
            let found = matching(typed);
            assert!(found.iter().any(|text| text == part), "{typed}: {found:?}");
            assert_eq!(found.len(), count, "{typed}: {found:?}");
        }
        for typed in [
            "",
            "on",
            "fi",
            "firefoxes",
            "firefox alice",
            "%",
            "firefox\0",
        ] {
            assert_eq!(matching(typed), Vec::<String>::new(), "{typed}");
        }
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

    proptest! {
        #[test]
        fn no_browser_panics_and_none_shows_more_than_we_say(
            text in "\\PC{0,80}",
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "Firefox/1", "Chrome/", "Edg", "Safari/604.1", "Version/18", "(", ";", "<b>",
                    "Linux", "Android", "iPhone", "Mac OS X", "curl/", "\u{202e}", "é",
                ]),
                0..12,
            ),
        ) {
            for agent in [text, parts.concat()] {
                let said = describe(&agent);
                prop_assert!(!said.is_empty() && said.len() <= 120, "{said}");
                prop_assert!(!said.contains(['<', '\u{202e}']), "{said}");
            }
        }
    }
}
