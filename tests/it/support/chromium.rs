//! A real browser: Chromium, driven through `ChromeDriver`. Each has a profile of its own, as cookies
//! ignore ports; both end with the test, also when it fails.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use super::driver::{Driver, REMEDY, required};

const PATIENCE: Duration = Duration::from_secs(15);
/// WCAG 2.2, levels A and AA, and what axe calls best practice.
const RULES: [&str; 6] = [
    "wcag2a",
    "wcag2aa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
];

/// How the browser is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) javascript: bool,
    pub(crate) dark: bool,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Go past warnings of certificates that it does not know.
    pub(crate) any_certificate: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            javascript: true,
            dark: false,
            width: 1_280,
            height: 900,
            any_certificate: false,
        }
    }
}

/// A browser. Its helpers take CSS selectors, and fail the test when something is not there.
pub(crate) struct Browser {
    client: Client,
    // Ends before the profile goes.
    _driver: Driver,
    _profile: TempDir,
}

/// What axe objects to.
#[derive(Deserialize)]
pub(crate) struct Violation {
    pub(crate) id: String,
    pub(crate) help: String,
    /// The elements, by their selectors.
    pub(crate) targets: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} ({})",
            self.id,
            self.help,
            self.targets.join(", ")
        )
    }
}

/// What few stories need of the browser.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Special<'a> {
    /// Frames on other sites see their cookies. Chromium hides them in a profile as it comes.
    pub(crate) third_party_cookies: bool,
    /// A host and port, and where they are to be found: `login.example:443 127.0.0.1:8443`.
    pub(crate) resolve: Option<&'a str>,
}

impl Browser {
    pub(crate) async fn start(options: Options) -> Self {
        Self::start_with(options, Special::default()).await
    }

    pub(crate) async fn start_with(options: Options, special: Special<'_>) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let driver = Driver::start();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(profile.path(), options, special))
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .unwrap_or_else(|error| panic!("Chromium does not start: {error}. {REMEDY}"));
        let browser = Self {
            client,
            _driver: driver,
            _profile: profile,
        };
        browser.appear(options).await;
        browser
    }

    /// Changes between light and dark, and the size of the page.
    pub(crate) async fn appear(&self, options: Options) {
        let scheme = if options.dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
        let size = json!({
            "width": options.width, "height": options.height, "deviceScaleFactor": 1,
            "mobile": false,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.client
            .goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    pub(crate) async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    pub(crate) async fn url(&self) -> Url {
        self.client.current_url().await.unwrap()
    }

    pub(crate) async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    pub(crate) async fn source(&self) -> String {
        self.client.source().await.unwrap()
    }

    /// The element, as soon as it is there.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let wait = self
            .client
            .wait()
            .at_most(PATIENCE)
            .every(Duration::from_millis(20));
        match wait.for_element(Locator::Css(css)).await {
            Ok(element) => element,
            Err(error) => {
                panic!(
                    "{css} is not at {} ({error}):\n{}",
                    self.url().await,
                    self.source().await
                )
            }
        }
    }

    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    pub(crate) async fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.find(css).await.attr(name).await.unwrap()
    }

    pub(crate) async fn click(&self, css: &str) {
        let outcome = self.find(css).await.click().await;
        outcome.unwrap_or_else(|error| panic!("{css} cannot be clicked: {error}"));
    }

    /// Types into a field, in place of what was there.
    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Waits until the element shows this text, without loading anything.
    pub(crate) async fn wait_for_text(&self, css: &str, part: &str) {
        let shows = async {
            let mut pause = tokio::time::interval(Duration::from_millis(20));
            loop {
                pause.tick().await;
                let Ok(element) = self.client.find(Locator::Css(css)).await else {
                    continue;
                };
                if element.text().await.is_ok_and(|text| text.contains(part)) {
                    return;
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, shows).await.is_ok();
        assert!(
            in_time,
            "{css} never shows {part:?} at {}:\n{}",
            self.url().await,
            self.source().await
        );
    }

    /// Waits until the address begins like this.
    pub(crate) async fn wait_for_url(&self, start: &str) {
        let arrived = async {
            let mut pause = tokio::time::interval(Duration::from_millis(20));
            while !self.url().await.as_str().starts_with(start) {
                pause.tick().await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, arrived).await.is_ok();
        assert!(
            in_time,
            "not at {start} but at {}:\n{}",
            self.url().await,
            self.source().await
        );
    }

    /// Runs a script in the page and returns what it returns.
    pub(crate) async fn execute(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// A picture of the page, as PNG.
    pub(crate) async fn screenshot(&self, path: &Path) {
        std::fs::write(path, self.client.screenshot().await.unwrap()).unwrap();
    }

    /// What axe objects to on this page. It needs a page that may run scripts.
    pub(crate) async fn axe(&self) -> Vec<Violation> {
        if self.execute("return typeof axe").await == "undefined" {
            self.execute(&axe_source()).await;
        }
        let script = "
            const done = arguments[1];
            axe.run(document, { runOnly: arguments[0], resultTypes: ['violations'] }).then(
              ({ violations }) => done(violations.map(({ id, help, nodes }) => (
                { id, help, targets: nodes.map(({ target }) => target.join(' ')) }))),
              (error) => done([{ id: 'axe-failed', help: String(error), targets: [] }]));";
        let found = self
            .client
            .execute_async(script, vec![json!(RULES)])
            .await
            .unwrap();
        serde_json::from_value(found).unwrap()
    }

    /// Fails the test if axe objects to this page.
    #[track_caller]
    pub(crate) fn assert_accessible(&self) -> impl Future<Output = ()> + '_ {
        let place = std::panic::Location::caller();
        async move {
            let found = self.axe().await;
            let lines = found
                .iter()
                .map(Violation::to_string)
                .collect::<Vec<_>>()
                .join("\n");
            assert!(
                found.is_empty(),
                "{place}: at {}\n{lines}",
                self.url().await
            );
        }
    }

    async fn devtools(&self, method: &str, parameters: Value) -> Value {
        let command = Own {
            path: "goog/cdp/execute",
            body: json!({"cmd": method, "params": parameters}),
        };
        self.client.issue_cmd(command).await.unwrap()
    }

    /// Types wherever the cursor is: text, or keys such as [`TAB`].
    pub(crate) async fn press(&self, keys: &str) {
        let focused = self.client.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// The `id` or else the text of the element that has the cursor.
    pub(crate) async fn cursor(&self) -> String {
        let script = "return document.activeElement.id || document.activeElement.innerText.trim()";
        self.execute(script).await.as_str().unwrap().to_owned()
    }

    /// Opens a tab and goes there. The answer is the tab that was left.
    pub(crate) async fn new_tab(&self) -> WindowHandle {
        let left = self.client.window().await.unwrap();
        let opened = self.client.new_window(true).await.unwrap();
        self.switch_to(opened.handle).await;
        left
    }

    pub(crate) async fn switch_to(&self, tab: WindowHandle) {
        self.client.switch_to_window(tab).await.unwrap();
    }

    /// Loads nothing any more whose address fits this pattern (with `*`), such as a script.
    pub(crate) async fn block(&self, pattern: &str) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setBlockedURLs", json!({"urls": [pattern]}))
            .await;
    }

    /// Notes from the next page on what its scripts ask for, in `window.asked`: each fetch, each
    /// stream that they open, and each change that a stream tells.
    pub(crate) async fn note_what_scripts_ask(&self) {
        let script = "
            window.asked = [];
            const load = window.fetch;
            window.fetch = (...what) => { asked.push('fetch'); return load(...what); };
            window.EventSource = class extends EventSource {
              constructor(...what) {
                super(...what);
                asked.push('stream');
                this.addEventListener('changed', () => asked.push('changed'));
                this.addEventListener('done', () => asked.push('done'));
              }
            };";
        let source = json!({"source": script});
        self.devtools("Page.addScriptToEvaluateOnNewDocument", source)
            .await;
    }

    /// How often the scripts of this page asked for, or heard, this.
    pub(crate) async fn asked(&self, what: &str) -> usize {
        let asked = self.execute("return window.asked").await;
        let asked = asked.as_array().unwrap().iter();
        asked.filter(|noted| noted.as_str() == Some(what)).count()
    }

    /// The value of a cookie, also of one that scripts don't see.
    pub(crate) async fn cookie(&self, name: &str) -> String {
        let cookie = self.client.get_named_cookie(name).await.unwrap();
        cookie.value().to_owned()
    }

    /// What the browser said since the last time: scripts that failed, and what a
    /// Content-Security-Policy forbade.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let command = Own {
            path: "se/log",
            body: json!({"type": "browser"}),
        };
        let entries = self.client.issue_cmd(command).await.unwrap();
        let entries = entries.as_array().unwrap().iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            // An error page has an error status, and is none here.
            .filter(|message| !message.contains("the server responded with a status of"))
            .collect()
    }
}

/// The key, as `WebDriver` writes it (17.4.2).
pub(crate) const TAB: &str = "\u{e004}";
/// The key, as `WebDriver` writes it (17.4.2).
pub(crate) const ENTER: &str = "\u{e007}";

/// A command of `ChromeDriver`'s own, for what `WebDriver` has no word.
#[derive(Debug)]
struct Own {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Own {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!(
            "session/{}/{}",
            session.unwrap_or_default(),
            self.path
        ))
    }

    fn method_and_body(&self, _: &Url) -> (reqwest::Method, Option<String>) {
        (reqwest::Method::POST, Some(self.body.to_string()))
    }
}

fn capabilities(profile: &Path, options: Options, special: Special<'_>) -> Capabilities {
    let mut args = vec![
        "--headless=new".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-sync".to_owned(),
        "--no-first-run".to_owned(),
        format!("--user-data-dir={}", profile.display()),
    ];
    // Chromium refuses its sandbox to root. The profile was made by whoever runs the tests.
    if profile.metadata().unwrap().uid() == 0 {
        args.push("--no-sandbox".to_owned());
    }
    if let Some(resolve) = special.resolve {
        args.push(format!("--host-resolver-rules=MAP {resolve}"));
    }
    let scripts = if options.javascript { 1 } else { 2 };
    let mut prefs = json!({"profile.managed_default_content_settings.javascript": scripts});
    if special.third_party_cookies {
        prefs["profile.cookie_controls_mode"] = json!(0);
        prefs["profile.block_third_party_cookies"] = json!(false);
    }
    let capabilities = json!({
        "browserName": "chrome",
        "acceptInsecureCerts": options.any_certificate,
        "goog:loggingPrefs": {"browser": "ALL"},
        "goog:chromeOptions": {
            "binary": required("CHROME").to_string_lossy(),
            "args": args,
            "prefs": prefs,
        },
    });
    serde_json::from_value(capabilities).unwrap()
}

fn axe_source() -> String {
    let fetched = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/browser/node_modules/axe-core/axe.min.js"
    );
    let path = std::env::var_os("LANYARD_TEST_AXE").unwrap_or_else(|| fetched.into());
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}. {REMEDY}", path.display()))
}
